"""What a line has to be fitted into: its picture in parts, the room beside it, the moments its words name."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction

from cutdown.fitting.anchors import Anchor
from cutdown.fitting.calm import Calm
from cutdown.fitting.limits import STILL_LEFT
from cutdown.fitting.pieces import Piece, Stretch
from cutdown.fitting.slack import Room


@dataclass(frozen=True)
class Part:
    """Neighbouring ticks of one action that are alike: all still, or none.

    ``can_hold`` where its last tick is part of a still screen; ``pins`` where its end is a moment
    that the line names, so that what lies before and behind it may not be mixed.
    """

    piece: Piece
    still: bool
    can_hold: bool
    pins: bool = False


@dataclass(frozen=True)
class Slot:
    """One line and all that the fitting may use for it."""

    line: int
    samples: int
    """Length of the line at 48 kHz, unhurried."""
    parts: tuple[Part, ...]
    before: Room | None
    after: Room | None
    anchors: tuple[Anchor, ...]
    trims: bool
    """Whether still parts may be left out: only where the line replaces what was said."""


def parts_of(
    stretches: Sequence[Stretch], anchors: Sequence[Anchor], calm: Calm, rate: Fraction
) -> tuple[Part, ...]:
    """The picture of a line, parted where it begins and stops to move and where the line names it."""
    pins = {anchor.tick for anchor in anchors}
    return tuple(part for stretch in stretches for part in _parts(stretch.as_piece(), pins, calm, rate))


def _parts(piece: Piece, pins: set[int], calm: Calm, rate: Fraction) -> Iterator[Part]:
    whole = piece.frames == piece.ticks
    ends = {piece.end}
    stills = _still_runs(piece, calm, rate) if whole else []
    if whole:
        ends |= {tick for run in stills for tick in run if piece.start < tick < piece.end}
        ends |= {tick for tick in pins if piece.start < tick < piece.end}
    start = piece.start
    for end in sorted(ends):
        still = any(first <= start and end <= last for first, last in stills)
        last_shown = Fraction(end - 1) / rate
        yield Part(
            Piece(piece.action, start, end, end - start if whole else piece.frames),
            still=still,
            can_hold=(still or end == piece.end) and calm.still_until(last_shown) > last_shown,
            pins=end in pins,
        )
        start = end


def _still_runs(piece: Piece, calm: Calm, rate: Fraction) -> list[tuple[int, int]]:
    """Ticks ``[first, last)`` of each stretch of the piece in which the screen is still for a while."""
    runs = []
    for start, stop in calm.still_within(piece.start / rate, piece.end / rate):
        first, last = math.ceil(start * rate), math.floor(stop * rate)
        if last - first >= STILL_LEFT * rate:
            runs.append((first, last))
    return runs
