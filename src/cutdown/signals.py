"""What the sound and the picture do, apart from the words."""

from __future__ import annotations

from typing import Literal

from cutdown.timebase import Frozen, Seconds, Span

ChangeKind = Literal["none", "blink", "spinner", "typing", "progress", "pointer", "page", "motion", "unseen"]
"""What changes: nothing; something small that blinks or turns in place; text that grows; a bar that fills;
something small that wanders; a large part at once; a large part for long; or it was not looked at."""


class ScreenSpan(Span):
    """A stretch of picture with one character.

    ``changed`` is the largest share of pixels (0 to 1) that differ between looks within it.
    """

    still: bool
    changed: float
    change: ChangeKind = "unseen"


class Signals(Frozen):
    """Measured, never guessed; all times in seconds of the recording.

    ``silences`` lie where the sound is at its own noise floor; ``speech`` where a voice
    activity detector hears a voice; ``clicks`` are short hard sounds without a voice, such as keys;
    ``hums`` are short sounds between two silences that hold one vowel, as "uh" does; ``screen`` is gapless over the recording where there is a picture, and empty where there is none.
    """

    schema_version: Literal[1] = 1
    duration: Seconds
    noise_floor_db: float | None
    """dBFS (RMS of 30 ms) under which the recording counts as silent; None without sound."""
    speech_level_db: float | None
    """dBFS (RMS) of the speech; None where nobody speaks."""
    silences: tuple[Span, ...]
    speech: tuple[Span, ...]
    clicks: tuple[Seconds, ...] = ()
    hums: tuple[Span, ...] = ()
    screen: tuple[ScreenSpan, ...]
