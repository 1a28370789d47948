"""What happens between two stretches of speech that are kept.

Silence over a still screen is dead time and is cut to a natural breath. Silence in which the screen
moves is sped up, never cut. What was taken back goes, with the silence that belonged to it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from cutdown.director.pacing import paces_beside_speech
from cutdown.director.pieces import Piece
from cutdown.director.quiet import SHORTEST_CUT, hurried, paced
from cutdown.director.reading import LONGEST_BREATH, Scene, without_words
from cutdown.director.screen import Screen
from cutdown.plan import Evidence, EvidenceKind

BREATH_AFTER: Final = 400  # ms kept after speech: the pause people make between sentences
BREATH_BEFORE: Final = 110  # ms kept before speech: the first sound is softer than any threshold
_BREATH_AT_START: Final = 150
_AROUND_FILLER: Final = 200  # ms kept at most on each side of a hesitation
_BEFORE_RETAKE: Final = 90  # ms kept before the take that stays
_GUARD: Final = 60  # ms by which a removed sound may begin earlier or end later than measured

_WAIT_BESIDE_TAKE: Final = 1_500  # ms of activity beside a removed take that is shown, sped up


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
    within_sentence: bool = False


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
    scenes = without_words(screen, first, last, within_sentence=pause.within_sentence)
    return list(paced(scenes, paces_beside_speech()))


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
        if activity.start - at >= SHORTEST_CUT:
            yield _cut(at, activity.start, removals)
        yield hurried(activity, paces_beside_speech()[activity.activity])
        at = activity.end
    if last - at >= SHORTEST_CUT // 2:
        yield _cut(at, last, removals)


def _activity_beside(removals: Sequence[Removal], first: int, last: int, screen: Screen) -> Iterator[Scene]:
    """Long activity in the silences around and between what is removed."""
    edges = [first, *(edge for removal in removals for edge in (removal.start, removal.end)), last]
    for index in range(0, len(edges), 2):
        within = 0 < index < len(edges) - 2
        if within and {removals[index // 2 - 1].kind, removals[index // 2].kind} == {"selection"}:
            continue  # between two sentences that are left out, the screen goes with them
        start, end = max(first, edges[index]), min(last, edges[index + 1])
        for part in without_words(screen, start, end):
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
        activity="thinking" if all(r.kind == "filler" for r in within) else "speech",
    )
