"""The whole timeline is fitted at once: silence is shared, words meet what they name, the price is the least."""

from __future__ import annotations

import random
import time
from fractions import Fraction

import pytest
from fitting_kit import RATE, levers, narration, plan, recording, signals

from cutdown.fitting import build_timeline
from cutdown.fitting import discomfort as cost
from cutdown.fitting.limits import HOLD_LIMIT, LAST_RESORT, SYNC_TOLERANCE
from cutdown.signals import Signals
from cutdown.timebase import SAMPLE_RATE
from cutdown.timeline import Timeline
from cutdown.transcript import Transcript, Word


def heard(*words: tuple[str, float, float]) -> Transcript:
    return Transcript(
        language="en",
        model="made",
        duration=60,
        words=tuple(Word(text=text, start=start, end=end) for text, start, end in words),
        segments=(),
    )


def discomfort(timeline: Timeline) -> float:
    return sum(fit.discomfort for fit in timeline.fits)


def test_two_lines_share_the_silence_between_them() -> None:
    """One after the other, the first would take all of it, and the second be slowed or flagged."""
    edits = plan(("rewrite", 3), ("cut", 2), ("rewrite", 3))
    said = narration(edits, (("a0",), 3.75), (("a2",), 3.75))
    world = signals(8, silences=[(3, 5)], still=[(3, 5)])
    timeline = build_timeline(edits, said, recording(8), world, rate=RATE)
    assert levers(timeline) == ["slack", "slack"]
    assert sum(fit.seconds for fit in timeline.fits) == 2
    assert [segment.frames for segment in timeline.segments] == [120, 120]
    tight = narration(edits, (("a0",), 4.75), (("a2",), 3.75))  # a second more than there is
    timeline = build_timeline(edits, tight, recording(8), world, rate=RATE)
    assert "flag" not in levers(timeline)
    lent = [fit for fit in timeline.fits if fit.lever == "slack"]
    assert sum(fit.seconds for fit in lent) == 2


def test_a_still_screen_is_held_wherever_it_stands_within_the_line() -> None:
    edits = plan(("rewrite", 6), ("keep", 2))
    world = signals(8, still=[(1, 3)])  # it moves again before the line's picture ends
    timeline = build_timeline(edits, narration(edits, (("a0",), 6.75)), recording(8), world, rate=RATE)
    assert levers(timeline) == ["hold"]
    first, second = (segment for segment in timeline.segments if segment.action == "a0")
    assert first.hold == 30
    assert second.source_frame == 90  # held on the last frame of the still stretch
    assert all(segment.speed == 1 for segment in timeline.segments)


def test_long_holds_go_over_into_slower_picture_before_they_hang() -> None:
    edits = plan(("rewrite", 6), ("keep", 2))
    world = signals(8, still=[(2, 6)])
    timeline = build_timeline(edits, narration(edits, (("a0",), 8.75)), recording(8), world, rate=RATE)
    assert levers(timeline) == ["hold", "slow"]
    held = sum(segment.hold for segment in timeline.segments)
    assert 30 <= held <= HOLD_LIMIT * RATE


def test_a_line_that_is_far_too_long_is_flagged_and_moves_to_the_end() -> None:
    edits = plan(("rewrite", 6), ("keep", 2))
    timeline = build_timeline(edits, narration(edits, (("a0",), 12)), recording(8), signals(8), rate=RATE)
    assert levers(timeline) == ["slow", "voice", "flag"]
    (shown,) = (segment for segment in timeline.segments if segment.action == "a0")
    assert shown.hold == 0  # a moving screen does not stop
    assert LAST_RESORT <= shown.speed < Fraction(2, 3)
    flag = next(fit for fit in timeline.fits if fit.lever == "flag")
    assert "shorten the narration" in flag.note
    assert flag.discomfort == pytest.approx(cost.STRAINED * float(flag.seconds), rel=0.01)


