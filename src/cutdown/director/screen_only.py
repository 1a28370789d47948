"""A plan for a recording in which nobody speaks: by the screen alone.

Every state of the screen stays visible for a moment, everything that changes is shown. Sound that is
not silent is content of its own and keeps its picture.
"""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import Final

from cutdown.director.pacing import paces_without_speech
from cutdown.director.pieces import Piece, planned_length, with_keeps
from cutdown.director.quiet import paced
from cutdown.director.reading import without_words
from cutdown.director.screen import Screen
from cutdown.director.talk import Talk, milliseconds
from cutdown.signals import Signals

_FASTEST: Final = Fraction(16)
_CLOSE: Final = Fraction(102, 100)


def plan_by_screen(signals: Signals, talk: Talk, target: int | None) -> list[Piece]:
    """All pieces, gapless.

    Args:
        signals: what the screen and the sound do.
        talk: the sounds; those that are left are neither silent nor speech.
        target: length asked for in ms, or None.
    """
    duration = milliseconds(signals.duration)
    if not signals.screen:
        return with_keeps([], duration, talk)
    scenes = without_words(Screen(signals), 0, duration)
    decided = [
        piece
        for piece in paced(scenes, paces_without_speech(), every_state=True)
        if not any(sound.start < piece.end and sound.end > piece.start for sound in talk.sounds)
    ]
    pieces = with_keeps(decided, duration, talk)
    return pieces if target is None else _towards(pieces, target)


def _towards(pieces: list[Piece], target: int) -> list[Piece]:
    """Show everything that is left so much faster that the length asked for is met."""
    planned = planned_length(pieces)
    if planned <= target * _CLOSE:
        return pieces
    times = planned / target
    return [
        piece
        if piece.type == "cut"
        else replace(
            piece,
            type="speedup",
            factor=min(_FASTEST, (piece.factor or 1) * times).limit_denominator(1000),
            reason="Shown faster to meet the length asked for",
        )
        for piece in pieces
    ]
