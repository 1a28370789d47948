"""The best of several plans by our own objective, and how sure it is, by how far the others agree.

The objective is that of TalkLess (UIST 2025), compression, edits and coverage, with what the narration rests on as a
fourth part; its weights are chosen, not learnt: coverage is what a viewer loses for good, the rest can be put right.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from fractions import Fraction
from typing import Final

from cutdown.director.llm.manuscript import Manuscript
from cutdown.director.selection import coverage
from cutdown.plan import Candidate, EditAction, EditPlan, Evidence

_WEIGHTS: Final = {"coverage": 0.4, "compression": 0.2, "calm": 0.2, "grounded": 0.2}
_RESTLESS: Final = 12  # cuts a minute in what is said, one every five seconds: nobody can follow
_AGREED: Final = 0.9  # of the time of an action; what is less differs in a breath beside it
_MINUTE: Final = 60
_DECIMALS: Final = 4


def best_of(plans: Sequence[EditPlan | None], text: Manuscript) -> EditPlan:
    """The candidate with the best score, of equal ones the first, less sure wherever others decided otherwise.

    Args:
        plans: one for each candidate, None where it has none; at least one has.
        text: what was said.
    """
    held = [plan for plan in plans if plan is not None]
    if len(plans) == 1:
        return held[0]
    told = [
        Candidate(number=number) if plan is None else _scored(number, plan, text)
        for number, plan in enumerate(plans, 1)
    ]
    best = max(told, key=lambda one: (-1.0 if one.score is None else one.score, -one.number))
    chosen = plans[best.number - 1]
    assert chosen is not None
    others = [_Heard(plan) for plan in held if plan is not chosen]
    return chosen.model_copy(
        update={
            "actions": tuple(_weighed(action, others) for action in chosen.actions),
            "candidates": tuple(one.model_copy(update={"chosen": one is best}) for one in told),
        }
    )


class _Heard:
    """Where speech is heard in a plan, as recorded or anew."""

    def __init__(self, plan: EditPlan) -> None:
        self._stays = [(action.start, action.end) for action in plan.actions if action.type != "cut"]
        self._starts = [start for start, _ in self._stays]

    def share(self, start: Fraction, end: Fraction) -> float:
        """The share of a stretch of the recording that is not cut."""
        heard = Fraction(0)
        at = max(0, bisect_right(self._starts, start) - 1)
        while at < len(self._stays) and self._stays[at][0] < end:
            heard += max(Fraction(0), min(end, self._stays[at][1]) - max(start, self._stays[at][0]))
            at += 1
        return float(heard / (end - start))


def _scored(number: int, plan: EditPlan, text: Manuscript) -> Candidate:
    """A candidate with the parts of its score, each from 0 to 1."""
    heard = _Heard(plan)
    kept = {
        index
        for index, line in enumerate(text.lines)
        if heard.share(Fraction(line.start_ms, 1000), Fraction(max(line.end_ms, line.start_ms + 1), 1000))
        > 0.5
    }
    length = plan.planned_duration
    edits = [action for action in plan.actions if action.quote and action.type in ("cut", "rewrite")]
    rewrites = [action for action in plan.actions if action.type == "rewrite"]
    astray = [one for one in rewrites if any(item.kind == "ungrounded" for item in one.evidence)]
    wanted = plan.target_seconds
    parts = {
        "coverage": coverage([line.text for line in text.lines], kept),
        "compression": float(
            1 - length / plan.duration if wanted is None else max(Fraction(0), 1 - abs(length / wanted - 1))
        ),
        "calm": 1 - min(1.0, len(edits) / max(float(length) / _MINUTE, 1.0) / _RESTLESS),
        "grounded": 1 - len(astray) / len(rewrites) if rewrites else 1.0,
    }
    score = sum(weight * parts[name] for name, weight in _WEIGHTS.items())
    told = {name: round(value, _DECIMALS) for name, value in (*parts.items(), ("score", score))}
    return Candidate.model_validate({"number": number, **told})


def _weighed(action: EditAction, others: Sequence[_Heard]) -> EditAction:
    """An action, less sure by the share of other candidates that decided otherwise about its words."""
    if not action.quote or not others:
        return action
    shares = [other.share(action.start, action.end) for other in others]
    agreed = [1 - share if action.type == "cut" else share for share in shares]
    against = sum(share < _AGREED for share in agreed)
    if not against:
        return action
    sure = (1 + sum(1.0 if share >= _AGREED else share for share in agreed)) / (1 + len(others))
    note = f"{against} of {len(others)} other candidates decided otherwise here"
    return action.model_copy(
        update={
            "confidence": round(action.confidence * sure, 2),
            "evidence": (*action.evidence, Evidence(kind="disagreement", note=note)),
        }
    )
