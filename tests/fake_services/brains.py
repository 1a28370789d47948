"""What language models answer here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fake_services.wire import ModelRequest


def echo_schema(request: ModelRequest) -> dict[str, Any]:
    """The smallest answer of the form asked for."""
    value = _smallest(request.schema, request.schema)
    assert isinstance(value, dict)
    return value


def _smallest(schema: Mapping[str, Any], root: Mapping[str, Any]) -> Any:
    if "$ref" in schema:
        return _smallest(root["$defs"][schema["$ref"].rpartition("/")[2]], root)
    if "anyOf" in schema:
        return _smallest(schema["anyOf"][-1], root)
    if "enum" in schema or "const" in schema:
        return schema["enum"][0] if "enum" in schema else schema["const"]
    if schema.get("type") == "object":
        return {name: _smallest(part, root) for name, part in schema.get("properties", {}).items()}
    empty: dict[str, Any] = {
        "array": [],
        "string": "",
        "boolean": False,
        "null": None,
        "integer": 0,
        "number": 0.0,
    }
    return empty[schema["type"]]
