"""Words that should be heard against words that are heard, with a made recogniser and with a real one."""

from collections.abc import Sequence
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest

from cutdown.narration import Narration
from cutdown.store import Store
from cutdown.timeline import Segment, Sound, Timeline
from cutdown.transcript import Word
from cutdown.verify.hearing import WHOLE_SECONDS, Listen, windows_of
from cutdown.verify.listen import LISTEN_RATE, Heard, SourceSound, Wave
from cutdown.verify.recogniser import recogniser
from cutdown.verify.reference import Reference, stretched
from cutdown.verify.wording import compare, longest_run, tokens
from cutdown.verify.words import check_words

NOBODY = Narration(provider="none", voice="none", language="en", lines=())


@pytest.mark.parametrize(
    ("said", "heard"),
    [
        (
            "In 2026 we had 1,234 users.",
            "in twenty twenty six we had one thousand two hundred thirty four users",
        ),
        ("50% of it", "fifty percent of it"),
        ("the data base", "the database"),
        ("Don't stop", "dont stop"),
        ("colour", "color"),
        ("e-mail", "email"),
        ("room 105", "room one hundred five"),
    ],
)
def test_spellings_of_the_same_words_agree(said: str, heard: str) -> None:
    assert compare(said.split(), heard.split()) == ((), ())


def test_missing_and_extra_words_are_numbered() -> None:
    found = compare(["the", "quick", "brown", "fox", "jumps"], ["the", "quick", "fox", "jumps", "again"])
    assert found.missing == (2,)
    assert found.extra == (4,)


def test_swapped_sentences_do_not_pass() -> None:
    found = compare(["open", "the", "terminal", "now"], ["close", "your", "browser", "later"])
    assert len(found.missing) == 4


def test_numbers_are_spelled_as_they_are_said() -> None:
    assert tokens("1995") == ["nineteen", "ninety", "five"]
    assert tokens("007") == ["zero", "zero", "seven"]
    assert tokens("40,000") == ["forty", "thousand"]


def test_longest_run() -> None:
    assert longest_run((1, 2, 3, 7, 8)) == 3
    assert longest_run(()) == 0


def spoken(text: str, *, pace: float = 0.5, start: float = 0.0) -> list[Word]:
    return [
        Word(start=start + pace * number, end=start + pace * number + 0.4, text=word)
        for number, word in enumerate(text.split())
    ]


def timeline_of(seconds: int, *starts: int) -> Timeline:
    """One sound from each second named, sharing the length evenly."""
    length = seconds * 48_000 // len(starts)
    sounds = tuple(
        Sound(kind="recording", first_sample=n * length, samples=length, source_sample=start * 48_000)
        for n, start in enumerate(starts)
    )
    segment = Segment(
        action="a", type="keep", first_frame=0, frames=seconds * 30, source_frame=0, speed=Fraction(1)
    )
    return Timeline(recording_sha256="0" * 64, rate=Fraction(30), segments=(segment,), sounds=sounds)


class Script:
    """A recogniser that reads its lines, for the output and the source in turn; then it always hears the last two."""

    def __init__(self, *lines: str) -> None:
        self.lines = list(lines)

    def __call__(self, _samples: Wave) -> Sequence[Word]:
        line = self.lines.pop(0)
        if len(self.lines) < 2:
            self.lines.append(line)
        return spoken(line)


def silence(seconds: int) -> Heard:
    return Heard(np.zeros(seconds * LISTEN_RATE, np.int16), seconds * 48_000, -16.0, -1.0)


PLANNED = "we open the file and then we save it under another name"


def checked(*lines: str, tmp_path: Path, planned: str = PLANNED):  # type: ignore[no-untyped-def]
    timeline = timeline_of(10, 0)
    reference = Reference(timeline, None, NOBODY, Store(tmp_path))
    return check_words(silence(10), spoken(planned), reference, timeline, Script(*lines))


def test_all_heard_passes_without_listening_to_the_source(tmp_path: Path) -> None:
    check = checked(PLANNED, tmp_path=tmp_path)
    assert check.passed
    assert check.value("missing") == 0
    assert check.value("windows compared with the source") == 0


def test_words_that_the_source_has_and_the_output_lacks_fail(tmp_path: Path) -> None:
    check = checked("we open the file under another name", PLANNED, tmp_path=tmp_path)
    assert not check.passed
    assert check.value("missing") == 5
    assert check.value("missing in a row") == 5


def test_words_that_the_recogniser_never_hears_are_excused(tmp_path: Path) -> None:
    mumbled = "we open the file under another name"
    check = checked(mumbled, mumbled, tmp_path=tmp_path)
    assert check.passed
    assert check.value("not clear in the source either") == 5


def test_unplanned_speech_fails(tmp_path: Path) -> None:
    more = PLANNED + " sorry let me start that whole sentence once again"
    check = checked(more, PLANNED, tmp_path=tmp_path)
    assert not check.passed
    assert check.value("unplanned in a row") == 9


