"""What was said, word by word."""

from __future__ import annotations

from typing import Final, Literal

from pydantic import BaseModel

from cutdown.timebase import Frozen, Seconds, Span

UNDETERMINED: Final = "und"
"""The language where nobody speaks."""


class Word(Span):
    """One word as recognised, with its punctuation; times in seconds of the recording.

    Word starts err by about 0.1 s and ends come early by about 0.25 s: snap to silence
    before cutting.
    """

    text: str
    probability: float = 1.0


class TranscriptSegment(Frozen):
    """A run of words that the recogniser gave together: ``words[first:end]``.

    Its times may span long silences. Read words, never segments, to cut.
    """

    first: int
    end: int


class _Language(BaseModel):
    language: str


def language_of(text: str) -> str:
    """The language of a transcript in its JSON form, without reading its words."""
    return _Language.model_validate_json(text).language


class Transcript(Frozen):
    """All words of one sound track in order; no words means that nobody speaks."""

    schema_version: Literal[1] = 1
    language: str
    """ISO 639-1 code, or ``und`` where nobody speaks."""
    model: str
    method: Literal["local", "api"] = "local"
    duration: Seconds
    words: tuple[Word, ...]
    segments: tuple[TranscriptSegment, ...]

    def text(self) -> str:
        """All words, joined by spaces."""
        return " ".join(word.text for word in self.words)
