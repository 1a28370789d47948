"""Speech to text by name: who writes down what is said."""

from __future__ import annotations

import importlib
from collections.abc import Mapping, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Final, Protocol

from cutdown.errors import UsageError
from cutdown.progress import Progress
from cutdown.services.account import Account
from cutdown.services.choices import Choice
from cutdown.services.fallback import first_that_delivers
from cutdown.settings import SpeechOptions
from cutdown.transcript import Transcript

_TRANSCRIBERS: Final[Mapping[str, str]] = {  # a new one: one file beside this one, one line here
    "local": "cutdown.speech.whisper:Whisper",
    "openai": "cutdown.speech.openai_speech:OpenAISpeech",
}


class Transcriber(Protocol):
    """Writes down what is said, with the time of every word."""

    def transcribe(
        self, sound: Path, options: SpeechOptions, *, duration: Fraction, progress: Progress
    ) -> Transcript:
        """Write down one sound track.

        Args:
            sound: mono 16-bit WAV at 16 kHz whose sample numbers are times of the recording.
            options: model, language, glossary.
            duration: the recording's length, in seconds.
            progress: told the share done.

        Returns:
            Words in order that do not overlap, each within ``[0, duration]``; none, with the
            language ``und``, where nobody speaks.

        Raises:
            UsageError: no such model, or it does not know the language.
            ModelError: the model's files are missing or are not the ones expected.
            MediaError: the sound is not such a WAV.
            ProviderError: a service did not deliver.
        """
        ...


def transcriber_names() -> tuple[str, ...]:
    """Everyone who can be asked to transcribe."""
    return tuple(_TRANSCRIBERS)


def open_transcriber(choice: Choice, account: Account) -> Transcriber:
    """The transcriber that was chosen, imported now.

    Raises:
        UsageError: no such transcriber.
        MissingKeyError: no key for the service.
    """
    if choice.provider not in _TRANSCRIBERS:
        raise UsageError(f"no transcriber named '{choice.provider}'; choose from {', '.join(_TRANSCRIBERS)}")
    module, _, attribute = _TRANSCRIBERS[choice.provider].partition(":")
    transcriber: Transcriber = getattr(importlib.import_module(module), attribute).opened(choice, account)
    return transcriber


class FirstTranscriber:
    """Transcribers in the user's order: the first that delivers.

    Args:
        choices: who is asked, and who goes on when that one does not deliver.
        account: pays for services.
    """

    def __init__(self, choices: Sequence[Choice], account: Account) -> None:
        self._choices = choices
        self._account = account

    def transcribe(
        self, sound: Path, options: SpeechOptions, *, duration: Fraction, progress: Progress
    ) -> Transcript:
        """Write down one sound track; see `Transcriber`."""
        return first_that_delivers(
            self._choices,
            lambda choice: open_transcriber(choice, self._account).transcribe(
                sound, options, duration=duration, progress=progress
            ),
            self._account,
        )
