"""A person's word on an edit plan, before anything is spoken or rendered.

What is answered is data; `decide` turns it into what happens next, without asking or showing
anything. Whoever asks (a form in Prefect's UI, a terminal) is given to the pipeline as a
`Reviewer`.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from cutdown.errors import CutdownError, PlanError
from cutdown.plan import ActionType, EditAction, EditPlan

Verdict = Literal["approve", "reject", "plan again"]


class RejectedError(CutdownError):
    """A person rejected the plan; the message holds the note. Nothing was rendered."""


class ActionChange(BaseModel):
    """Another decision for one stretch of the plan; its times stay."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str = Field(title="Action", description="Its id in the plan, such as a004")
    type: ActionType = Field(title="Do", description="What to do with it instead")
    factor: float | None = Field(
        default=None, gt=1, le=64, title="Speed", description="For speedup: how many times as fast"
    )
    narration: str | None = Field(
        default=None,
        title="Narration",
        description="For rewrite: the text to speak; for speedup: a line over it",
    )


class Answer(BaseModel):
    """What a person says to a plan. The order of the fields is the order of the form."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    verdict: Verdict = Field(  # without a default: nothing is approved by not looking
        title="Decision",
        description="approve: render it, with the changes below; reject: end the run, render nothing; plan again: for the "
        "length below, then ask again",
    )
    note: str = Field(default="", title="Note", description="Why; kept with a run that was rejected")
    target_seconds: float | None = Field(
        default=None,
        gt=0,
        allow_inf_nan=False,
        title="Length",
        description="For 'plan again': seconds that the video should last",
    )
    changes: list[ActionChange] = Field(
        default_factory=list, title="Changes", description="Other decisions for single actions of the plan"
    )
    plan: str = Field(
        default="",
        title="Edited plan",
        description="A whole plan.json instead of single changes: paste the changed file",
    )


class PlanAgain(BaseModel):
    """The director decides anew, for another length."""

    model_config = ConfigDict(frozen=True)

    target_seconds: Fraction


Reviewer = Callable[[EditPlan], EditPlan | PlanAgain]
"""Given a plan, answers with the plan to render, or with the wish for another one.

Raises `RejectedError` where the run should end."""


def decide(plan: EditPlan, answer: Answer) -> EditPlan | PlanAgain:
    """What an answer means for a plan.

    Args:
        plan: what was shown.
        answer: what was said.

    Returns:
        The plan to render; it is ``plan`` itself where nothing was changed.

    Raises:
        RejectedError: the plan was rejected.
        PlanError: the answer cannot be followed; the message says why, and what to give instead.
    """
    if answer.verdict == "reject":
        raise RejectedError(f"the plan was rejected: {answer.note.strip() or 'no note was left'}")
    if answer.verdict == "plan again":
        if answer.target_seconds is None:
            raise PlanError("'plan again' needs the length that the video should have, in seconds")
        return PlanAgain(target_seconds=Fraction(str(answer.target_seconds)))
    if answer.target_seconds is not None:
        raise PlanError("a length is followed with 'plan again' only; choose that, or leave the length empty")
    if answer.plan.strip():
        if answer.changes:
            raise PlanError("give single changes or a whole edited plan, not both")
        return _same_recording(EditPlan.from_json(answer.plan, source="the edited plan"), plan)
    return changed(plan, answer.changes)


def changed(plan: EditPlan, changes: list[ActionChange]) -> EditPlan:
    """A plan with other decisions for some of its actions.

    Raises:
        PlanError: names the action that is not there, is named twice, or whose change breaks the plan's contract.
    """
    if not changes:
        return plan
    actions = {action.id: action for action in plan.actions}
    seen: set[str] = set()
    for change in changes:
        if change.id not in actions:
            raise PlanError(
                f"the plan has no action '{change.id}'; its actions are {plan.actions[0].id} to {plan.actions[-1].id}"
            )
        if change.id in seen:
            raise PlanError(f"action '{change.id}' is changed twice; give one change for it")
        seen.add(change.id)
        actions[change.id] = _changed(actions[change.id], change)
    return plan.model_copy(update={"actions": tuple(actions.values())})


def _changed(action: EditAction, change: ActionChange) -> EditAction:
    factor = None if change.factor is None else Fraction(str(change.factor))
    new = {
        "type": change.type,
        "factor": factor,
        "narration": change.narration,
        "reason": "changed in review",
        "confidence": 1.0,
        "evidence": (),
    }
    try:
        return EditAction.model_validate(dict(action) | new)
    except ValidationError as error:
        fault = str(error.errors(include_url=False)[0]["msg"]).removeprefix("Value error, ")
        raise PlanError(f"action '{change.id}': {fault}") from error


def _same_recording(edited: EditPlan, plan: EditPlan) -> EditPlan:
    if (edited.recording_sha256, edited.duration) != (plan.recording_sha256, plan.duration):
        raise PlanError("the edited plan was made for another recording; change the plan of this run")
    return edited
