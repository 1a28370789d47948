"""Which lines are spoken: narration in the plan's order, short neighbours together."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Final

from cutdown.plan import EditAction, EditPlan
from cutdown.voice import Pace
from cutdown.voice.forecast import spoken_seconds

SHORT: Final = 2.5  # s; a line shorter than that sounds clipped on its own
LONGEST_TOGETHER: Final = 8.0  # s; a longer line would drift away from its pictures
BRIDGED_CUT: Final = Fraction(1, 2)  # s cut between two actions that one line may still span


@dataclass(frozen=True)
class Line:
    """One line to speak: the actions it stands for, its text, and the seconds of picture it has."""

    actions: tuple[str, ...]
    text: str
    slot: float


def lines_of(plan: EditPlan, pace: Pace) -> tuple[Line, ...]:
    """The lines of a plan in order.

    Two neighbouring rewrites are spoken as one line where one of them is short, both together
    are not long, and nothing but a cut of at most half a second lies between them.
    """
    lines: list[Line] = []
    open_to_more = False
    cut = Fraction(0)
    for action in plan.actions:
        if action.type == "cut":
            cut += action.duration
            continue
        text = " ".join((action.narration or "").split())
        if not text:
            open_to_more = False
            continue
        line = Line((action.id,), text, float(_slot(action)))
        joins = action.type == "rewrite" and open_to_more and cut <= BRIDGED_CUT
        if joins and _belong_together(lines[-1], line, pace):
            before = lines.pop()
            line = Line(before.actions + line.actions, f"{before.text} {line.text}", before.slot + line.slot)
        lines.append(line)
        open_to_more = action.type == "rewrite"
        cut = Fraction(0)
    return tuple(lines)


def _slot(action: EditAction) -> Fraction:
    """A sped-up wait can be shown slower under a line, so all of it is room."""
    return action.duration if action.type == "speedup" else action.planned_duration


def _belong_together(one: Line, other: Line, pace: Pace) -> bool:
    lengths = spoken_seconds(one.text, pace), spoken_seconds(other.text, pace)
    return min(lengths) < SHORT and sum(lengths) <= LONGEST_TOGETHER
