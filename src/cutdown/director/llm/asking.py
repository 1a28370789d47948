"""A question with one chance to put its answer right."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final, TypeVar

from pydantic import BaseModel

from cutdown.director.llm.model import LanguageModel, Prompt, WrongAnswerError
from cutdown.errors import ProviderError

Form = TypeVar("Form", bound=BaseModel)

WRONG_ANSWER: Final = (
    "wrong answer"  # the fault of an error that another answer of the same model might not have
)


def ask(
    model: LanguageModel,
    prompt: Prompt,
    form: type[Form],
    check: Callable[[Form], Sequence[str]],
    *,
    most_tokens: int,
    forgive: Callable[[Form], bool] = lambda _answer: False,
) -> Form:
    """A model's answer that holds.

    Args:
        model: who is asked.
        prompt: the question.
        form: what its answer has to look like.
        check: the faults of an answer, in words for the model.
        most_tokens: that it may write.
        forgive: whether a second answer with faults can be used all the same, because what is wrong
            with it is put before a person.

    Raises:
        ProviderError: the second answer is wrong too; the message tells its first fault.
        BudgetError: the request would break the budget.
    """

    def usable(answer: Form) -> bool:
        return not check(answer) or forgive(answer)

    answer, faults = _try(model, prompt, form, check, most_tokens)
    if not faults:
        assert answer is not None
        return answer
    repair = prompt.model_copy(update={"fresh": prompt.fresh + _named(answer, faults)})
    # A first answer is kept as it is: it is paid for, and what came of it is a question of its own. A second one that
    # cannot be used either is not, so that whoever runs this again gets another try.
    answer, faults = _try(model, repair, form, check, most_tokens, usable)
    if answer is not None and (not faults or forgive(answer)):
        return answer
    raise ProviderError(
        f"{model.name} answered twice in a way that cannot be used ({len(faults)} faults; the first: {faults[0]}); "
        "try another model with --llm, or name another one after it, separated by a comma",
        fault=WRONG_ANSWER,
    )


def _try(
    model: LanguageModel,
    prompt: Prompt,
    form: type[Form],
    check: Callable[[Form], Sequence[str]],
    most_tokens: int,
    worth_keeping: Callable[[Form], bool] = lambda _answer: True,
) -> tuple[Form | None, Sequence[str]]:
    try:
        answer = model.answer(prompt, form, most_tokens=most_tokens, worth_keeping=worth_keeping)
    except WrongAnswerError as error:
        return None, [str(error)]
    return answer, check(answer)


def _named(answer: BaseModel | None, faults: Sequence[str]) -> str:
    given = f"Your answer was:\n{answer.model_dump_json()}\n\n" if answer is not None else ""
    listed = "\n".join(f"- {fault}" for fault in faults[:40])
    return f"\n\n{given}Your last answer cannot be used:\n{listed}\nGive the whole answer again, with these faults put right."
