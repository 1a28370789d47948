"""The measurements of the whole job and of transcription: the arithmetic, and one real case of each contestant."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.transcription import CONTESTANTS, OURS, Contest, Took, run_case
from benchmarks.whole_job import exponent, watched
from cutdown.media.probe import probe
from cutdown.media.sound import extract_sound
from cutdown.verify.wording import tokens


def test_the_exponent_is_that_of_the_power_law() -> None:
    assert exponent([(5, 50), (30, 300), (120, 1200)]) == pytest.approx(1)
    assert exponent([(5, 25), (30, 900)]) == pytest.approx(2)
    assert exponent([(5, 7), (30, 7), (120, 7)]) == pytest.approx(0)


def test_the_memory_of_children_is_seen_from_outside() -> None:
    hold = "import time; held = b'x' * 120_000_000; time.sleep(1.5)"
    parent = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {hold!r}])"
    child = subprocess.Popen([sys.executable, "-c", parent])
    with watched(child.pid) as seen:
        child.wait()
    assert 120 < max(seen) < 300


@pytest.fixture(scope="module")
def jfk(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    source = shared_data / "speech" / "jfk.flac"
    wav = tmp_path_factory.mktemp("sound") / "jfk.wav"
    extract_sound(source, probe(source), wav, track=None, sample_rate=16_000, channels=1)
    return wav


@pytest.mark.parametrize("contestant", CONTESTANTS)
def test_every_contestant_hears_the_words(contestant: str, jfk: Path, shared_data: Path) -> None:
    took = run_case(contestant, jfk, "tiny.en")
    truth = tokens((shared_data / "speech" / "jfk.ref.txt").read_text(encoding="utf-8"))
    assert tokens(" ".join(took.words)) == truth
    assert took.cpu > 0
    contest = Contest("jfk", 11, truth, {OURS: [took], contestant: [took]})
    assert contest.wrong(contestant) == 0
    assert contest.ratio(contestant, "wall") == 1


def test_ratios_are_taken_within_a_round() -> None:
    took = {
        OURS: [Took(1, 2, 0, ()), Took(10, 20, 0, ()), Took(1, 2, 0, ())],
        "faster-whisper": [Took(2, 2, 0, ()), Took(20, 20, 0, ()), Took(2, 1, 0, ())],
    }
    contest = Contest("x", 1, None, took)
    assert (contest.ratio("faster-whisper", "wall"), contest.ratio("faster-whisper", "cpu")) == (0.5, 1)
    assert contest.wrong(OURS) is None
