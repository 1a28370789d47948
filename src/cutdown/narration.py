"""Speech made for the plan: one line of sound for each stretch of new narration."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from itertools import accumulate
from typing import Final, Literal

from cutdown.store import Ref
from cutdown.timebase import SAMPLE_RATE, Frozen

_STOPS: Final = (",", ";", ":", ".", "!", "?")
_PAUSE_LETTERS: Final = 4  # a comma or a full stop takes about as long as four letters


class NarrationLine(Frozen):
    """One synthesised line.

    ``sound`` is a mono 16-bit WAV at 48 kHz in the store, silence trimmed at both ends,
    ``samples`` long. ``actions`` are the plan's actions it speaks for, in order (short
    neighbours are spoken together). ``text`` is what captions show, ``spoken`` what the voice
    was given after the pronunciation dictionary.
    """

    actions: tuple[str, ...]
    text: str
    spoken: str
    sound: Ref
    samples: int

    @property
    def seconds(self) -> float:
        """Length in seconds."""
        return self.samples / SAMPLE_RATE


class Narration(Frozen):
    """All lines of one plan in one voice, in the plan's order."""

    schema_version: Literal[1] = 1
    provider: str
    voice: str
    language: str
    lines: tuple[NarrationLine, ...]
    pronunciation_fixes: int = 0
    """Replacements that the dictionary made over all lines."""
    calls: int = 0
    """Lines synthesised now; the others came from the phrase cache."""
    characters: int = 0
    """Characters given to the voice in those calls."""


def shares(words: Sequence[str]) -> list[Fraction]:
    """How a line's time is shared out among its words: by their letters and the pauses after them.

    Args:
        words: of the line, each with its punctuation.

    Returns:
        Where each word begins, as a share of the whole, and behind the last one 1.
    """
    weights = [len(word) + 1 + _PAUSE_LETTERS * word.endswith(_STOPS) for word in words]
    if weights and words[-1].endswith(_STOPS):
        weights[-1] -= _PAUSE_LETTERS  # silence after the last word was trimmed off
    total = max(1, sum(weights))
    return [Fraction(at, total) for at in accumulate(weights, initial=0)]
