"""What kind of change a picture undergoes: from its size, its place, and how often it comes back.

Text grows along a line and stays; a bar or a counter changes the same few pixels in every look; a
pointer is small and wanders; a page changes much at once; a film changes much for long.
"""

from __future__ import annotations

import itertools
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import Final

import numpy as np
from numpy.typing import NDArray

from cutdown.signals import ChangeKind

LEAST_CHANGE: Final = 6e-5  # of all pixels: three of a small copy; a typed letter changes more

_MEMORY: Final = 10  # looks (two seconds) over which a pixel shows that it keeps changing
_KEEPS_CHANGING: Final = 3  # times within them; a letter that a block cursor leaves changes twice
_AROUND: Final = 1.5  # seconds on both sides that tell what one change belongs to
_LARGE: Final = 0.01  # share of pixels; a menu that opens is larger, a typed word smaller
_FOR_LONG: Final = 5  # large changes within the time around: a second of film or scrolling
_LINE: Final = 0.09  # share of the height: a line of large text, or two of small
_SAME_ROW: Final = 0.03  # share of the height by which the middles of one line's letters differ
_IN_A_ROW: Final = 0.6  # share of a typist's changes that follow on the same line
_BAR: Final = 6  # changes within the time before or after, from which on they count as steady
_ON_ITS_ROW: Final = 0.75  # share of a bar's changes that end on the same row
_EDGE: Final = 0.012  # share of the height: two pixels of a look
_STEADY: Final = 0.7  # share of looks in which a bar moves; a typist stops between words
_IN_PLACE: Final = 0.15  # share of a bar's changed pixels that keep changing (its counter, its wheel)
_SOLID: Final = 0.93  # share of the box of a filling bar's change that changes; letters have holes
_SPINS: Final = 0.6  # share of looks in which a spinner turns; a cursor blinks in two of five

Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Shape:
    """Where a look differs from the one before: a box in shares of the picture, and how it is filled.

    ``again`` is the share of the changed pixels that keep changing.
    """

    top: float
    bottom: float
    left: float
    right: float
    filled: float
    again: float

    @property
    def height(self) -> float:
        """Share of the picture's height."""
        return self.bottom - self.top


@dataclass(frozen=True)
class Change:
    """What changed from one look to the next: seconds, and the share of pixels.

    ``shape`` is None where nothing changed, or where nobody looked. ``blinks`` tells that
    something changed that only flickers in place, and does not count.
    """

    start: float
    end: float
    share: float
    shape: Shape | None = None
    blinks: bool = False


class ShapeReader:
    """Shapes of masks in the order of their looks; remembers the last two seconds."""

    def __init__(self) -> None:
        self._recent: deque[Mask] = deque(maxlen=_MEMORY)

    def read(self, mask: Mask) -> Shape | None:
        """The shape of the pixels that changed; None where none did."""
        self._recent.append(mask)
        rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
        if not rows.size:
            return None
        top, bottom, left, right = rows[0], rows[-1] + 1, columns[0], columns[-1] + 1
        height, width = mask.shape
        times = np.sum([earlier[mask] for earlier in self._recent], axis=0)
        return Shape(
            float(top / height),
            float(bottom / height),
            float(left / width),
            float(right / width),
            filled=float(mask.sum() / ((bottom - top) * (right - left))),
            again=float((times >= _KEEPS_CHANGING).mean()),
        )


def kinds_of(changes: Sequence[Change]) -> list[ChangeKind]:
    """The kind of each change, from what changes around it; ``none`` for what counts as no change."""
    kinds: list[ChangeKind] = []
    first, last = 0, 0
    for index, change in enumerate(changes):
        while changes[first].end < change.start - _AROUND:
            first += 1
        while last < len(changes) and changes[last].start <= change.end + _AROUND:
            last += 1
        kinds.append(_kind(change, changes[first : index + 1], changes[index:last]))
    return kinds


def kind_of_rest(looks: Sequence[Change]) -> ChangeKind:
    """What goes on in a still stretch: nothing, a cursor or a clock, or something that turns."""
    blinking = sum(look.blinks for look in looks)
    if not blinking:
        return "none"
    return "spinner" if blinking >= _SPINS * len(looks) else "blink"


def _kind(change: Change, before: Sequence[Change], after: Sequence[Change]) -> ChangeKind:
    """The kind of a change, which ends what is before it and begins what is after it."""
    if change.share < LEAST_CHANGE:
        return "none"
    if change.shape is None:
        return "unseen"
    if change.share >= _LARGE:
        large = sum(other.share >= _LARGE for other in (*before[:-1], *after))
        return "motion" if large >= _FOR_LONG else "page"
    if any(_is_progress(_small(side), len(side)) for side in (before, after)):
        return "progress"
    return "typing" if _is_typing(change.shape, _small((*before[:-1], *after))) else "pointer"


def _small(changes: Sequence[Change]) -> list[Shape]:
    return [change.shape for change in changes if change.shape and LEAST_CHANGE <= change.share < _LARGE]


def _is_progress(shapes: Sequence[Shape], looks: int) -> bool:
    """Small changes in nearly every look, on one row, that come back to the same pixels or fill a box."""
    if len(shapes) < _BAR or len(shapes) < _STEADY * looks:
        return False
    row = median(shape.bottom for shape in shapes)
    if sum(abs(shape.bottom - row) <= _EDGE for shape in shapes) < _ON_ITS_ROW * len(shapes):
        return False
    again = median(shape.again for shape in shapes)
    return again >= _IN_PLACE or median(shape.filled for shape in shapes) >= _SOLID


def _is_typing(shape: Shape, shapes: Sequence[Shape]) -> bool:
    """A change as high as a line, among others that follow each other along lines."""
    if shape.height > _LINE or len(shapes) < 2:
        return False
    middles = [(each.top + each.bottom) / 2 for each in shapes]
    followed = sum(abs(after - before) <= _SAME_ROW for before, after in itertools.pairwise(middles))
    return followed >= _IN_A_ROW * (len(middles) - 1)
