"""Several plans of one model: the best by our own objective stays, and where they differ nobody is sure."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from typing import Any

import pytest
from director_kit import Script, goes, of_type, stays
from llm_kit import decision, own_lines, think, worths
from model_kit import ASIDE, FIRST, SECOND, Asked, Model, deciding, long_talk, made, talk

from cutdown.director.llm.director import first_prompts
from cutdown.director.llm.prompts import views
from cutdown.errors import ProviderError
from cutdown.plan import DOUBTFUL, EditPlan
from cutdown.settings import DirectorOptions

Brain = Callable[[Asked], Any]


def by_view(*brains: Brain) -> Brain:
    """A model that answers each view in another way."""

    def brain(asked: Asked) -> Any:
        told = [bool(view) and asked.prompt.fresh.count(view) > 0 for view in views(len(brains))]
        return brains[told.index(True) if True in told else 0](asked)

    return brain


def cutting(*lines: int) -> Brain:
    return deciding(
        *(lambda given, line=line: decision("cut", given[line], confidence=0.9) for line in lines)
    )


def test_one_candidate_is_asked_for_by_default_and_says_nothing_of_others() -> None:
    model = Model(think)
    plan = made(talk(), model)
    assert len(model.asked) == 1
    assert plan.candidates == ()
    assert "candidates" not in plan.to_json()


def test_each_candidate_sees_the_recording_with_other_eyes_after_the_same_beginning() -> None:
    model = Model(think)
    plan = made(talk(), model, candidates=5)
    assert len({asked.fresh for asked in model.asked}) == 5
    plain = min((asked.fresh for asked in model.asked), key=len)
    assert all(asked.fresh.startswith(plain) for asked in model.asked)
    assert len({asked.shared + asked.stable for asked in model.asked}) == 1
    assert [one.number for one in plan.candidates] == [1, 2, 3, 4, 5]
    script, options = talk(), DirectorOptions(narration="none", candidates=5)
    foreseen = first_prompts(script.recording(), script.transcript(), script.signals(), options)
    assert sorted(asked.fresh for asked in foreseen) == sorted(asked.fresh for asked in model.asked)


def test_the_candidate_with_the_best_score_stays() -> None:
    script = long_talk(12)
    everything_but_two = cutting(*range(2, 12))
    plan = made(script, Model(by_view(everything_but_two, cutting(5))), candidates=2)
    worse, better = plan.candidates
    assert (worse.chosen, better.chosen) == (False, True)
    assert worse.coverage is not None
    assert better.coverage is not None
    assert worse.coverage < 0.4
    assert better.coverage > 0.8
    assert (better.score or 0) > (worse.score or 0)
    assert "0." in stays(plan)


def test_narration_that_names_what_was_not_said_costs_a_candidate_its_place() -> None:
    def speaking(text: str) -> Brain:
        return deciding(lambda lines: decision("rewrite", lines[3], narration=text))

    plan = made(
        talk(),
        Model(by_view(speaking("It runs on port 9090 under Docker."), speaking("It runs on port 8080."))),
        candidates=2,
        narration="clean",
    )
    assert of_type(plan, "rewrite")[0].narration == "It runs on port 8080."
    assert [one.grounded for one in plan.candidates] == [0.0, 1.0]


def test_what_others_decided_otherwise_is_less_sure_and_goes_to_review() -> None:
    agreed = made(talk(), Model(cutting(1)), candidates=3)
    (cut,) = [action for action in of_type(agreed, "cut") if action.quote]
    assert cut.confidence == 0.9
    assert not agreed.doubtful

    lonely = made(talk(), Model(by_view(cutting(), cutting(1), cutting(1))), candidates=3)
    assert lonely.candidates[0].chosen  # it covers more
    (kept,) = [action for action in of_type(lonely, "keep") if ASIDE in action.quote]
    assert "2 of 2 other candidates decided otherwise here" in [item.note for item in kept.evidence]
    assert kept.confidence < 0.9

    split = made(talk(), Model(by_view(cutting(1), cutting(1, 2, 3), cutting(1, 2, 3))), candidates=3)
    unsure = [action for action in split.actions if action.quote and action.confidence < 1]
    assert unsure
    assert [action for action in split.actions if action.confidence < DOUBTFUL] == sorted(
        split.doubtful, key=lambda action: action.start
    )


def test_a_candidate_that_does_not_hold_is_told_of_and_left_aside() -> None:
    plan = made(talk(), Model(by_view(lambda _asked: "{", cutting(1))), candidates=2)
    broken, whole = plan.candidates
    assert (broken.score, broken.chosen) == (None, False)
    assert whole.chosen
    assert ASIDE in goes(plan)
    with pytest.raises(ProviderError, match="answered twice"):
        made(talk(), Model(lambda _asked: "{"), candidates=3)


def lazy(kind: str) -> Brain:
    """Answers that hold, and decide next to nothing."""

    def brain(asked: Asked) -> dict[str, Any]:
        lines = own_lines(asked.user)
        if "parts" in asked.schema["properties"]:
            return {"subject": "A talk.", "parts": [], "rules": []}
        decisions = [decision("cut", lines[0])] if kind == "one" else []
        values = {"nothing": [], "one": [], "same": [50] * len(lines), "zero": [0] * len(lines)}[kind]
        return {"decisions": decisions, "pauses": [], "worths": worths(lines, values)}

    return brain


@pytest.mark.parametrize("kind", ["nothing", "one", "same", "zero"])
@pytest.mark.parametrize("candidates", [1, 3])
def test_a_lazy_model_makes_a_sound_plan_of_the_length_asked_for(kind: str, candidates: int) -> None:
    script = long_talk(60)
    plan = made(script, Model(lazy(kind)), target_ratio=0.3, candidates=candidates)
    assert_sound(plan, script)
    assert abs(float(plan.planned_duration) - script.at / 1000 * 0.3) < 4


def assert_sound(plan: EditPlan, script: Script) -> None:
    assert EditPlan.from_json(plan.to_json()) == plan
    assert (plan.actions[0].start, plan.actions[-1].end) == (0, script.recording().duration)
    assert all(action.reason and 0 <= action.confidence <= 1 for action in plan.actions)


def test_hostile_and_broken_answers_among_candidates_make_a_sound_plan_or_none() -> None:
    dice = random.Random(3)

    def broken(asked: Asked) -> Any:
        text = json.dumps(think(asked))
        kind = dice.choice(("whole", "cut off", "other numbers", "html"))
        if kind == "cut off":
            return text[: dice.randrange(len(text))]
        if kind == "other numbers":
            return text.replace("0", str(dice.choice((7, -1, 10**12))))
        return text if kind == "whole" else "<html><script>alert(1)</script>"

    script = talk()
    whole = refused = 0
    for _ in range(40):
        try:
            plan = made(script, Model(broken), candidates=3, target_ratio=0.6)
        except ProviderError:
            refused += 1
            continue
        whole += 1
        assert_sound(plan, script)
        assert sum(one.chosen for one in plan.candidates) == 1
    assert whole > 5
    assert refused > 0


def test_the_same_answers_of_all_candidates_give_the_same_plan_to_the_byte() -> None:
    script = Script().say(FIRST, 900).say(ASIDE, 900).say(SECOND, 900)
    assert len({made(script, Model(think, width=4), candidates=4).to_json() for _ in range(3)}) == 1
