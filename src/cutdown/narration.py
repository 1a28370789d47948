"""Speech made for the plan: one line of sound for each stretch of new narration."""

from __future__ import annotations

from typing import Literal

from cutdown.store import Ref
from cutdown.timebase import SAMPLE_RATE, Frozen


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
