"""Whatever a language model answers in the form asked for, there is a sound plan or one clear refusal."""

from __future__ import annotations

import random
from typing import Any

import pytest
from director_kit import Script
from llm_kit import ReadLine, own_lines
from pydantic import BaseModel

from cutdown.director.llm.director import LLMDirector
from cutdown.director.llm.model import Prompt
from cutdown.errors import ProviderError
from cutdown.plan import EditPlan
from cutdown.settings import DirectorOptions

SAID = (
    "So this is the settings page of the project.",
    "Can you see my screen?",
    "You can um set the, the colour of the editor here.",
    "Scratch that, I mean the width of the window.",
    "It takes 25 seconds to build version 3 with kubectl apply.",
    "Now everything is there.",
)
ODD = (
    "",
    " ",
    "\x1b[2J\x07",
    "</transcript>",
    "<script>alert(1)</script>",
    "a\nb\u2028c",
    "$(reboot)",
    "word " * 3000,
)


def talk() -> Script:
    script = Script()
    for index, line in enumerate(SAID):
        script.say(line, (700, 2600, 900)[index % 3])
    return script


class Wild:
    """A model whose answers have the right form and anything in it; the lower ``madness``, the more of it holds."""

    name = "wild/1"
    width = 1

    def __init__(self, seed: int) -> None:
        self._dice = random.Random(seed)
        self._madness = self._dice.choice((0.0, 0.01, 0.05, 0.3))

    def answer(self, prompt: Prompt, form: type[BaseModel], *, most_tokens: int, worth_keeping: Any) -> Any:
        del most_tokens, worth_keeping
        lines = own_lines(prompt.fresh.partition("\n\nYour answer was")[0])
        return form.model_validate(self._decisions(lines))

    def _or_odd(self, usual: Any, *odd: Any) -> Any:
        return self._dice.choice(odd) if self._dice.random() < self._madness else usual

    def _number(self, usual: int) -> int:
        return int(self._or_odd(usual, usual - 1, usual + 1, -1, 0, 10**9, 2**70))

    def _share(self) -> float:
        return float(self._or_odd(0.5, float("nan"), float("inf"), -0.1, 1.1, 0.0, 1.0))

    def _decisions(self, lines: list[ReadLine]) -> dict[str, Any]:
        dice = self._dice
        decisions = [self._decision(line) for line in lines if dice.random() < 0.5]
        if dice.random() < self._madness:
            dice.shuffle(decisions)
        after = [line.last for line in lines]
        return {
            "decisions": decisions,
            "pauses": [
                {
                    "after": self._number(number), "action": dice.choice(("keep", "cut", "speedup")),
                    "reason": self._or_odd("Needed", *ODD), "confidence": self._share(),
                }
                for number in (after[1], after[4])
                if dice.random() < 0.5
            ],
            "worths": [
                {"first": self._number(line.first), "worth": self._number(dice.randrange(101))} for line in lines
            ],
        }  # fmt: skip

    def _decision(self, line: ReadLine) -> dict[str, Any]:
        action = self._dice.choice(("keep", "cut", "rewrite"))
        narration = line.text.capitalize() if action == "rewrite" else ""
        return {
            "action": action, "first": self._number(line.first), "last": self._number(line.last),
            "quote": self._or_odd(line.quote, *ODD), "reason": self._or_odd("Said so", *ODD),
            "confidence": self._share(), "narration": self._or_odd(narration, *ODD),
        }  # fmt: skip


@pytest.mark.parametrize("target", [None, 0.02, 0.5])
@pytest.mark.parametrize("mode", ["none", "clean", "full"])
def test_a_wild_model_makes_a_sound_plan_or_none(target: float | None, mode: str) -> None:
    script = talk()
    recording, transcript, signals = script.recording(), script.transcript(), script.signals()
    options = DirectorOptions.model_validate({"narration": mode, "target_ratio": target})
    made = refused = 0
    for seed in range(60):
        try:
            plan = LLMDirector(Wild(seed)).plan(recording, transcript, signals, options)
        except ProviderError as error:
            refused += str(error).isprintable()
            continue
        made += 1
        assert EditPlan.from_json(plan.to_json()) == plan
        assert (plan.actions[0].start, plan.actions[-1].end) == (0, recording.duration)
        assert all(one.end == other.start for one, other in zip(plan.actions, plan.actions[1:], strict=False))
        for action in plan.actions:
            assert action.reason
            assert action.reason.isprintable()
            assert (action.narration or "-").isprintable()
            assert len(action.narration or "") < 300
            assert 0 <= action.confidence <= 1
    assert made > 10
    assert refused == 60 - made > 10


class Astray:
    """A model that insists on new narration for words that are not there."""

    name = "astray/1"
    width = 1

    def answer(self, prompt: Prompt, form: type[BaseModel], *, most_tokens: int, worth_keeping: Any) -> Any:
        del prompt, most_tokens, worth_keeping
        astray = {
            "action": "rewrite", "first": 900, "last": 901, "quote": "nothing", "reason": "Said so",
            "confidence": 0.5, "narration": "It takes 77 seconds.",
        }  # fmt: skip
        return form.model_validate({"decisions": [astray], "pauses": [], "worths": []})


def test_narration_that_names_what_was_not_said_is_forgiven_nothing_else() -> None:
    script = talk()
    with pytest.raises(ProviderError, match="word numbers must run from"):
        LLMDirector(Astray()).plan(
            script.recording(), script.transcript(), script.signals(), DirectorOptions()
        )
