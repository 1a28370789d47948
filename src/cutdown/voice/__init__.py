"""Voices: each turns a line of text into speech, is one file here, and one line in the table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any, Final, Protocol, cast

import numpy as np
from numpy.typing import NDArray

from cutdown.errors import UsageError
from cutdown.services.account import Account
from cutdown.services.choices import Choice

_VOICES: Final[Mapping[str, str]] = {  # a new voice: one file beside this one, one line here
    "hibari": "cutdown.voice.hibari:HibariVoice",
    "kokoro": "cutdown.voice.kokoro:KokoroVoice",
    "openai": "cutdown.voice.openai_voice:OpenAIVoice",
    "elevenlabs": "cutdown.voice.elevenlabs_voice:ElevenLabsVoice",
}


@dataclass(frozen=True)
class Speech:
    """Mono sound as a voice gave it: float32 samples in -1 to 1, at its own rate in Hz."""

    samples: NDArray[np.float32]
    rate: int


@dataclass(frozen=True)
class Pace:
    """How long a voice takes, in seconds, measured; see `cutdown.voice.forecast`."""

    syllable: float
    letter: float
    """On top of the syllables: clusters of consonants take their time."""
    pause: float
    """At a comma, a colon, a dash."""
    stop: float
    """Between two sentences."""


class Voice(Protocol):
    """Turns a line of narration into speech.

    Making one is cheap; weights are loaded when the first line is said. The same line always
    gives the same samples.
    """

    @property
    def provider(self) -> str:
        """Its name in the table."""
        ...

    @property
    def name(self) -> str:
        """Which of the provider's voices speaks."""
        ...

    @property
    def version(self) -> str:
        """Changes whenever the same line might sound different."""
        ...

    @property
    def languages(self) -> frozenset[str]:
        """Languages that it speaks, ISO 639-1."""
        ...

    @property
    def pace(self) -> Pace:
        """How fast it speaks."""
        ...

    @property
    def width(self) -> int:
        """Lines that may be said side by side, from several threads."""
        ...

    def say(self, line: str) -> Speech:
        """Speak one line.

        Raises:
            ProviderError: when it cannot be spoken.
            ModelError: when weights are missing or not the ones expected.
        """
        ...


def voice_names() -> tuple[str, ...]:
    """Every voice that can be asked for."""
    return tuple(_VOICES)


def plain_language(language: str) -> str:
    """A language without its country: ``pt`` of ``pt-BR``."""
    return language.lower().replace("_", "-").partition("-")[0]


def speaks(provider: str, language: str) -> bool:
    """Whether a voice of the table speaks a language (ISO 639-1); known without a key.

    Raises:
        UsageError: there is no such voice.
    """
    return plain_language(language) in _voice(provider).languages


def open_voice(choice: Choice, account: Account) -> Voice:
    """The voice that was chosen.

    Args:
        choice: its provider, and for a service its name and model.
        account: pays for services.

    Raises:
        UsageError: when there is none.
        MissingKeyError: no key for the service.
    """
    return cast("Voice", _voice(choice.provider).opened(choice, account))


def _voice(provider: str) -> Any:
    if provider not in _VOICES:
        raise UsageError(f"no voice named '{provider}'; choose from {', '.join(_VOICES)}")
    module, _, attribute = _VOICES[provider].partition(":")
    return getattr(import_module(module), attribute)
