"""Runs of deployments as CI, a bucket and a machine that watches start them."""

from __future__ import annotations

import re
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

from prefect_kit import Receiver, Server, environment, verb

from cutdown.plan import EditPlan

QUICK: Final = '{"options": {"speech": {"whisper_model": "tiny.en"}}}'


def in_ci(live: Server, source: Path, out: Path, *more: str) -> subprocess.Popen[str]:
    """The command of docs/prefect.md."""
    command = [
        sys.executable, "-m", "prefect", "deployment", "run", "optimize-video/optimize-video",
        "--param", f"source={source}", "--param", f"out={out}", *more, "--watch",
    ]  # fmt: skip
    return subprocess.Popen(
        command,
        env=environment(live.home, live.api),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        cwd=out.parent,
    )


def test_ci_learns_by_the_exit_code(live: Server, small_talk: Path, tmp_path: Path) -> None:
    broken = tmp_path / "broken.mp4"
    broken.write_bytes(b"this is not a video")
    runs = {
        "good": in_ci(live, small_talk, tmp_path / "good", "--param", "dry_run=true", "--params", QUICK),
        "broken": in_ci(live, broken, tmp_path / "bad"),
        "wrong parameter": in_ci(live, small_talk, tmp_path / "wrong", "--param", "review=maybe"),
    }
    told = {name: run.communicate(timeout=150)[0] for name, run in runs.items()}
    codes = {name: run.returncode for name, run in runs.items()}
    assert codes == {"good": 0, "broken": 1, "wrong parameter": 1}, told
    assert EditPlan.read(tmp_path / "good" / "plan.json").actions
    assert not (tmp_path / "bad").exists()
    assert "'maybe' is not one of" in told["wrong parameter"]


def test_a_recording_that_arrives_is_worked_on_and_its_failure_is_told(
    live: Server, receiver: Receiver, tmp_path: Path
) -> None:
    arrived = tmp_path / "in" / "arrived.mp4"
    arrived.parent.mkdir()
    arrived.write_bytes(b"this is not a video")
    done = verb(environment(live.home, live.api), "announce", "in/arrived.mp4", "videos", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    deadline = time.monotonic() + 60
    while not (runs := live.runs_of("optimize-object")):
        assert time.monotonic() < deadline, "the event started no run"
        time.sleep(0.3)
    (run,) = runs
    assert run["parameters"]["source"] == str(arrived)
    assert run["parameters"]["dest"] == str(tmp_path / "videos")
    ended = live.wait(run["id"])
    assert ended["state_name"] == "Failed"
    alert = receiver.wait_for("arrived.mp4")
    assert "Failed" in alert["text"]
    assert re.fullmatch(rf"{live.url}/\S+{run['id']}", alert["run"])


def event(name: str, resource: str, **more: Any) -> dict[str, Any]:
    """An event as any program can POST it."""
    return {
        "id": str(uuid4()),
        "event": name,
        "occurred": datetime.now(UTC).isoformat(),
        "resource": {"prefect.resource.id": resource, "prefect.resource.name": resource.rpartition(".")[2]},
        "payload": {},
        "related": [],
        **more,
    }


SPENT: Final = """
from cutdown.errors import BudgetError
from tasks.events import budget_told

with budget_told("lecture"):
    raise BudgetError("no $0.20 left")
"""


def test_a_budget_that_is_used_up_is_told(live: Server, receiver: Receiver) -> None:
    # In a process of its own, as a run is: the event has to leave before the process does.
    ended = subprocess.run(
        [sys.executable, "-c", SPENT],
        env=environment(live.home, live.api),
        capture_output=True,
        text=True,
        check=False,
        timeout=150,
    )
    assert "BudgetError: no $0.20 left" in ended.stderr
    assert receiver.wait_for("no $0.20 left")["text"] == "lecture: no $0.20 left"


def test_work_that_piles_up_is_told_once(live: Server, receiver: Receiver) -> None:
    ours = [{"prefect.resource.id": "prefect.tag.cutdown", "prefect.resource.role": "tag"}]
    others = [{"prefect.resource.id": "prefect.tag.other", "prefect.resource.role": "tag"}]
    late = [event("prefect.flow-run.Late", f"prefect.flow-run.{uuid4()}", related=related)
            for related in [ours] * 9 + [others] * 5]  # fmt: skip
    live.post("/events", late)
    time.sleep(2)
    assert not [alert for alert in receiver.received if "are late" in alert["text"]]
    live.post("/events", [event("prefect.flow-run.Late", f"prefect.flow-run.{uuid4()}", related=ours)])
    assert receiver.wait_for("Ten runs are late")