def test_a_recogniser_that_loses_itself_once_is_asked_again(tmp_path: Path) -> None:
    lost = " ".join(["the"] * 20)
    whole = PLANNED.split()
    halves = [" ".join(whole[:7]), " ".join(whole[7:])]
    check = checked(lost, PLANNED, *halves, tmp_path=tmp_path)
    assert check.passed, check.note


def test_nothing_spoken_is_not_measured(tmp_path: Path) -> None:
    check = checked(planned="", tmp_path=tmp_path)
    assert check.passed
    assert not check.measured


def test_windows_cover_short_outputs_and_sample_long_ones() -> None:
    words = spoken("word " * 100, pace=0.6)
    windows = windows_of(timeline_of(60, 0), words)
    assert windows[0][0] == 0
    assert all(after[0] == before[1] for before, after in pairwise(windows))
    assert all(end - start <= 29 for start, end in windows)
    long = windows_of(timeline_of(7200, *range(400)), spoken("word " * 12_000, pace=0.6))
    assert sum(end - start for start, end in long) <= WHOLE_SECONDS
    assert long[-1][0] > 5000
    assert long == windows_of(timeline_of(7200, *range(400)), spoken("word " * 12_000, pace=0.6))


def test_stretched_sound_keeps_its_pitch() -> None:
    tone = np.sin(2 * np.pi * 300 * np.arange(2 * LISTEN_RATE) / LISTEN_RATE).astype(np.float32)
    half = stretched(tone, 2.0)
    assert len(half) == LISTEN_RATE
    spectrum = np.abs(np.fft.rfft(half[2000:14000]))
    assert spectrum.argmax() * LISTEN_RATE / 12000 == pytest.approx(300, abs=5)


class Spoken(NamedTuple):
    """A real recording, what the recogniser hears in it, and the recogniser."""

    path: Path
    sound: Wave
    words: Sequence[Word]
    listen: Listen


@pytest.fixture(scope="module")
def jfk(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Spoken:
    path = shared_data / "speech" / "jfk.flac"
    with SourceSound(path, 0) as source:
        sound = source.between(0, 11)
    listen = recogniser("en", tmp_path_factory.mktemp("listen"))
    return Spoken(path, sound, listen(sound), listen)


@pytest.mark.slow
@pytest.mark.parametrize("hole", [None, (3.2, 7.8), (8.9, 9.9)], ids=["whole", "sentence", "words"])
def test_real_speech(hole: tuple[float, float] | None, jfk: Spoken, tmp_path: Path) -> None:
    edited = jfk.sound.copy()
    if hole:
        edited[round(hole[0] * LISTEN_RATE) : round(hole[1] * LISTEN_RATE)] = 0
    timeline = timeline_of(11, 0)
    heard = Heard((edited * 32767).astype(np.int16), 11 * 48_000, -16.0, -1.0)
    assert len(jfk.words) >= 20
    with SourceSound(jfk.path, 0) as source:
        reference = Reference(timeline, source, NOBODY, Store(tmp_path))
        check = check_words(heard, jfk.words, reference, timeline, jfk.listen)
    assert check.passed == (hole is None), check.note


class Marked(Reference):
    """A source whose sound says, instead of words, when it is from, in 2 ms."""

    def __init__(self) -> None:
        """Nothing is read."""

    def between(self, start: float, end: float) -> Wave:
        return np.full(round((end - start) * LISTEN_RATE), -(500 * start + 1) / 32768, np.float32)


@pytest.mark.parametrize(("gone", "passes"), [((20, 40), True), ((20, 40, 60), False), ((13, 33, 53), True)])
def test_words_missing_at_cuts_fail_though_they_are_few(gone: tuple[int, ...], passes: bool) -> None:
    """A cut every ten seconds of a minute's talk."""
    dice = np.random.default_rng(8)
    words = ["".join(chr(97 + letter) for letter in dice.integers(0, 26, 7)) for _ in range(120)]

    def listen(samples: Wave) -> Sequence[Word]:
        mark = float(samples[0]) * 32768
        start = (-mark - 1 if mark < 0 else mark) / 500
        inside = range(round(2 * start), min(120, round(2 * (start + len(samples) / LISTEN_RATE))))
        return spoken(" ".join(words[n] for n in inside if mark < 0 or n not in gone))

    clock = np.repeat(np.arange(61 * 500, dtype=np.int16), LISTEN_RATE // 500)
    heard = Heard(clock, 61 * 48_000, -16.0, -1.0)
    timeline = timeline_of(60, 0, 10, 20, 30, 40, 50)
    check = check_words(heard, spoken(" ".join(words)), Marked(), timeline, listen)
    assert check.value("missing") == len(gone)
    assert check.passed == passes, check.note
    at_once = check_words(heard, spoken(" ".join(words)), Marked(), timeline, listen, at_once=3)
    assert at_once == check
