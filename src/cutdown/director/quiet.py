"""Scenes without words at their pace: what of them is cut, what is shown faster, what stays.

What moves is never cut. A state of the screen that another one follows is shown before it goes, and
what comes of a wait is shown as it was recorded, from a beat before it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from cutdown.director.pacing import Pace, Paces
from cutdown.director.pieces import Piece
from cutdown.director.reading import Scene
from cutdown.plan import Activity

SHORTEST_CUT: Final = 130  # ms; a shorter one is more trouble to the ear than it saves

_CUT: Final[dict[Activity, str]] = {
    "dead": "Dead time: nobody speaks and nothing moves",
    "thinking": "A pause to think, cut to a breath",
    "waiting": "Waiting for the machine: nothing to see until it answers",
}
_FASTER: Final[dict[Activity, str]] = {
    "typing": "Typing, shown faster",
    "waiting": "Waiting for the machine, shown faster",
    "demonstration": "Shown without words, a little faster",
}


def paced(scenes: Sequence[Scene], paces: Paces, *, every_state: bool = False) -> Iterator[Piece]:
    """The cuts and speedups of neighbouring scenes in order; what is not named stays.

    Args:
        scenes: gapless.
        paces: what becomes of each activity.
        every_state: whether each state of the screen is to be read, the first and the last too;
            otherwise those that the speech around the scenes is about are seen there.
    """
    for index, scene in enumerate(scenes):
        pace = paces[scene.activity]
        followed = index + 1 < len(scenes)
        end = scene.end - (pace.beat if followed else 0)
        if scene.still:
            start = scene.start + _shown(scenes, index, paces, every_state=every_state)
            if pace.still == "cut" and end - start >= SHORTEST_CUT and scene.length >= pace.longest:
                yield _cut(scene, start, end)
        elif pace.moving == "faster" and scene.length >= pace.shortest:
            yield hurried(scene, pace, end)


def hurried(scene: Scene, pace: Pace, end: int | None = None) -> Piece:
    """Movement without words, faster; to its end where none is given."""
    end = scene.end if end is None else end
    return Piece(
        scene.start,
        end,
        "speedup",
        _FASTER.get(scene.activity, _FASTER["demonstration"]),
        0.9,
        scene.evidence,
        factor=pace.factor(end - scene.start),
        activity=scene.activity,
    )


def _shown(scenes: Sequence[Scene], index: int, paces: Paces, *, every_state: bool) -> int:
    """Milliseconds of a still scene that are shown first, for what came about just before it."""
    if every_state:
        return paces["demonstration"].result
    if index == 0:
        return 0
    before = scenes[index - 1]
    if not before.at_once:
        return paces[before.activity].result
    if index > 1 and scenes[index - 2].activity == "waiting":
        return paces["waiting"].result
    # What changed at once stays to be seen after the cut, unless something else follows it within.
    return paces["demonstration"].result if index + 1 < len(scenes) else 0


def _cut(scene: Scene, start: int, end: int) -> Piece:
    return Piece(start, end, "cut", _CUT[scene.activity], 0.95, scene.evidence, activity=scene.activity)
