"""The JSON Schema of a metrics file's lines, with a unit for every number.

What is promised of every record is required; what came later, and so is missing in older files, is
not. Fields and phases that are not known here are allowed: readers keep them.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from pydantic.json_schema import models_json_schema

from cutdown.metrics.records import RECORD_OF_PHASE, PhaseRecord

UNIT: Final = "unit"
"""The keyword that holds a number's unit; validators pass over it."""

_ALWAYS: Final = ("phase", "timestamp", "estimated_cost", "prompt", "completion", "total")
"""Required although whoever makes a record may leave them to their defaults."""

_UNITS: Final = (  # how a name ends, and what that means
    ("_seconds", "s"),
    ("_time", "s"),
    ("_duration", "s"),
    ("seconds", "s"),
    ("_mb", "MB (1,000,000 bytes)"),
    ("_mb_max", "MB (1,000,000 bytes)"),
    ("cpu_percent_mean", "percent of one core"),
    ("cpu_percent_max", "percent of one core"),
    ("cpu_percent", "percent of one core"),
    ("percent_mean", "percent of the device"),
    ("percent_max", "percent of the device"),
    ("_cost", "USD"),
    ("_at_risk", "USD"),
    ("fps", "frames per second"),
    ("_ratio", "share, 1 is all"),
)


def metrics_schema() -> dict[str, Any]:
    """The JSON Schema (2020-12) of one line of a metrics file."""
    kinds: dict[str, type[PhaseRecord]] = {"": PhaseRecord, **RECORD_OF_PHASE}
    refs, document = models_json_schema(
        [(kind, "validation") for kind in kinds.values()], ref_template="#/$defs/{model}"
    )
    parts = document["$defs"]
    for part in parts.values():
        _open(part)
        for name, field in part.get("properties", {}).items():
            _name_units(name, field)
    ref = {phase: refs[kind, "validation"] for phase, kind in kinds.items()}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A line of a metrics file: what one phase of one run took",
        "type": "object",
        **ref[""],
        "allOf": [
            {
                "if": {"properties": {"phase": {"const": phase}}, "required": ["phase"]},
                "then": ref[phase],
            }
            for phase in RECORD_OF_PHASE
        ],
        "$defs": parts,
    }


def _open(part: dict[str, Any]) -> None:
    """Allow fields that are not known here, and require those that are always written."""
    part.pop("additionalProperties", None)
    needed = {*part.get("required", ()), *_ALWAYS} & part.get("properties", {}).keys()
    if needed:
        part["required"] = [name for name in part["properties"] if name in needed]


def _name_units(name: str, field: dict[str, Any]) -> None:
    """Write the unit of every number in a field beside its type."""
    for number in _numbers(field):
        number[UNIT] = "count" if number["type"] == "integer" else unit_of(name)


def _numbers(field: dict[str, Any]) -> Iterator[dict[str, Any]]:
    if field.get("type") in ("number", "integer"):
        yield field
    inner = [*field.get("anyOf", ()), field.get("items"), field.get("additionalProperties")]
    for part in inner:
        if isinstance(part, dict):
            yield from _numbers(part)


def unit_of(name: str) -> str:
    """The unit that a number's name speaks of.

    Raises:
        LookupError: the name tells none.
    """
    fitting = [(ending, unit) for ending, unit in _UNITS if name.endswith(ending)]
    if not fitting:
        raise LookupError(f"the name '{name}' tells no unit")
    return max(fitting, key=lambda known: len(known[0]))[1]
