"""A language model in the test's process, and talks to ask it about."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from director_kit import Script
from llm_kit import own_lines, worths
from pydantic import BaseModel, ValidationError

from cutdown.director.llm.director import LLMDirector
from cutdown.director.llm.model import Prompt, WrongAnswerError
from cutdown.plan import EditPlan
from cutdown.settings import DirectorOptions

Form = TypeVar("Form", bound=BaseModel)
FIRST = "Today we look at the settings page of the editor."
ASIDE = "My cat just walked over the desk again."
SECOND = "Here you can change the colour of every window."
MUDDLED = "So the port here that is like 8080 is where it sort of runs."


@dataclass
class Asked:
    """What a brain is given."""

    prompt: Prompt
    schema: Mapping[str, Any]

    @property
    def user(self) -> str:
        return f"{self.prompt.shared}\n{self.prompt.fresh}"


@dataclass
class Model:
    """A language model in the test's process."""

    brain: Callable[[Asked], dict[str, Any] | str]
    name: str = "test/model"
    width: int = 2
    asked: list[Prompt] = field(default_factory=list)
    most: list[int] = field(default_factory=list)
    """Tokens that each answer may take."""

    def answer(
        self,
        prompt: Prompt,
        form: type[Form],
        *,
        most_tokens: int,
        worth_keeping: Callable[[Form], bool] = lambda _answer: True,
    ) -> Form:
        del worth_keeping  # it keeps nothing
        assert most_tokens > 1000
        self.asked.append(prompt)
        self.most.append(most_tokens)
        answer = self.brain(Asked(prompt, form.model_json_schema()))
        try:
            return form.model_validate_json(answer if isinstance(answer, str) else json.dumps(answer))
        except ValidationError as error:
            raise WrongAnswerError(str(error.errors()[0]["loc"])) from None


def made(script: Script, model: Model, **options: Any) -> EditPlan:
    chosen = DirectorOptions.model_validate({"narration": "none", **options})
    return LLMDirector(model).plan(script.recording(), script.transcript(), script.signals(), chosen)


def talk() -> Script:
    return Script().say(FIRST, 900).say(ASIDE, 900).say(SECOND, 900).say(MUDDLED, 600)


def deciding(
    *actions: Callable[[list[Any]], dict[str, Any]], **changes: Any
) -> Callable[[Asked], dict[str, Any]]:
    """A brain that decides the same whatever it is told."""

    def brain(asked: Asked) -> dict[str, Any]:
        lines = own_lines(asked.user)
        answer = {"decisions": [action(lines) for action in actions], "pauses": [], **changes}
        return {**answer, "worths": worths(lines, changes.get("worths", []))}

    return brain


def first_then(first: Callable[[Asked], Any], then: Callable[[Asked], Any]) -> Callable[[Asked], Any]:
    """A brain that learns from its first answer."""
    brains = iter([first])

    def brain(asked: Asked) -> Any:
        return next(brains, then)(asked)

    return brain


def long_talk(lines: int) -> Script:
    dice = random.Random(7)
    syllables = ("ba", "do", "ki", "lu", "me", "no", "pa", "ri", "so", "tu", "ve", "za")
    script = Script()
    for number in range(lines):
        words = ["".join(dice.choices(syllables, k=3)) for _ in range(9)]
        script.say(f"{words[0].title()} {' '.join(words[1:])} {number}.", 700)
    return script
