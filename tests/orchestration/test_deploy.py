"""`./run.sh deploy` on a real server: what is declared is there, once, however often it is said."""

from __future__ import annotations

import os
import threading
import time
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import yaml
from prefect_kit import DEPLOY, ROOT, Receiver, Server, environment, verb


def test_everything_declared_is_there(live: Server) -> None:
    from deployments.declared import read_automations, read_pools

    there = live.everything_declared()
    assert {pool["name"] for pool in there["work_pools"]} == {"cutdown", "cutdown-light"}
    declared = yaml.safe_load((ROOT / "prefect.yaml").read_text(encoding="utf-8"))["deployments"]
    assert {entry["name"] for entry in there["deployments"]} == {entry["name"] for entry in declared}
    names = {automation["name"] for automation in there["automations"]}
    assert {
        automation.name for automation in read_automations().automations
    } < names  # and that of the trigger
    limits = {limit["name"]: limit["limit"] for limit in there["v2/concurrency_limits"]}
    assert read_pools().limits.items() <= limits.items()
    types = {kind["slug"] for kind in live.post("/block_types/filter", {"limit": 200})}
    assert {
        "cutdown-openai",
        "cutdown-anthropic",
        "cutdown-elevenlabs",
        "cutdown-compatible",
        "cutdown-profile",
    } <= types


def test_a_second_time_changes_nothing(live: Server, receiver: Receiver) -> None:
    before = live.everything_declared()
    done = verb(environment(live.home, live.api), *DEPLOY)  # the block of the alerts is there by now
    assert done.returncode == 0, done.stdout + done.stderr
    assert "left out" not in done.stdout
    assert live.everything_declared() == before


def test_a_worker_goes_where_it_was_started_not_where_it_was_deployed(live: Server) -> None:
    found = live.get("/deployments/name/optimize-video/optimize-video")
    (step,) = found["pull_steps"]
    assert step["prefect.deployments.steps.set_working_directory"]["directory"] == "{{ $CUTDOWN_ROOT }}"


def test_the_nightly_schedule_really_creates_runs(live: Server) -> None:
    """With some versions of its dependencies Prefect's scheduler fails without a word."""
    deadline = time.monotonic() + 120
    while not (runs := live.runs_of("nightly-batch")):
        assert time.monotonic() < deadline, "the schedule created no run"
        time.sleep(1)
    for run in runs:
        at = datetime.fromisoformat(run["expected_start_time"])
        assert (at.hour, at.minute, at.utcoffset()) == (1, 30, timedelta(0))
        assert run["parameters"]["source"] == "s3://recordings/day"
        assert run["parameters"]["limits"]["stop_at"] == "06:00"
    assert live.runs_of("benchmark") == []  # its schedule is off


def test_no_server_is_one_clear_line(tmp_path: Any) -> None:
    done = verb(environment(tmp_path, "http://127.0.0.1:9/api"), "worker")
    assert done.returncode == 2
    assert "no Prefect server answers at http://127.0.0.1:9/api" in done.stderr
    assert "Traceback" not in done.stderr


def test_another_server_is_one_clear_line(tmp_path: Any) -> None:
    with ThreadingHTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler) as other:
        threading.Thread(target=other.serve_forever, daemon=True).start()
        address = f"http://127.0.0.1:{other.server_port}"
        done = verb(environment(tmp_path, address), "worker")
        other.shutdown()
    assert done.returncode == 2
    assert f"what answers at {address} is no Prefect server that works (status 501)" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_pool_that_is_not_declared_is_one_clear_line(live: Server) -> None:
    done = verb(environment(live.home, live.api), "deploy", "--pool", "cutdwn")
    assert done.returncode == 2
    assert "no pool 'cutdwn' is declared in pools.yaml; choose from cutdown, cutdown-light" in done.stderr


def test_a_folder_is_deployed_by_its_whole_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Workers have another current folder than the one who deploys."""
    from deployments import __main__ as verbs

    names = ("CUTDOWN_POOL", "CUTDOWN_LIGHT_POOL", "CUTDOWN_RECORDINGS", "CUTDOWN_VIDEOS", "CUTDOWN_NIGHTLY")
    for name in names:
        monkeypatch.setenv(name, "")  # what is set below ends with the test
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(verbs, "_reach_server", lambda: None)
    monkeypatch.setattr(verbs, "_prefect", lambda *_: 0)
    monkeypatch.setattr("deployments.bootstrap.put_into_force", lambda *_: iter(()))
    assert verbs.deploy(recordings="talks", videos="s3://videos/short") == 0
    assert [os.environ[name] for name in names[2:]] == [str(tmp_path / "talks"), "s3://videos/short", "true"]


@pytest.mark.parametrize("name", ["cutdown-docker", "cutdown-kubernetes"])
def test_pools_of_containers_are_taken_by_the_server(live: Server, name: str) -> None:
    """No engine runs here; the server checks the template, and a worker's configuration is made from it."""
    from prefect.client.orchestration import get_client
    from prefect.settings import PREFECT_API_URL, temporary_settings

    from deployments.bootstrap import make_pool
    from deployments.declared import read_pools

    declared = read_pools().pools[name]
    with temporary_settings({PREFECT_API_URL: live.api}), get_client(sync_client=True) as client:
        try:
            make_pool(client, name, declared)
            first = live.get(f"/work_pools/{name}")
            client.update_work_pool(name, paused())
            make_pool(client, name, declared)
            again = live.get(f"/work_pools/{name}")
        finally:
            client.delete_work_pool(name)
    assert again["is_paused"], "a pool that somebody paused stays paused"
    assert first["base_job_template"] == again["base_job_template"]
    properties = first["base_job_template"]["variables"]["properties"]
    assert {key: properties[key]["default"] for key in declared.variables} == declared.variables
    assert first["base_job_template"]["job_configuration"]["command"] == "{{ command }}"


def paused() -> Any:
    from prefect.client.schemas.actions import WorkPoolUpdate

    return WorkPoolUpdate(is_paused=True)
