"""What the sound and the picture do, apart from the words."""

from __future__ import annotations

from typing import Literal

from cutdown.timebase import Frozen, Seconds, Span


class ScreenSpan(Span):
    """A stretch of picture with one character.

    ``changed`` is the largest share of pixels (0 to 1) that differ between looks within it.
    """

    still: bool
    changed: float


class Signals(Frozen):
    """Measured, never guessed; all times in seconds of the recording.

    ``silences`` lie where the sound is at its own noise floor; ``speech`` where a voice
    activity detector hears a voice; ``screen`` is gapless over the recording where there is a
    picture, and empty where there is none.
    """

    schema_version: Literal[1] = 1
    duration: Seconds
    noise_floor_db: float | None
    """dBFS (RMS of 30 ms) under which the recording counts as silent; None without sound."""
    speech_level_db: float | None
    """dBFS (RMS) of the speech; None where nobody speaks."""
    silences: tuple[Span, ...]
    speech: tuple[Span, ...]
    screen: tuple[ScreenSpan, ...]
