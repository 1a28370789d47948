"""Room that a line finds in the silence beside its picture."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

from cutdown.fitting.calm import Calm
from cutdown.fitting.limits import SLACK_FROM_CUT, SLACK_FROM_KEEP, SLACK_FROM_SPEEDUP, SLACK_GUARD
from cutdown.fitting.pieces import Stretch
from cutdown.plan import ActionType

_LIMITS: Final[Mapping[ActionType, Fraction]] = {
    "cut": SLACK_FROM_CUT,
    "keep": SLACK_FROM_KEEP,
    "speedup": SLACK_FROM_SPEEDUP,
    "rewrite": Fraction(0),
}


@dataclass(frozen=True)
class Room:
    """Ticks that a neighbour could lend at one of its ends."""

    neighbour: int
    """Its place among the stretches."""
    kind: ActionType
    ticks: int
    spare: int
    """Ticks that it could lend at both ends together."""


def room_after(stretches: Sequence[Stretch], last: int, calm: Calm, rate: Fraction) -> Room | None:
    """Silence right after a line's picture, for the border ``stretches[last].end`` to move into.

    A neighbour that is shown keeps at least one tick; one with a line of its own gives nothing. Of what was cut,
    only what is also still comes back.
    """
    if last + 1 >= len(stretches):
        return None
    neighbour, border = stretches[last + 1], stretches[last].end
    if neighbour.line is not None or neighbour.start != border:
        return None
    moment = border / rate
    quiet_to = calm.silent_until(moment)
    if neighbour.action.type == "cut":
        quiet_to = min(quiet_to, calm.still_until(moment))
    return _room(last + 1, neighbour, quiet_to - moment, quiet_to < neighbour.end / rate, rate)


def room_before(stretches: Sequence[Stretch], first: int, calm: Calm, rate: Fraction) -> Room | None:
    """Silence right ahead of a line's picture; see `room_after`."""
    if first == 0:
        return None
    neighbour, border = stretches[first - 1], stretches[first].start
    if neighbour.line is not None or neighbour.end != border:
        return None
    moment = border / rate
    quiet_from = calm.silent_since(moment)
    if neighbour.action.type == "cut":
        quiet_from = max(quiet_from, calm.still_since(moment))
    return _room(first - 1, neighbour, moment - quiet_from, quiet_from > neighbour.start / rate, rate)


def _room(place: int, neighbour: Stretch, quiet: Fraction, words_follow: bool, rate: Fraction) -> Room | None:
    kind = neighbour.action.type
    if words_follow and kind != "cut":
        quiet -= SLACK_GUARD
    spare = neighbour.ticks - (0 if kind == "cut" else 1)
    ticks = min(math.floor(min(quiet, _LIMITS[kind]) * rate), spare)
    return Room(place, kind, ticks, spare) if ticks > 0 else None
