"""Breaths and clicks in the pauses: a cut takes them whole or leaves them whole.

What sounds in a pause without being a voice is a breath, a click, a chair. A cut in the middle of it makes
a gasp that nobody would make. A breath right before speech belongs to it and stays; any other goes.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Final

from cutdown.director.pieces import Piece
from cutdown.director.talk import Talk, milliseconds
from cutdown.signals import Signals

_LONGEST: Final = 700  # ms; the longest breaths that people take between sentences
_DRAWN_FOR: Final = 300  # ms before speech: a breath that ends nearer was taken to speak
_SHORTEST_LEFT: Final = 100  # ms that every piece keeps


def with_whole_breaths(pieces: Sequence[Piece], talk: Talk, signals: Signals) -> list[Piece]:
    """The pieces, with no border between a cut and what is kept inside a breath.

    Args:
        pieces: gapless.
        talk: the sounds that count.
        signals: where it is silent.
    """
    breaths = _breaths(talk, signals)
    starts = [start for start, _ in breaths]
    result = list(pieces)
    for index, (piece, following) in enumerate(pairwise(pieces)):
        if {piece.type, following.type} != {"cut", "keep"}:
            continue
        place = bisect_right(starts, piece.end) - 1
        if place < 0 or not breaths[place][0] < piece.end < breaths[place][1]:
            continue
        border = _border(breaths[place], into_speech=following.type == "keep", talk=talk)
        first, last = result[index].start, following.end
        if border - first >= _SHORTEST_LEFT and last - border >= _SHORTEST_LEFT:
            result[index] = replace(result[index], end=border)
            result[index + 1] = replace(result[index + 1], start=border)
    return result


def _breaths(talk: Talk, signals: Signals) -> list[tuple[int, int]]:
    """Short sounds between two silences that are none of the talk's."""
    counted = {(sound.start, sound.end) for sound in talk.sounds}
    quiet = [(milliseconds(span.start), milliseconds(span.end)) for span in signals.silences]
    between = [(before[1], after[0]) for before, after in pairwise(quiet)]
    voiced = [sound.start for sound in talk.sounds]

    def is_talk(start: int, end: int) -> bool:
        place = bisect_right(voiced, end) - 1
        return (start, end) in counted or (place >= 0 and talk.sounds[place].end > start)

    return [(start, end) for start, end in between if 0 < end - start <= _LONGEST and not is_talk(start, end)]


def _border(breath: tuple[int, int], *, into_speech: bool, talk: Talk) -> int:
    """Where a cut ends or begins instead of inside a breath."""
    start, end = breath
    if not into_speech:
        return start
    after = next((sound.start for sound in talk.sounds if sound.start >= end), None)
    return start if after is not None and after - end <= _DRAWN_FOR else end
