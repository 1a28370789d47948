"""Every deployment resolves, takes its parameters, and has no key that Prefect would ignore."""

from __future__ import annotations

import importlib
import re
from collections.abc import Collection
from pathlib import Path
from typing import Any, Final

import jsonschema
import pytest
import yaml

ROOT: Final = Path(__file__).resolve().parents[2]
KNOWN_KEYS: Final = {  # Prefect drops any other without a word
    "name", "version", "version_type", "tags", "description", "schedule", "schedules", "paused", "concurrency_limit",
    "flow_name", "entrypoint", "parameters", "enforce_parameter_schema", "build", "push", "pull", "work_pool", "triggers", "sla",
}  # fmt: skip
TOP_KEYS: Final = {"name", "prefect-version", "build", "push", "pull", "definitions", "deployments"}
LIMIT_KEYS: Final = {"limit", "collision_strategy", "grace_period_seconds"}
POOL_KEYS: Final = {"name", "work_queue_name", "job_variables"}
SCHEDULE_KEYS: Final = {
    "cron", "interval", "anchor_date", "rrule", "timezone", "day_or", "slug", "active", "parameters", "max_scheduled_runs",
}  # fmt: skip
SITE: Final = {  # what `./run.sh deploy` fills in
    "CUTDOWN_POOL": "cutdown",
    "CUTDOWN_LIGHT_POOL": "cutdown-light",
    "CUTDOWN_RECORDINGS": "s3://recordings/day",
    "CUTDOWN_VIDEOS": "s3://videos",
    "CUTDOWN_NIGHTLY": "true",
    "CUTDOWN_ROOT": "/opt/cutdown",
}
REQUIRED: Final = {  # what a run has to give
    "optimize-video": {"source": "/recordings/talk.mp4"},
    "optimize-object": {"source": "s3://recordings/talk.mp4", "dest": "s3://videos"},
}


def declared() -> dict[str, Any]:
    content: dict[str, Any] = yaml.safe_load((ROOT / "prefect.yaml").read_text(encoding="utf-8"))
    return content


def deployments() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = declared()["deployments"]
    return found


def filled(value: Any) -> Any:
    """A value with the site's own words in it, as Prefect puts them there."""
    if isinstance(value, dict):
        return {key: filled(item) for key, item in value.items()}
    if isinstance(value, list):
        return [filled(item) for item in value]
    if isinstance(value, str):
        return re.sub(r"\{\{ \$(\w+) \}\}", lambda found: SITE[found[1]], value)
    return value


def strangers(place: str, content: Any, known: Collection[str]) -> list[str]:
    return [f"unknown key '{place}{key}'" for key in content or () if key not in known]


def faults(deployment: dict[str, Any]) -> list[str]:
    """What Prefect would ignore in a deployment, in words."""
    from prefect.events.schemas.deployment_triggers import DeploymentEventTrigger

    found = strangers("", deployment, KNOWN_KEYS)
    limit = deployment.get("concurrency_limit")
    found += strangers("concurrency_limit.", limit if isinstance(limit, dict) else {}, LIMIT_KEYS)
    found += strangers("work_pool.", deployment.get("work_pool"), POOL_KEYS)
    for schedule in deployment.get("schedules") or ():
        found += strangers("schedules.", schedule, SCHEDULE_KEYS)
    for trigger in deployment.get("triggers") or ():
        found += strangers("triggers.", trigger, DeploymentEventTrigger.model_fields)
    return found


def flow_of(deployment: dict[str, Any]) -> Any:
    file, _, name = deployment["entrypoint"].partition(":")
    assert (ROOT / file).is_file()
    return getattr(importlib.import_module(file.removesuffix(".py").replace("/", ".")), name)


def test_the_file_has_only_known_keys() -> None:
    assert set(declared()) <= TOP_KEYS
    assert [fault for deployment in deployments() for fault in faults(deployment)] == []


@pytest.mark.parametrize(
    ("misspelt", "fault"),
    [
        ({"concurency_limit": 1}, "unknown key 'concurency_limit'"),
        ({"concurrency_limit": {"limits": 1}}, "unknown key 'concurrency_limit.limits'"),
        ({"work_pool": {"nmae": "cutdown"}}, "unknown key 'work_pool.nmae'"),
        ({"schedules": [{"cron": "0 1 * * *", "time_zone": "UTC"}]}, "unknown key 'schedules.time_zone'"),
        ({"triggers": [{"type": "event", "expected": []}]}, "unknown key 'triggers.expected'"),
    ],
)
def test_a_misspelt_key_is_found(misspelt: dict[str, Any], fault: str) -> None:
    assert faults(misspelt) == [fault]


def test_the_expected_deployments_are_declared() -> None:
    names = [deployment["name"] for deployment in deployments()]
    assert len(set(names)) == len(names)
    assert {"optimize-video", "optimize-object", "nightly-batch", "janitor", "benchmark"} <= set(names)


@pytest.mark.parametrize("deployment", deployments(), ids=lambda d: d["name"])
def test_every_entry_point_takes_its_parameters(deployment: dict[str, Any], prefect_home: Path) -> None:
    flow = flow_of(deployment)
    sets = [deployment.get("parameters") or {}]
    sets += [schedule.get("parameters") or {} for schedule in deployment.get("schedules") or ()]
    sets += [
        {name: REQUIRED[deployment["name"]][name] for name in trigger["parameters"]}
        for trigger in deployment.get("triggers") or ()
    ]
    for parameters in sets:
        everything = REQUIRED.get(deployment["name"], {}) | filled(sets[0]) | filled(parameters)
        assert set(everything) <= set(flow.parameters.properties)
        flow.validate_parameters(everything)
        # The server checks them by the schema, before a run is made.
        schema = flow.parameters.model_dump_for_openapi()
        jsonschema.Draft202012Validator(schema).validate(everything)


@pytest.mark.parametrize("deployment", deployments(), ids=lambda d: d["name"])
def test_its_parameters_make_a_form_with_descriptions(deployment: dict[str, Any], prefect_home: Path) -> None:
    flow = flow_of(deployment)
    for name, entry in flow.parameters.properties.items():
        assert entry.get("description"), name
    for title, model in (flow.parameters.definitions or {}).items():
        for name, entry in model["properties"].items() if title != "Ticket" else ():  # nobody fills that in
            assert "_" not in entry.get("title", ""), f"{title}.{name}"
            assert entry.get("description") or "$ref" in entry, f"{title}.{name}"


def test_what_is_declared_twice_is_written_once() -> None:
    """Anchors carry what deployments share."""
    text = (ROOT / "prefect.yaml").read_text(encoding="utf-8")
    for shared in ("enforce_parameter_schema", "tags: [cutdown]", "Etc/UTC", "grace_period_seconds"):
        assert text.count(shared) == 1, shared
