"""Speech to text by name: who writes down what is said."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from fractions import Fraction
from pathlib import Path
from typing import Final, Protocol

from cutdown.errors import UsageError
from cutdown.progress import Progress
from cutdown.settings import SpeechOptions
from cutdown.transcript import Transcript

_TRANSCRIBERS: Final[Mapping[str, str]] = {  # a new one: one file beside this one, one line here
    "local": "cutdown.speech.whisper:Whisper",
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


def transcriber_named(name: str) -> Transcriber:
    """The transcriber of a name, imported now.

    Raises:
        UsageError: no such transcriber.
    """
    if name not in _TRANSCRIBERS:
        raise UsageError(f"no transcriber named '{name}'; choose from {', '.join(_TRANSCRIBERS)}")
    module, _, attribute = _TRANSCRIBERS[name].partition(":")
    transcriber: Transcriber = getattr(importlib.import_module(module), attribute)()
    return transcriber
