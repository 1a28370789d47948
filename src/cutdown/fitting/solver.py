"""Fits all lines of a timeline at once, for the least discomfort.

One mixed-integer linear programme over the whole timeline. For every line it knows each part of the picture, the
silence beside it, the voice, and the words that name what is shown; two lines share the silence
between them, and a voice that changes its pace from one line to the next costs something. Picture is
counted in whole frames. The bounds are hard (`limits`), the costs are those of `discomfort`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray

from cutdown.fitting import discomfort as cost
from cutdown.fitting.limits import (
    EASY_HOLD,
    EASY_SLOW,
    EASY_VOICE,
    FASTEST_VOICE,
    HOLD_LIMIT,
    LAST_RESORT,
    LATEST_START,
    LEAD,
    SLOWEST,
    STILL_LEFT,
    SYNC_TOLERANCE,
    TAIL,
    TRIM_FROM,
)
from cutdown.fitting.programme import Programme, Row
from cutdown.fitting.slack import Room
from cutdown.fitting.slots import Part, Slot
from cutdown.timebase import SAMPLE_RATE
from cutdown.timeline import Lever

_LATER_FIRST: Final = 1e-5  # of a price; of two parts that would do, the later one changes
_TEMPO_GRID: Final = 1000  # tempos are written in thousandths
_ROUNDED: Final = 2.0  # frames; so much later rounding can move a word against its picture
_ENDLESS: Final = 1e6  # frames; nothing is as long
NEIGHBOURS: Final = Fraction(4)  # s between two lines that are still heard as one voice going on


@dataclass(frozen=True)
class PartFit:
    """What happens to one part of a line's picture, in frames."""

    trimmed: int
    restored: int
    slowed: int
    strained: int
    """Of picture slowed beyond its bound."""
    held: int

    @property
    def longer(self) -> int:
        """Frames that the part has more than before."""
        return self.restored + self.slowed + self.strained + self.held - self.trimmed


@dataclass(frozen=True)
class Fit:
    """What happens to one line; frames, if nothing else is said."""

    parts: tuple[PartFit, ...]
    before: int
    after: int
    tempo: Fraction
    wait: int
    """Samples at 48 kHz between the usual lead and the line's first word."""
    flagged: int
    """For which a frame stands still because nothing else was left."""
    apart: float
    """Seconds by which its words miss what they name, beyond the tolerance, in all."""
    discomfort: dict[Lever, float]
    """By lever."""


def fit_lines(slots: Sequence[Slot], rate: Fraction) -> list[Fit]:
    """Fit every line.

    Args:
        slots: what each line has, in the timeline's order.
        rate: frames a second of the output.

    Returns:
        A fit for each line.
    """
    if not slots:
        return []
    programme = Programme()
    lines = [_Line(slot, programme, rate) for slot in slots]
    for line, following in pairwise(lines):
        _share_room(line, following, programme)
        if _near(line.slot, following.slot, rate):
            _keep_pace(line, following, programme)
    values = programme.solve()
    return [line.fit(values) for line in lines]


def _share_room(line: _Line, following: _Line, programme: Programme) -> None:
    after, before = line.slot.after, following.slot.before
    if after is not None and before is not None and after.neighbour == before.neighbour:
        row = [(line.after, 1.0), (following.before, 1.0)]
        programme.bind(row, 0, after.spare)


def _near(slot: Slot, following: Slot, rate: Fraction) -> bool:
    return following.parts[0].piece.start - slot.parts[-1].piece.end <= NEIGHBOURS * rate


def _keep_pace(line: _Line, following: _Line, programme: Programme) -> None:
    """A change of pace, up or down, costs in proportion."""
    change = programme.variable(1, cost.UNEVEN, whole=False)
    ours = [(column, 1 / line.voice) for column in line.saved]
    theirs = [(column, -1 / following.voice) for column in following.saved]
    programme.bind([*ours, *theirs, (change, -1.0)], -_ENDLESS, 0)
    programme.bind([*ours, *theirs, (change, 1.0)], 0, _ENDLESS)


class _PartVariables:
    """The levers on one part of the picture."""

    def __init__(self, part: Part, place: int, slot: Slot, programme: Programme, rate: Fraction) -> None:
        self.part = part
        piece = part.piece
        lean = 1 - _LATER_FIRST * place

        def lever(most: int, price: float) -> int:
            return programme.variable(max(0, most), price * lean / float(rate))

        trimmable = piece.ticks - math.ceil(STILL_LEFT * rate) if part.still and slot.trims else 0
        self.trimmed = lever(trimmable, cost.TRIMMED)
        self.restored = lever(piece.ticks - piece.frames, cost.RESTORED)
        easy = math.floor(piece.ticks / EASY_SLOW) - piece.ticks
        far = math.floor(piece.ticks / SLOWEST) - piece.ticks
        self.slowed = (lever(easy, cost.SLOWED), lever(far - easy, cost.SLOWED_FAR))
        self.strained = lever(math.floor(piece.ticks / LAST_RESORT) - piece.ticks - far, cost.STRAINED)
        self.held = lever(math.floor(HOLD_LIMIT * rate) if part.can_hold else 0, 0.0)

    def frames(self) -> Row:
        """Output frames beyond those it has before it is fitted."""
        more = (self.restored, *self.slowed, self.strained, self.held)
        return [(self.trimmed, -1.0), *((column, 1.0) for column in more)]


