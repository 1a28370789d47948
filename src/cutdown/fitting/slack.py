"""Room that a line finds in the silence beside its picture."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
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
_NAMES: Final[Mapping[ActionType, str]] = {
    "cut": "dead time that was cut",
    "keep": "kept silence",
    "speedup": "a sped-up wait",
    "rewrite": "",
}


def take_slack(
    stretches: Sequence[Stretch], first: int, last: int, missing: int, calm: Calm, rate: Fraction
) -> list[tuple[int, str]]:
    """Move the borders of ``stretches[first:last + 1]`` outwards, over silence, for ``missing`` frames.

    The time after the line comes before the time ahead of it. A neighbour that is shown keeps
    at least one tick; one with a line of its own gives nothing.

    Returns:
        (ticks taken, plain words) for each neighbour that gave some.
    """
    taken: list[tuple[int, str]] = []
    if missing > 0 and last + 1 < len(stretches):
        neighbour = stretches[last + 1]
        ticks = min(missing, _free_after(neighbour, stretches[last].end, calm, rate))
        if ticks > 0:
            stretches[last].end += ticks
            neighbour.start += ticks
            missing -= ticks
            taken.append((ticks, _note(neighbour, ticks, rate, "after")))
    if missing > 0 and first > 0:
        neighbour = stretches[first - 1]
        ticks = min(missing, _free_before(neighbour, stretches[first].start, calm, rate))
        if ticks > 0:
            stretches[first].start -= ticks
            neighbour.end -= ticks
            taken.append((ticks, _note(neighbour, ticks, rate, "before")))
    return taken


def _note(neighbour: Stretch, ticks: int, rate: Fraction, where: str) -> str:
    return f"{float(ticks / rate):.2f} s of {_NAMES[neighbour.action.type]} {where} the line are used for it"


def _free_after(neighbour: Stretch, border: int, calm: Calm, rate: Fraction) -> int:
    if neighbour.line is not None or neighbour.start != border:
        return 0
    moment = border / rate
    quiet_to = calm.silent_until(moment)
    if neighbour.action.type == "cut":
        quiet_to = min(quiet_to, calm.still_until(moment))
    return _bounded(neighbour, quiet_to - moment, quiet_to < neighbour.end / rate, rate)


def _free_before(neighbour: Stretch, border: int, calm: Calm, rate: Fraction) -> int:
    if neighbour.line is not None or neighbour.end != border:
        return 0
    moment = border / rate
    quiet_from = calm.silent_since(moment)
    if neighbour.action.type == "cut":
        quiet_from = max(quiet_from, calm.still_since(moment))
    return _bounded(neighbour, moment - quiet_from, quiet_from > neighbour.start / rate, rate)


def _bounded(neighbour: Stretch, quiet: Fraction, words_follow: bool, rate: Fraction) -> int:
    kind = neighbour.action.type
    if words_follow and kind != "cut":
        quiet -= SLACK_GUARD
    left_to_it = 0 if kind == "cut" else 1
    return min(math.floor(min(quiet, _LIMITS[kind]) * rate), neighbour.ticks - left_to_it)
