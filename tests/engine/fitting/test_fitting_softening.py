"""Which cuts are dissolved."""

from __future__ import annotations

from fractions import Fraction

import pytest

from cutdown.fitting import softened
from cutdown.signals import ScreenSpan, Signals
from cutdown.timeline import Segment, Timeline

RATE = Fraction(30)


def cut_at(*stretches: tuple[int, int, int]) -> Timeline:
    """Segments of (source frame, frames, speed)."""
    segments, at = [], 0
    for number, (start, frames, speed) in enumerate(stretches):
        kind = "keep" if speed == 1 else "speedup"
        segments.append(
            Segment(
                action=f"a{number}", type=kind, first_frame=at, frames=frames, source_frame=start, speed=speed
            )
        )
        at += frames
    return Timeline(recording_sha256="a" * 64, rate=RATE, segments=tuple(segments), sounds=())


def screen(*spans: tuple[float, float, float]) -> Signals:
    """Spans of (start, end, share that changes); 0 is still."""
    return Signals(
        duration=60,
        noise_floor_db=-60,
        speech_level_db=None,
        silences=(),
        speech=(),
        screen=tuple(
            ScreenSpan(start=start, end=end, still=not changed, changed=changed)
            for start, end, changed in spans
        ),
    )


def dissolves(timeline: Timeline, signals: Signals) -> list[int]:
    return [segment.dissolve for segment in softened(timeline, signals).segments]


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        (0.0, [0, 0]),  # nothing moved meanwhile: both sides are the same picture
        (0.02, [3, 0]),  # a pointer, a line of text: a jump within the shot
        (0.9, [0, 0]),  # another page: one expects a cut
    ],
)
def test_only_jumps_within_a_shot_are_softened(changed: float, expected: list[int]) -> None:
    signals = screen((0, 3, 0.0), (3, 4, changed), (4, 60, 0.0))
    assert dissolves(cut_at((0, 60, 1), (150, 60, 1)), signals) == expected


def test_what_runs_on_is_short_or_is_fast_is_left_alone() -> None:
    signals = screen((0, 60, 0.02))
    assert dissolves(cut_at((0, 60, 1), (60, 60, 1)), signals) == [0, 0]
    assert dissolves(cut_at((0, 8, 1), (150, 60, 1)), signals) == [0, 0]
    assert dissolves(cut_at((0, 30, 4), (300, 60, 1)), signals) == [0, 0]


def test_a_dissolve_moves_nothing() -> None:
    plain = cut_at((0, 60, 1), (150, 60, 1))
    soft = softened(plain, screen((0, 60, 0.02)))
    assert soft.segments[0].dissolve == 3
    bare = [segment.model_copy(update={"dissolve": 0}) for segment in soft.segments]
    assert tuple(bare) == plain.segments
