"""The main job as a flow: done once, found again, redone only where something changed."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from cutdown.demo import make_demo
from cutdown.errors import MediaError
from cutdown.job import Outcome
from cutdown.plan import EditPlan
from cutdown.settings import OptimizeOptions, RenderOptions, SpeechOptions

SPEECH = SpeechOptions(
    whisper_model="tiny.en"
)  # the quick one will do: what is tested is what is done, not how well
FILES = {
    "plan.json", "transcript.json", "timeline.json", "captions.srt", "captions.vtt", "certificate.json", "metrics.jsonl",
    "report.html",
}  # fmt: skip
PHASES = ("phase1_ingest", "phase2_director", "phase3_voice", "phase4_assembly")


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("a 'folder' ж") / "my talk.mp4"
    make_demo(path)
    return path


def run(
    recording: Path, out: Path, plan: Path | None = None, dry_run: bool = False, **render: Any
) -> Outcome:
    from flows.optimize import optimize_video

    options = OptimizeOptions(speech=SPEECH, render=RenderOptions(preset="ultrafast", **render))
    outcome = optimize_video(source=recording, out=out, plan=plan, dry_run=dry_run, options=options)
    assert isinstance(outcome, Outcome)
    return outcome


def done(outcome: Outcome) -> list[str]:
    """The phases that had to work."""
    return [phase.phase for phase in outcome.phases if not phase.cached]


def records(out: Path) -> Sequence[dict[str, Any]]:
    return [json.loads(line) for line in (out / "metrics.jsonl").read_text().splitlines()]


def test_only_what_changed_is_done_again(recording: Path, state: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    before = recording.read_bytes()
    first = run(recording, out)
    assert first.passed, first.failed_checks
    assert {path.name for path in out.iterdir()} == FILES | {"my talk.mp4"}
    assert done(first) == list(PHASES)
    assert [record["phase"] for record in records(out)] == list(PHASES)
    assert 0 < first.output_seconds < first.source_seconds
    assert recording.read_bytes() == before

    again = run(recording, out)
    assert again.everything_cached()
    assert [record["phase"] for record in records(out)] == [*PHASES, *PHASES]
    assert len({record["run_id"] for record in records(out)}) == 2
    assert sum(record["elapsed_seconds"] for record in records(out)[4:]) < 5

    other_quality = run(recording, tmp_path / "other", crf=30)
    assert done(other_quality) == ["phase4_assembly"]

    edited = json.loads((out / "plan.json").read_text())
    kept = next(action for action in edited["actions"] if action["type"] == "keep")
    kept |= {"type": "cut", "reason": "not needed"}
    (tmp_path / "edited.json").write_text(EditPlan.model_validate(edited).to_json())
    by_hand = run(recording, tmp_path / "by hand", plan=tmp_path / "edited.json")
    assert "phase1_ingest" not in done(by_hand)
    assert by_hand.output_seconds < first.output_seconds


def test_a_dry_run_plans_and_renders_nothing(recording: Path, state: Path, tmp_path: Path) -> None:
    outcome = run(recording, tmp_path / "out", dry_run=True)
    assert {path.name for path in (tmp_path / "out").iterdir()} == {
        "plan.json",
        "transcript.json",
        "metrics.jsonl",
    }
    assert outcome.video is None
    assert outcome.forecast is not None
    assert outcome.forecast.total_usd == 0


def test_the_run_shows_plan_metrics_and_result_in_the_ui(
    recording: Path, state: Path, tmp_path: Path
) -> None:
    from prefect.client.orchestration import get_client

    run(recording, tmp_path / "out")
    with get_client(sync_client=True) as client:
        response = client._client.post("/artifacts/filter", json={})
    artifacts = {artifact["key"]: artifact for artifact in response.json() if artifact["key"]}
    assert {"plan-my-talk", "metrics-my-talk", "result-my-talk"} <= set(artifacts)
    assert "| a001 |" in artifacts["plan-my-talk"]["data"]
    assert any(artifact["type"] == "progress" for artifact in response.json())


def test_a_broken_file_leaves_nothing_behind(state: Path, tmp_path: Path) -> None:
    broken = tmp_path / "broken.mp4"
    broken.write_bytes(b"this is not a video")
    with pytest.raises(MediaError, match=r"broken\.mp4"):
        run(broken, tmp_path / "out")
    assert not (tmp_path / "out").exists()