class _Line:
    """The variables of one line, and what they came to be."""

    def __init__(self, slot: Slot, programme: Programme, rate: Fraction) -> None:
        self.slot = slot
        self._programme = programme
        self._rate = rate
        self.voice = float(slot.samples / SAMPLE_RATE * rate)
        """Frames that the line takes unhurried."""
        second = 1 / float(rate)
        self._parts = [
            _PartVariables(part, place, slot, programme, rate) for place, part in enumerate(slot.parts)
        ]
        self.before = self._room(slot.before, programme)
        self.after = self._room(slot.after, programme)
        easy = self.voice * float(1 - 1 / EASY_VOICE)
        most = self.voice * float(1 - 1 / FASTEST_VOICE)
        self.saved = (
            programme.variable(easy, cost.HURRIED * second, whole=False),
            programme.variable(most - easy, cost.HURRIED_FAR * second, whole=False),
        )
        latest = float(LATEST_START * rate) if slot.anchors else 0.0
        self._wait = programme.variable(latest, cost.WAITING * second, whole=False)
        self._idle = (
            programme.variable(float(TRIM_FROM * rate), cost.RESTING * second, whole=False),
            programme.variable(_ENDLESS, cost.IDLE * second, whole=False),
        )
        self._flagged = programme.variable(_ENDLESS, cost.UNSOLVED * second)
        self._held = self._steps_of_held(programme)
        self._apart = [self._tie(anchor.samples, anchor.tick, programme) for anchor in slot.anchors]
        self._balance(programme)

    def _room(self, room: Room | None, programme: Programme) -> int:
        price = cost.SLACK[room.kind] if room else 0.0
        return programme.variable(room.ticks if room else 0, price / float(self._rate))

    def _steps_of_held(self, programme: Programme) -> tuple[int, int]:
        """What is held under the line in all costs more beyond a second."""
        easy = programme.variable(
            math.floor(EASY_HOLD * self._rate), cost.HELD / float(self._rate), whole=False
        )
        long = programme.variable(_ENDLESS, cost.HELD_LONG / float(self._rate), whole=False)
        row = [(variables.held, 1.0) for variables in self._parts]
        programme.bind([*row, (easy, -1.0), (long, -1.0)], 0, 0)
        return easy, long

    def _balance(self, programme: Programme) -> None:
        """Picture and line are equally long."""
        row = [entry for variables in self._parts for entry in variables.frames()]
        row += [(column, 1.0) for column in (self.before, self.after, self._flagged, *self.saved)]
        row += [(column, -1.0) for column in (self._wait, *self._idle)]
        missing = self.voice + float((LEAD + TAIL) * self._rate)
        missing -= sum(part.piece.frames for part in self.slot.parts)
        programme.bind(row, missing, missing)

    def _tie(self, samples: Fraction, tick: int, programme: Programme) -> int:
        """A word's distance from its picture, beyond the tolerance."""
        second = 1 / float(self._rate)
        apart = programme.variable(_ENDLESS, cost.APART * second, whole=False)
        allowed = max(0.0, float(SYNC_TOLERANCE * self._rate) - _ROUNDED)
        near = programme.variable(allowed, cost.NEAR * second, whole=False)
        ahead = [variables for variables in self._parts if variables.part.piece.end <= tick]
        shown = [entry for variables in ahead for entry in variables.frames()]
        share = float(samples / self.slot.samples)
        said = [(self._wait, 1.0), *((column, -share) for column in self.saved)]
        row = [*shown, (self.before, 1.0), *((column, -weight) for column, weight in said)]
        late = share * self.voice + float(LEAD * self._rate)
        late -= sum(variables.part.piece.frames for variables in ahead)
        programme.bind([*row, (near, -1.0), (apart, -1.0)], -_ENDLESS, late)
        programme.bind([*row, (near, 1.0), (apart, 1.0)], late, _ENDLESS)
        return apart

    def fit(self, values: NDArray[np.float64]) -> Fit:
        """The line's fit, with its voice no faster than its picture asks for."""
        whole = np.rint(values).astype(int)
        parts = tuple(
            PartFit(
                int(whole[v.trimmed]),
                int(whole[v.restored]),
                int(whole[list(v.slowed)].sum()),
                int(whole[v.strained]),
                int(whole[v.held]),
            )
            for v in self._parts
        )
        before, after, flagged = (int(whole[column]) for column in (self.before, self.after, self._flagged))
        frames = before + after + flagged
        for part, change in zip(self.slot.parts, parts, strict=True):
            frames += part.piece.frames + change.longer
        wait = max(0, math.floor(values[self._wait] / float(self._rate) * SAMPLE_RATE))
        tempo = _tempo(self.slot.samples, frames / self._rate - LEAD - TAIL - Fraction(wait, SAMPLE_RATE))
        return Fit(
            parts,
            before,
            after,
            FASTEST_VOICE if flagged or any(part.strained for part in parts) else tempo,
            wait,
            flagged,
            apart=float(values[self._apart].sum() / float(self._rate)) if self._apart else 0.0,
            discomfort=self._discomfort(values),
        )

    def _discomfort(self, values: NDArray[np.float64]) -> dict[Lever, float]:
        columns: dict[Lever, tuple[int, ...]] = {
            "slack": (self.before, self.after),
            "slow": tuple(column for v in self._parts for column in (v.restored, *v.slowed)),
            "hold": self._held,
            "voice": self.saved,
            "trim": tuple(variables.trimmed for variables in self._parts),
            "sync": (self._wait, *self._apart),
            "flag": (self._flagged, *(variables.strained for variables in self._parts)),
        }
        return {lever: self._programme.cost(values, those) for lever, those in columns.items()}


def _tempo(samples: int, seconds: Fraction) -> Fraction:
    """The least hurry that lets a line end in time, in thousandths."""
    exact = samples / (SAMPLE_RATE * seconds) if seconds > 0 else FASTEST_VOICE
    return min(FASTEST_VOICE, max(Fraction(1), Fraction(math.ceil(exact * _TEMPO_GRID), _TEMPO_GRID)))
