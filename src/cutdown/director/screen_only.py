"""A plan for a recording in which nobody speaks: by the screen alone.

Every state of the screen stays visible for a moment, everything that changes is shown. Sound that is
not silent is content of its own and keeps its picture.
"""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import Final

from cutdown.director.pieces import Piece, planned_length, with_keeps
from cutdown.director.screen import Screen, Stretch
from cutdown.director.talk import Talk, milliseconds
from cutdown.plan import Evidence
from cutdown.signals import Signals

_READING: Final = 1_200  # ms that a new state of the screen stays
_LEAD: Final = 300  # ms of stillness before the next change
_SHORTEST_DEAD: Final = 2_000  # ms of stillness that are nobody's loss
_TYPING: Final = 0.02  # share of pixels; below, the change is typing or a progress bar
_LONG_TYPING: Final = 6_000  # ms of it that are shown faster
_TYPING_SPEED: Final = Fraction(2)
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
    decided: list[Piece] = []
    for part in Screen(signals).between(0, duration):
        if any(sound.start < part.end and sound.end > part.start for sound in talk.sounds):
            continue
        if part.still:
            decided += _rest(part, duration)
        elif part.changed < _TYPING and part.length >= _LONG_TYPING:
            decided.append(_faster(part, _TYPING_SPEED))
    pieces = with_keeps(decided, duration, talk)
    return pieces if target is None else _towards(pieces, target)


def _rest(part: Stretch, duration: int) -> list[Piece]:
    if part.length <= _SHORTEST_DEAD:
        return []
    end = part.end if part.end == duration else part.end - _LEAD
    return [
        Piece(
            part.start + _READING,
            end,
            "cut",
            "Dead time: the screen stands still",
            0.9,
            (Evidence(kind="still", note="the screen does not change"),),
        )
    ]


def _faster(part: Stretch, factor: Fraction) -> Piece:
    return Piece(
        part.start,
        part.end,
        "speedup",
        "Typing or a progress bar, shown faster",
        0.7,
        (Evidence(kind="activity", note=f"up to {part.changed:.1%} of the picture changes"),),
        factor=factor,
    )


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
