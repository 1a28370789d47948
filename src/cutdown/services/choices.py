"""Which provider does a phase's work, and which ones after it: what a user wrote, understood and made whole.

One choice is ``provider``, ``provider/model`` or, for voices, ``provider:voice/model``; several are
separated by commas and are tried in that order.
"""

from __future__ import annotations

import contextlib
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import Any, Final, Literal

from cutdown.errors import MissingKeyError, UsageError
from cutdown.services.connections import Connection, connection_to, providers
from cutdown.services.prices import PriceBook
from cutdown.timebase import Frozen

Role = Literal["transcriber", "llm", "voice"]

_OPTION: Final[Mapping[Role, str]] = {"transcriber": "--transcriber", "llm": "--llm", "voice": "--voice"}
_USUAL: Final[Mapping[Role, str]] = {
    "transcriber": "transcription_model",
    "llm": "language_model",
    "voice": "speech_model",
}


class Choice(Frozen):
    """One provider with its model, and its voice where it speaks."""

    provider: str
    model: str = ""
    voice: str = ""
    base_url: str = ""
    """Only where it is not the provider's own; another server gives other answers."""

    @property
    def is_service(self) -> bool:
        """Whether it is reached over a network."""
        return self.provider in providers()

    def __str__(self) -> str:
        """As a user writes it."""
        voice = f":{self.voice}" if self.voice else ""
        return f"{self.provider}{voice}{f'/{self.model}' if self.model else ''}"


def parse_choices(text: str, role: Role, names: Collection[str]) -> tuple[Choice, ...]:
    """The choices of a list such as ``openai/gpt-4o-mini,offline``, in order.

    Args:
        text: what the user wrote.
        role: whose option it is.
        names: providers that can do this work.

    Raises:
        UsageError: an unknown provider, an empty entry, or one that is named twice.
    """
    found: list[Choice] = []
    for entry in text.split(","):
        head, _, model = entry.strip().partition("/")
        name, _, voice = head.partition(":")
        if name not in names:
            raise UsageError(
                f"{_OPTION[role]} '{text}': no provider named '{name}'; choose from {', '.join(sorted(names))}, "
                "or several separated by commas"
            )
        if voice and role != "voice":
            raise UsageError(
                f"{_OPTION[role]} '{text}': write the model after a slash, as in '{name}/{voice}'"
            )
        choice = Choice(provider=name, model=model, voice=voice)
        if choice in found:
            raise UsageError(f"{_OPTION[role]} '{text}': '{choice}' is named twice; name it once")
        found.append(choice)
    return tuple(found)


def completed(choices: tuple[Choice, ...], role: Role, *, keys: bool = True) -> tuple[Choice, ...]:
    """The choices with what was left open filled in: from the connection, else the usual one.

    Args:
        choices: what the user wrote.
        role: whose option it is.
        keys: whether services have to be within reach; a forecast needs none.

    Raises:
        MissingKeyError: for a service without a key.
        UsageError: for a service that needs to be told its model.
    """
    return tuple(_completed(choice, role, keys=keys) if choice.is_service else choice for choice in choices)


def _completed(choice: Choice, role: Role, *, keys: bool) -> Choice:
    try:
        connection = connection_to(choice.provider)
    except MissingKeyError:
        if keys:
            raise
        connection = Connection()
    usual = providers()[choice.provider]
    model = choice.model or (connection.model if role == "llm" else "") or getattr(usual, _USUAL[role])
    if not model:
        raise UsageError(
            f"{_OPTION[role]} '{choice}': name the model, as in '{choice.provider}/NAME'; there is no usual one"
        )
    voice = (choice.voice or connection.voice or usual.voice) if role == "voice" else ""
    return choice.model_copy(update={"model": model, "voice": voice, "base_url": connection.base_url})


def price_book(path: Path | None, choices: Iterable[Choice]) -> PriceBook:
    """The prices that count for these choices: what was agreed with their providers, and the user's own on top.

    Raises:
        UsageError: prices cannot be read.
    """
    agreed: dict[str, dict[str, Any]] = {}
    for name in dict.fromkeys(choice.provider for choice in choices if choice.is_service):
        with contextlib.suppress(MissingKeyError):  # a forecast needs none
            agreed[name] = connection_to(name).prices
    return PriceBook.read(path, agreed)
