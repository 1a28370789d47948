"""What a model's answers look like. Every field is required and plain, so that every provider's schema takes it."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict


def one_line(text: str) -> str:
    """The text on one line, without signs that would steer a terminal or a voice."""
    return " ".join("".join(sign if sign.isprintable() else " " for sign in text).split())


Text = Annotated[str, AfterValidator(one_line)]


class Answer(BaseModel):
    """The base of all answers."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Part(Answer):
    """A stretch of the recording with one topic: words ``first`` to ``last``."""

    first: int
    last: int
    title: Text
    importance: int
    """0 to 10."""


class Overview(Answer):
    """What a long recording is about, before anything is decided."""

    subject: Text
    parts: list[Part]
    rules: list[Text]
    """What to keep and what to leave out of this recording in particular."""


class Decision(Answer):
    """What happens to the words ``first`` to ``last``."""

    action: Literal["keep", "cut", "rewrite"]
    first: int
    last: int
    quote: Text
    reason: Text
    confidence: float
    narration: Text


class PauseDecision(Answer):
    """What happens to the pause after a word."""

    after: int
    action: Literal["keep", "cut", "speedup"]
    reason: Text
    confidence: float


class Worth(Answer):
    """What the line that begins with the word ``first`` is worth, 0 to 100."""

    first: int
    worth: int


class Decisions(Answer):
    """What happens to the lines of one window."""

    decisions: list[Decision]
    pauses: list[PauseDecision]
    worths: list[Worth]
    """By the line's first word rather than by its place: models lose count of long lists."""
