"""The cuts of real outputs, listened to; and that a bad one would be heard."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from benchmarks.cuts import (
    CLICK_LEAST,
    STEP_LIMIT,
    CutReport,
    Output,
    jump_at,
    listen_to,
    make_output,
)
from benchmarks.evaluate import main
from cutdown.errors import UsageError
from cutdown.media.probe import probe
from cutdown.media.sound import extract_sound, open_wav, write_wav
from cutdown.store import Store
from cutdown.timebase import SAMPLE_RATE


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    return Store(tmp_path_factory.mktemp("store"))


@pytest.fixture(scope="module")
def outputs(shared_data: Path, store: Store) -> list[Output]:
    names = ("video/talking_720p30.mp4", "speech/meeting.wav", "speech/jfk.flac")
    return [make_output(shared_data / name, store, model="tiny.en", preset="ultrafast") for name in names]


@pytest.fixture(scope="module")
def report(outputs: list[Output], store: Store) -> CutReport:
    return listen_to(outputs, store, count=10, seed=3)


def test_no_cut_of_three_outputs_can_be_heard(report: CutReport) -> None:
    assert report.outputs == 3
    assert len(report.cuts) >= 8
    assert [cut for cut in report.cuts if cut.clicks] == []
    assert [(cut.file, cut.at, cut.clipped) for cut in report.cuts if cut.clipped] == []
    steps = [(cut.file, cut.at, cut.step) for cut in report.cuts if cut.step and abs(cut.step) >= STEP_LIMIT]
    assert steps == []


def test_the_sound_laid_plainly_is_not_as_even(report: CutReport) -> None:
    both = [(cut.step, cut.plain_step) for cut in report.cuts if cut.step is not None and cut.plain_step]
    assert both
    assert max(abs(step) for step, _ in both) < max(abs(plain) for _, plain in both)


def test_what_is_done_to_a_cut_on_purpose_is_found(
    outputs: list[Output], store: Store, tmp_path: Path
) -> None:
    output = outputs[1]
    (good,) = listen_to([output], store, count=1, seed=3).cuts
    wav = tmp_path / "harmed.wav"
    extract_sound(output.video, probe(output.video), wav, track=None, sample_rate=SAMPLE_RATE, channels=1)
    sound = np.array(open_wav(wav)[:, 0])
    at = round(good.at * SAMPLE_RATE)
    sound[at + 240 : at + SAMPLE_RATE // 2] = 0  # the first word behind the cut
    sound[at - 100 : at] = 20_000
    write_wav(wav, sound, SAMPLE_RATE)
    (harmed,) = listen_to([output._replace(video=wav)], store, count=1, seed=3).cuts
    assert harmed.clicks
    assert harmed.clipped


@pytest.mark.parametrize(
    ("options", "fault"),
    [(["--target-ratio", "5"], "a share of the recording"), (["--count", "0"], "1 or more")],
)
def test_what_cannot_be_asked_for_is_told_before_anything_is_made(
    capsys: pytest.CaptureFixture[str], options: list[str], fault: str
) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(["cuts", "none.wav", *options])
    assert stopped.value.code == 2
    assert fault in capsys.readouterr().err


def test_a_recording_without_sound_has_no_cut_to_listen_to(shared_data: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"'screen_df\.mp4' has no sound track"):
        make_output(shared_data / "video" / "screen_df.mp4", Store(tmp_path))


def test_a_step_counts_as_a_click_where_it_stands_out() -> None:
    time = np.arange(2 * SAMPLE_RATE) / SAMPLE_RATE
    smooth = (0.3 * np.sin(2 * np.pi * 150 * time)).astype(np.float32)
    jump, allowed = jump_at(smooth, SAMPLE_RATE)
    assert jump <= allowed
    broken = smooth.copy()
    broken[SAMPLE_RATE:] = np.roll(smooth, 100)[SAMPLE_RATE:]  # spliced at another phase
    jump, allowed = jump_at(broken, SAMPLE_RATE)
    assert jump > allowed
    assert jump_at(np.zeros(100, np.float32), 50) == (0.0, CLICK_LEAST)
