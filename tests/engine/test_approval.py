"""What a person's answer to a plan means."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest
from pydantic import ValidationError

from cutdown.approval import Answer, PlanAgain, RejectedError, decide
from cutdown.errors import PlanError
from cutdown.plan import EditAction, EditPlan

PLAN = EditPlan(
    recording_sha256="0" * 64,
    duration=Fraction(30),
    director="offline/2",
    actions=(
        EditAction(
            id="a1", type="keep", start=Fraction(0), end=Fraction(10), reason="said well", quote="hello"
        ),
        EditAction(
            id="a2", type="cut", start=Fraction(10), end=Fraction(20), reason="a pause", confidence=0.8
        ),
        EditAction(
            id="a3", type="speedup", start=Fraction(20), end=Fraction(30), factor=Fraction(8), reason="a wait"
        ),
    ),
)


def say(**answer: Any) -> EditPlan | PlanAgain:
    return decide(PLAN, Answer.model_validate({"verdict": "approve"} | answer))


def test_a_length_has_an_end() -> None:
    with pytest.raises(ValidationError, match="finite number"):
        Answer.model_validate({"verdict": "plan again", "target_seconds": "inf"})


def test_an_answer_needs_a_decision() -> None:
    with pytest.raises(ValidationError, match="verdict"):
        Answer.model_validate({})


def test_a_plan_that_is_approved_is_rendered_as_it_is() -> None:
    assert say() is PLAN
    assert say(note="good") is PLAN


def test_a_rejection_says_why() -> None:
    with pytest.raises(RejectedError, match="rejected: too long"):
        say(verdict="reject", note=" too long ")
    with pytest.raises(RejectedError, match="no note was left"):
        say(verdict="reject")


def test_another_length_is_planned_for() -> None:
    assert say(verdict="plan again", target_seconds=12.5) == PlanAgain(target_seconds=Fraction(25, 2))


def test_single_actions_are_changed_and_the_rest_stays() -> None:
    changed = say(
        changes=[
            {"id": "a1", "type": "cut"},
            {"id": "a2", "type": "rewrite", "narration": "Now it is built."},
            {"id": "a3", "type": "speedup", "factor": 2.5},
        ]
    )
    assert isinstance(changed, EditPlan)
    assert [action.type for action in changed.actions] == ["cut", "rewrite", "speedup"]
    assert changed.actions[1].narration == "Now it is built."
    assert changed.actions[2].factor == Fraction(5, 2)
    assert [action.span for action in changed.actions] == [action.span for action in PLAN.actions]
    assert changed.actions[0].quote == "hello"
    assert EditPlan.from_json(changed.to_json()) == changed


def test_a_whole_edited_plan_replaces_it() -> None:
    edited = PLAN.model_copy(update={"actions": (PLAN.actions[0], PLAN.actions[1], PLAN.actions[2])})
    text = edited.to_json().replace("a pause", "a cough")
    changed = say(plan=text)
    assert isinstance(changed, EditPlan)
    assert changed.actions[1].reason == "a cough"


@pytest.mark.parametrize(
    ("answer", "fault"),
    [
        ({"verdict": "plan again"}, "needs the length"),
        ({"target_seconds": 9}, "'plan again' only"),
        ({"changes": [{"id": "a9", "type": "cut"}]}, "no action 'a9'; its actions are a1 to a3"),
        ({"changes": [{"id": "a1", "type": "cut"}, {"id": "a1", "type": "keep"}]}, "'a1' is changed twice"),
        ({"changes": [{"id": "a2", "type": "rewrite"}]}, "action 'a2': a rewrite needs 'narration'"),
        ({"changes": [{"id": "a1", "type": "speedup"}]}, "action 'a1': a speedup needs a 'factor'"),
        (
            {"changes": [{"id": "a1", "type": "keep", "factor": 2}]},
            "action 'a1': 'factor' belongs to speedup",
        ),
        ({"plan": "not json"}, "the edited plan is not JSON"),
        ({"plan": PLAN.to_json().replace('"0000', '"1000')}, "made for another recording"),
        ({"plan": PLAN.to_json().replace('"a2"', '"a1"')}, "action 'a1': the id is used twice"),
        ({"plan": PLAN.to_json(), "changes": [{"id": "a1", "type": "cut"}]}, "not both"),
    ],
)
def test_what_cannot_be_followed_is_told_in_one_line(answer: dict[str, Any], fault: str) -> None:
    with pytest.raises(PlanError, match=fault) as told:
        say(**answer)
    assert "\n" not in str(told.value)
