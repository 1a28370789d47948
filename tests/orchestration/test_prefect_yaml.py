"""Every deployment resolves, takes its parameters, and has no key that Prefect would ignore."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any, Final

import pytest
import yaml

ROOT: Final = Path(__file__).resolve().parents[2]
KNOWN_KEYS: Final = {  # Prefect drops any other without a word
    "name", "version", "version_type", "tags", "description", "schedule", "schedules", "paused", "concurrency_limit",
    "flow_name", "entrypoint", "parameters", "enforce_parameter_schema", "build", "push", "pull", "work_pool", "triggers", "sla",
}  # fmt: skip
TOP_KEYS: Final = {"name", "prefect-version", "build", "push", "pull", "definitions", "deployments"}
LIMIT_KEYS: Final = {"limit", "collision_strategy", "grace_period_seconds"}


def declared() -> dict[str, Any]:
    content: dict[str, Any] = yaml.safe_load((ROOT / "prefect.yaml").read_text(encoding="utf-8"))
    return content


def deployments() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = declared()["deployments"]
    return found


def faults(deployment: dict[str, Any]) -> list[str]:
    """What Prefect would ignore or refuse in a deployment, in words."""
    found = [f"unknown key '{key}'" for key in deployment if key not in KNOWN_KEYS]
    limit = deployment.get("concurrency_limit")
    if isinstance(limit, dict):
        found += [f"unknown key 'concurrency_limit.{key}'" for key in limit if key not in LIMIT_KEYS]
    return found


def test_the_file_has_only_known_keys() -> None:
    assert set(declared()) <= TOP_KEYS
    assert [fault for deployment in deployments() for fault in faults(deployment)] == []


def test_a_misspelt_key_is_found() -> None:
    assert faults({"name": "x", "concurency_limit": 1}) == ["unknown key 'concurency_limit'"]
    assert faults({"concurrency_limit": {"limits": 1}}) == ["unknown key 'concurrency_limit.limits'"]


@pytest.mark.parametrize("deployment", deployments(), ids=lambda d: d["name"])
def test_every_entry_point_takes_its_parameters(deployment: dict[str, Any], prefect_home: Path) -> None:
    file, _, name = deployment["entrypoint"].partition(":")
    assert (ROOT / file).is_file()
    flow = getattr(importlib.import_module(file.removesuffix(".py").replace("/", ".")), name)
    parameters = deployment.get("parameters") or {}
    assert set(parameters) <= set(flow.parameters.properties)
    required = {"source": "/recordings/talk.mp4"}
    flow.validate_parameters(required | parameters)


def test_parameters_make_a_form_with_descriptions(prefect_home: Path) -> None:
    from flows.optimize import optimize_video

    properties = optimize_video.parameters.properties
    assert all(entry.get("description") for name, entry in properties.items())
