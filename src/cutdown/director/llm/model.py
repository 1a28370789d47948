"""A language model as the director sees it, whoever runs it."""

from __future__ import annotations

import abc
import hashlib
from collections.abc import Callable, Mapping
from typing import Any, ClassVar, Final, Protocol, Self, TypeVar

from pydantic import BaseModel, ValidationError

from cutdown.services.account import Account
from cutdown.services.choices import Choice
from cutdown.services.door import Request
from cutdown.services.used import Used
from cutdown.timebase import Frozen

Form = TypeVar("Form", bound=BaseModel)

DEADLINE: Final = 240.0  # seconds for one answer; a long one of a thinking model takes two minutes
_BYTES_A_TOKEN: Final = 3  # English has 4 or more, and a Chinese character, three bytes long, takes about one


class Prompt(Frozen):
    """What a model is told; the parts that stay the same come first, so that prompt caches hit."""

    stable: str
    """Instructions, the same for every recording."""
    shared: str
    """The same for every request about this recording."""
    fresh: str
    """This request alone."""

    def most_tokens(self) -> int:
        """The most tokens it may come to, by its length."""
        return len((self.stable + self.shared + self.fresh).encode()) // _BYTES_A_TOKEN + 500


class WrongAnswerError(Exception):
    """An answer that is not of the form asked for; its text names the fault."""


class LanguageModel(Protocol):
    """Answers in a form."""

    @property
    def name(self) -> str:
        """Provider and model."""
        ...

    @property
    def width(self) -> int:
        """Requests that may run side by side, from several threads."""
        ...

    def answer(
        self,
        prompt: Prompt,
        form: type[Form],
        *,
        most_tokens: int,
        worth_keeping: Callable[[Form], bool] = lambda _answer: True,
    ) -> Form:
        """The model's answer; one that was kept is not asked for again.

        Args:
            prompt: what it is told.
            form: what its answer has to look like.
            most_tokens: that it may write, thinking included.
            worth_keeping: whether an answer is kept.

        Raises:
            WrongAnswerError: the answer is not of that form.
            ProviderError: there is no answer.
            BudgetError: the request would break the budget.
        """
        ...


class ServiceModel(abc.ABC):
    """A language model behind a provider's SDK; a subclass knows how that one is spoken to."""

    provider: ClassVar[str]

    def __init__(self, choice: Choice, account: Account) -> None:
        self.name = f"{choice.provider}/{choice.model}"
        self._model = choice.model
        self._base_url = choice.base_url
        self._door = account.door(self.provider)
        self.width = self._door.width

    @classmethod
    def opened(cls, choice: Choice, account: Account) -> Self:
        """The model that was chosen."""
        return cls(choice, account)

    @abc.abstractmethod
    async def send(self, client: Any, prompt: Prompt, form: type[BaseModel], most_tokens: int) -> Any:
        """The raw answer of the SDK."""
        ...

    @abc.abstractmethod
    def used(self, raw: Any) -> Used:
        """What the answer says it used."""
        ...

    @abc.abstractmethod
    def read(self, raw: Any, form: type[Form]) -> Form:
        """The answer in its form.

        Raises:
            WrongAnswerError: it is of another form.
        """
        ...

    def answer(
        self,
        prompt: Prompt,
        form: type[Form],
        *,
        most_tokens: int,
        worth_keeping: Callable[[Form], bool] = lambda _answer: True,
    ) -> Form:
        """The model's answer; see `LanguageModel.answer`."""
        told = (self._base_url, prompt.model_dump_json(), str(form.model_json_schema()), most_tokens)

        async def send(client: Any) -> Any:
            return await self.send(client, prompt, form, most_tokens)

        return self._door.ask(
            Request(
                model=self._model,
                most=Used(prompt_tokens=prompt.most_tokens(), completion_tokens=most_tokens),
                send=send,
                used=self.used,
                read=lambda raw: self.read(raw, form),
                deadline=DEADLINE,
                form=form,
                worth_keeping=worth_keeping,
                known_by=hashlib.sha256(repr(told).encode()).hexdigest(),
            )
        )


def require_whole(finished: str, whole: str) -> None:
    """See that an answer was not broken off.

    Raises:
        WrongAnswerError: it was, or the model declined.
    """
    if finished != whole:
        raise WrongAnswerError(
            f"the answer ended early ({finished}); give the whole answer, and keep it shorter"
        )


def body_of(raw: Any) -> Mapping[str, Any]:
    """The JSON object that came.

    Raises:
        TypeError: it is none.
    """
    body = raw.http_response.json()
    if not isinstance(body, dict):
        raise TypeError("no object")
    return body


def filled(form: type[Form], text: str) -> Form:
    """The form, with what a model wrote.

    Raises:
        WrongAnswerError: it is not of that form; told without what it said.
    """
    try:
        return form.model_validate_json(text)
    except ValidationError as error:
        fault = error.errors(include_url=False, include_input=False)[0]
    place = ".".join(str(part) for part in fault["loc"])
    raise WrongAnswerError(
        f"{place}: {fault['msg']}" if place else "the answer is not the JSON object that was asked for"
    )
