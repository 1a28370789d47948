"""Distinct screens of a film, told apart by a perceptual hash.

A look is taken every 0.1 s: what is shown then, as a difference hash of 16 x 9 cells (is a cell
brighter than its left neighbour, or visibly different from it). A *screen* is what stands for at
least 0.5 s with hashes of which at most `SAME` bits differ; two screens with more than that between
them are distinct.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray

STEP = Fraction(1, 10)  # seconds between looks
SETTLED = 5  # looks: half a second
SHOWN = 2  # looks that a screen has to stand in the short version
SAME = 4  # of 288 bits; a pointer or coding noise flips a few
ACROSS, DOWN = 16, 9
VISIBLE = 3  # of 255, as a mean over a cell

Hash = NDArray[np.bool_]


@dataclass(frozen=True)
class Look:
    at: Fraction
    hash: Hash


def looks(path: Path) -> list[Look]:
    """What a film shows every 0.1 s, each by its own time stamps."""
    found: list[Look] = []
    due = Fraction(0)
    with av.open(str(path)) as film:
        stream: Any = film.streams.video[0]
        stream.thread_type = "AUTO"
        stream.codec_context.options = {"skip_loop_filter": "all"}  # in half the time, and no cell changes
        origin = Fraction(film.start_time or 0, 1_000_000)
        shown: Any = None
        for frame in film.decode(stream):
            moment = frame.pts * stream.time_base - origin
            while shown is not None and due < moment:
                found.append(Look(due, _hash(shown)))
                due += STEP
            shown = frame
        end = Fraction(film.duration or 0, 1_000_000)
    last = _hash(shown)
    while due < end:
        found.append(Look(due, last))
        due += STEP
    return found


def screens(found: Iterable[Look], settled: int = SETTLED) -> list[Look]:
    """The distinct screens, each with the moment at which it first stands."""
    distinct: list[Look] = []
    for first in runs(found, settled):
        if not any(alike(first.hash, other.hash) for other in distinct):
            distinct.append(first)
    return distinct


def runs(found: Iterable[Look], settled: int) -> Iterator[Look]:
    """The first look of every run of at least ``settled`` looks that are alike."""
    first: Look | None = None
    length = 0
    for look in found:
        if first is not None and alike(first.hash, look.hash):
            length += 1
        else:
            first, length = look, 1
        if length == settled:
            yield first


def missing(source: list[Look], output: list[Look]) -> list[Fraction]:
    """When the screens of a film stand that its short version does not show for `SHOWN` looks."""
    shown = list(runs(output, SHOWN))
    return [one.at for one in screens(source) if not any(alike(one.hash, other.hash) for other in shown)]


def seen_through(
    source: list[Look], duration: Fraction, moment_of: Callable[[Fraction], Fraction]
) -> list[Look]:
    """What a short version shows every 0.1 s, by where each moment of it lies in the source."""
    seen = []
    at = Fraction(0)
    while at < duration:
        index = min(len(source) - 1, int(moment_of(at) / STEP))
        seen.append(Look(at, source[index].hash))
        at += STEP
    return seen


def alike(one: Hash, other: Hash) -> bool:
    return int((one != other).sum()) <= SAME


def _hash(frame: Any) -> Hash:
    """Two bits a cell: brighter than its left neighbour; visibly different from it."""
    small = frame.reformat(width=ACROSS + 1, height=DOWN, format="gray", interpolation="AREA").to_ndarray()
    steps = np.diff(small.astype(np.int16), axis=1)
    return np.concatenate([(steps > VISIBLE).ravel(), (steps < -VISIBLE).ravel()])