def _named(word_at: float, *, line: float, changes_at: float = 4.0) -> tuple[Timeline, float, float]:
    """A line over ten seconds whose last word names what appears; when it is said, and when that is seen."""
    edits = plan(("rewrite", 10, "Now we look for it and then press install"), ("keep", 2))
    said = narration(edits, (("a0",), line))
    world = signals(12, still=[(0, changes_at), (changes_at + 0.5, 12)])
    words = heard(("um", 0.2, 0.5), ("install", word_at, word_at + 0.4))
    timeline = build_timeline(edits, said, recording(12), world, rate=RATE, transcript=words)
    sound = next(sound for sound in timeline.sounds if sound.kind == "narration")
    spoken = sound.first_sample / SAMPLE_RATE + sound.samples / SAMPLE_RATE * (1 - 4 / 42)
    tick = round(changes_at * RATE)
    for segment in timeline.segments:
        ticks = segment.speed * (segment.frames - segment.hold)
        if segment.source_frame <= tick < segment.source_frame + ticks:
            shown = segment.first_frame + (tick - segment.source_frame) / segment.speed
            return timeline, spoken, float(shown / RATE)
    raise AssertionError("the change is not shown")


@pytest.mark.parametrize("line", [1.8, 3.0, 4.4, 5.5])
def test_a_word_is_said_as_the_picture_shows_what_it_names(line: float) -> None:
    _, spoken, shown = _named(4.1, line=line)
    assert abs(spoken - shown) <= float(SYNC_TOLERANCE) + 0.05  # half a word


def test_a_line_that_waits_for_its_picture_says_so() -> None:
    timeline, *_ = _named(4.1, line=1.8)
    note = next(fit.note for fit in timeline.fits if fit.lever in ("sync", "trim"))
    assert "'install'" in note or "left out" in note


def test_a_word_that_cannot_meet_its_picture_is_told_with_the_distance() -> None:
    timeline, spoken, shown = _named(4.1, line=9.0)
    note = next(fit.note for fit in timeline.fits if fit.lever == "sync")
    assert note.startswith("'install': said ")
    assert float(note.split()[2]) == pytest.approx(spoken - shown - float(SYNC_TOLERANCE), abs=0.2)


def test_a_word_far_from_any_change_ties_nothing() -> None:
    timeline, *_ = _named(7.0, line=5.0)
    assert "sync" not in levers(timeline)
    line = next(sound for sound in timeline.sounds if sound.kind == "narration")
    assert line.first_sample == SAMPLE_RATE // 10


def test_more_room_never_costs_more() -> None:
    """The least of a sum over a larger set is no larger."""
    dice = random.Random(4)
    for _ in range(12):
        edits = plan(("keep", 2), ("rewrite", 4), ("cut", 3), ("rewrite", 5), ("keep", 2))
        said = narration(edits, (("a1",), dice.uniform(3, 6)), (("a3",), dice.uniform(4, 8)))
        silent = [(0.5, 2.0), (6.0, 9.0)]
        bare = build_timeline(edits, said, recording(16), signals(16), rate=RATE)
        roomy = build_timeline(
            edits, said, recording(16), signals(16, silences=silent, still=[(3, 5), (6, 9)]), rate=RATE
        )
        assert discomfort(roomy) <= discomfort(bare) + 0.02


def _long_talk(lines: int) -> tuple:
    dice = random.Random(11)
    actions: list[tuple] = []
    for _ in range(lines):
        actions.append(("rewrite", Fraction(round(dice.uniform(3, 9) * 1000), 1000)))
        actions.append((dice.choice(["keep", "cut"]), Fraction(round(dice.uniform(5, 22) * 1000), 1000)))
    actions.append(("keep", Fraction(2)))
    edits = plan(*actions)
    spoken = [
        ((action.id,), float(action.duration) * dice.uniform(0.5, 1.7))
        for action in edits.actions
        if action.narration
    ]
    duration = float(edits.duration)

    def spans() -> list[tuple[float, float]]:
        marks = sorted({round(dice.uniform(0, duration), 3) for _ in range(6 * lines)})
        return list(zip(marks[::2], marks[1::2], strict=False))

    world: Signals = signals(duration, silences=spans(), still=spans())
    return edits, narration(edits, *spoken), recording(duration), world


def test_three_hours_with_five_hundred_lines_are_fitted_in_seconds_and_always_alike() -> None:
    edits, said, source, world = _long_talk(500)
    assert edits.duration > 2.5 * 3600
    begun = time.process_time()
    timeline = build_timeline(edits, said, source, world, rate=RATE)
    assert time.process_time() - begun < 20  # about 2 on a quiet machine
    assert build_timeline(edits, said, source, world, rate=RATE) == timeline
