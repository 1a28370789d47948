import json
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from benchmarks.evaluate import main
from benchmarks.screencasts import (
    BASELINE,
    GRID,
    PLANS,
    Label,
    Labels,
    Marked,
    evaluate_one,
    find_screencasts,
    group_of,
    means,
    report_of,
    score,
    silence_cuts,
)
from cutdown.errors import UsageError
from cutdown.phases import examine
from cutdown.plan import EditPlan
from cutdown.settings import SpeechOptions
from cutdown.store import Store

LABELS = Labels(
    segments=(
        Label(start=0, end=4, kind="content", keep=True),
        Label(start=4, end=6, kind="pause", keep=False),
        Label(start=6, end=7, kind="filler", keep=False),
        Label(start=7, end=10, kind="content", keep=True),
    )
)


def marked(
    *,
    cut: tuple[float, float] = (0, 0),
    fast: tuple[float, float] = (0, 0),
    anew: tuple[float, float] = (0, 0),
) -> Marked:
    def moments(span: tuple[float, float]) -> np.ndarray:
        found = np.zeros(10 * GRID, dtype=bool)
        found[round(span[0] * GRID) : round(span[1] * GRID)] = True
        return found

    return Marked(moments(cut) | moments(fast), moments(cut), moments(anew))


def test_a_perfect_decision() -> None:
    result = score(marked(cut=(4, 7)), LABELS, file="a01", director="d")
    assert (result.precision, result.recall, result.f1, result.content_lost) == (1, 1, 1, 0)
    assert result.recall_by_kind == {"filler": 1, "pause": 1}


def test_content_that_is_cut_is_lost_and_content_shown_faster_is_not() -> None:
    assert score(marked(cut=(3, 7)), LABELS, file="a", director="d").content_lost == pytest.approx(
        1 / 7, abs=1e-4
    )
    faster = score(marked(fast=(3, 7)), LABELS, file="a", director="d")
    assert faster.content_lost == 0
    assert faster.precision == 0.75


def test_a_rewrite_counts_as_kept_apart_from_its_fillers() -> None:
    result = score(marked(anew=(0, 10)), LABELS, file="a", director="d")
    assert result.precision == 1
    assert result.recall == pytest.approx(1 / 3, abs=1e-4)
    assert result.content_lost == 0


def test_deciding_nothing_scores_nothing() -> None:
    result = score(marked(), LABELS, file="a", director="d")
    assert (result.recall, result.f1) == (0, 0)


def test_means_are_taken_by_group() -> None:
    scores = [
        score(marked(cut=(4, 7)), LABELS, file="easy00", director="d"),
        score(marked(), LABELS, file="easy01", director="d"),
        score(marked(), LABELS, file="hard00", director="d"),
    ]
    figures = means(scores)
    assert figures["d", "easy"]["f1"] == 0.5
    assert figures["d", "hard"]["f1"] == 0
    assert report_of(scores, "base").means["d, easy"]["recall"] == 0.5
    assert group_of("42") == "42"


def test_the_baseline_cuts_long_silence_less_its_margins() -> None:
    samples = np.full(3 * 1000, 0.5)
    samples[1000:2000] = 0
    samples[2500:2800] = 0
    assert silence_cuts(samples, 1000) == [(pytest.approx(1.2), pytest.approx(1.8))]


@pytest.mark.parametrize(
    ("files", "fault"),
    [
        ({}, "no labelled video"),
        ({"a.mp4": ""}, "no labelled video"),
        ({"a.mp4": "", "a.json": "{}"}, "'a.json' does not hold labels"),
        ({"a.mp4": "", "a.json": '{"segments": []}'}, "'a.json' holds no segment"),
    ],
)
def test_a_folder_that_cannot_be_used_is_told(tmp_path: Path, files: dict[str, str], fault: str) -> None:
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    with pytest.raises(UsageError, match=fault):
        find_screencasts(tmp_path)


def test_a_missing_folder_ends_with_one_line_and_code_2(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(["screencasts", str(tmp_path / "none")])
    assert stopped.value.code == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_a_plan_file_is_scored_beside_the_directors(tmp_path: Path) -> None:
    video = tmp_path / "a01.mp4"
    with av.open(str(video), "w") as made:
        stream = made.add_stream("libx264", rate=10)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        for number in range(100):
            frame = av.VideoFrame.from_ndarray(np.full((48, 64, 3), number, np.uint8), "rgb24")
            made.mux(stream.encode(frame))
        made.mux(stream.encode(None))
    store = Store(tmp_path / "store")
    recording = examine(store, video)
    actions = [("keep", 0, 4), ("cut", 4, 7), ("keep", 7, 10)]
    plan = {
        "recording_sha256": recording.sha256, "duration": recording.duration, "director": "person",
        "actions": [
            {"id": f"a{start}", "type": kind, "start": start, "end": end, "reason": "-"} for kind, start, end in actions
        ],
    }  # fmt: skip
    (tmp_path / "a01.json").write_text(EditPlan.model_validate(plan).to_json())
    asked: dict[str, Any] = {"directors": ["offline"], "options": SpeechOptions(), "plans": tmp_path}
    offline, by_file, silence = evaluate_one(video, LABELS, store, **asked)
    assert (offline.director, by_file.director, silence.director) == ("offline", PLANS, BASELINE)
    assert (by_file.f1, by_file.content_lost) == (1, 0)
    with pytest.raises(UsageError, match=r"cannot read the plan '.*none.*a01\.json'"):
        evaluate_one(video, LABELS, store, **asked | {"plans": tmp_path / "none"})


@pytest.mark.slow
def test_a_real_screencast_is_judged_well(
    shared_data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for suffix in ("mp4", "json"):
        (tmp_path / f"synth05.{suffix}").symlink_to(shared_data / "synth" / f"synth05.{suffix}")
    monkeypatch.setenv("CUTDOWN_HOME", str(tmp_path / "home"))
    out = tmp_path / "figures.json"
    with pytest.raises(SystemExit) as stopped:
        main(["screencasts", str(tmp_path), "--json", str(out)])
    assert not stopped.value.code
    figures = json.loads(out.read_text())["means"]
    assert figures["offline, synth"]["f1"] > 0.9
    assert figures["offline, synth"]["content_lost"] < 0.01
    assert figures["offline, synth"]["f1"] > figures["silence only, synth"]["f1"]
