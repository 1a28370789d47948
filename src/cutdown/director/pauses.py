"""What happens between two stretches of speech that are kept.

Silence over a still screen is dead time and is cut to a natural breath. Silence in which the screen
moves is sped up, never cut. What was taken back goes, with the silence that belonged to it.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

from cutdown.director.pieces import Piece
from cutdown.director.screen import Screen, Stretch
from cutdown.plan import Evidence, EvidenceKind

BREATH_AFTER: Final = 400  # ms kept after speech: the pause people make between sentences
BREATH_BEFORE: Final = 110  # ms kept before speech: the first sound is softer than any threshold
LONGEST_BREATH: Final = 650  # ms of silence that nobody minds
_BREATH_AT_START: Final = 150
_AROUND_FILLER: Final = 200  # ms kept at most on each side of a hesitation
_BEFORE_RETAKE: Final = 90  # ms kept before the take that stays
_GUARD: Final = 60  # ms by which a removed sound may begin earlier or end later than measured

_SHORTEST_CUT: Final = 130  # ms; a shorter one is more trouble to the ear than it saves
_SHORTEST_SPEEDUP: Final = 800  # ms
_WAIT_BESIDE_TAKE: Final = 1_500  # ms of activity beside a removed take that is shown, sped up
_FASTEST_SMALL: Final = 16  # typing, progress bars: nothing is missed
_FASTEST_LARGE: Final = 6  # windows opening, pages scrolling
_LARGE: Final = 0.05  # share of pixels that makes a change large


@dataclass(frozen=True)
class Removal:
    """A sound ``[start, end)`` ms that is left out, and why."""

    start: int
    end: int
    kind: EvidenceKind
    reason: str
    confidence: float
    note: str


@dataclass(frozen=True)
class Pause:
    """Everything between two kept sounds; None where the recording begins or ends."""

    before: int | None
    after: int | None
    duration: int
    removals: tuple[Removal, ...]


def decide_pause(pause: Pause, screen: Screen) -> list[Piece]:
    """The cuts and speedups between two kept sounds; what is not named stays."""
    start = 0 if pause.before is None else pause.before
    end = pause.duration if pause.after is None else pause.after
    if pause.removals:
        return list(_removed(pause, start, end, screen))
    if end - start <= LONGEST_BREATH:
        return []
    first = start + (0 if pause.before is None else BREATH_AFTER)
    last = end
    if pause.after is not None:
        last -= _BREATH_AT_START if pause.before is None else BREATH_BEFORE
    return list(_silent(first, last, screen))


def speed_for(length: int, changed: float) -> Fraction:
    """How many times as fast silent activity is shown, from its length and how much changes.

    Half a minute shows in four seconds, ten seconds in two and a half; never so fast that a
    large change is a flicker.
    """
    seconds = length / 1000
    wanted = seconds / (0.8 + 0.45 * math.sqrt(seconds))
    most = _FASTEST_LARGE if changed > _LARGE else _FASTEST_SMALL
    return Fraction(round(2 * min(float(most), max(2.0, wanted))), 2)


def _silent(first: int, last: int, screen: Screen) -> Iterator[Piece]:
    """Dead time between two moments is cut, silent activity sped up."""
    for part in screen.between(first, last) if last > first else ():
        if part.still and part.length >= _SHORTEST_CUT:
            yield Piece(
                part.start,
                part.end,
                "cut",
                "Dead time: nobody speaks and nothing moves",
                0.95,
                (
                    Evidence(kind="silence", note="the sound is at the recording's own noise floor"),
                    Evidence(kind="still", note="the screen does not change"),
                ),
            )
        elif not part.still and part.length >= _SHORTEST_SPEEDUP:
            yield sped_up(part)


def sped_up(part: Stretch) -> Piece:
    """Silent activity, faster."""
    return Piece(
        part.start,
        part.end,
        "speedup",
        "Silent activity on the screen, shown faster",
        0.9,
        (
            Evidence(kind="silence", note="nobody speaks"),
            Evidence(kind="activity", note=f"up to {part.changed:.1%} of the picture changes"),
        ),
        factor=speed_for(part.length, part.changed),
    )


def _removed(pause: Pause, start: int, end: int, screen: Screen) -> Iterator[Piece]:
    """What was said goes with its silence; long silent activity beside it is shown, faster."""
    removals = pause.removals
    before, after = removals[0].start - start, end - removals[-1].end
    light = all(removal.kind in ("filler", "repeat") for removal in removals)
    tail = 0 if pause.before is None else min(before, _AROUND_FILLER if light else BREATH_AFTER)
    lead = 0 if pause.after is None else min(after, _AROUND_FILLER if light else _BEFORE_RETAKE)
    first = min(start + tail, removals[0].start - min(_GUARD, before // 3))
    last = max(end - lead, removals[-1].end + min(_GUARD, after // 3))
    at = first
    for activity in _activity_beside(removals, first, last, screen):
        if activity.start - at >= _SHORTEST_CUT:
            yield _cut(at, activity.start, removals)
        yield sped_up(activity)
        at = activity.end
    if last - at >= _SHORTEST_CUT // 2:
        yield _cut(at, last, removals)


def _activity_beside(removals: Sequence[Removal], first: int, last: int, screen: Screen) -> Iterator[Stretch]:
    """Long activity in the silences around and between what is removed."""
    edges = [first, *(edge for removal in removals for edge in (removal.start, removal.end)), last]
    for index in range(0, len(edges), 2):
        within = 0 < index < len(edges) - 2
        if within and {removals[index // 2 - 1].kind, removals[index // 2].kind} == {"selection"}:
            continue  # between two sentences that are left out, the screen goes with them
        start, end = max(first, edges[index]), min(last, edges[index + 1])
        for part in screen.between(start, end) if end > start else ():
            if not part.still and part.length >= _WAIT_BESIDE_TAKE:
                yield part


def _cut(start: int, end: int, removals: Sequence[Removal]) -> Piece:
    """One cut, with the reason of what fills most of it."""
    within = [r for r in removals if r.start < end and r.end > start] or removals
    longest = max(within, key=lambda removal: (removal.end - removal.start, -removal.start))
    return Piece(
        start,
        end,
        "cut",
        longest.reason,
        min(removal.confidence for removal in within),
        tuple(dict.fromkeys(Evidence(kind=r.kind, note=r.note) for r in within)),
    )
