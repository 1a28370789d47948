"""What the screen does, asked in milliseconds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from cutdown.director.talk import milliseconds
from cutdown.signals import Signals

AT_ONCE: Final = 450  # ms; a change so short is seen by its result, which stays on the screen
_SHORT_REST: Final = 500  # ms of stillness that part two activities


@dataclass(frozen=True)
class Stretch:
    """Part of a stretch of time in which the screen stands still or does not."""

    start: int
    end: int
    still: bool
    changed: float

    @property
    def length(self) -> int:
        """Milliseconds."""
        return self.end - self.start


class Screen:
    """The screen over time; without a picture it always stands still."""

    def __init__(self, signals: Signals) -> None:
        self._active = [
            Stretch(milliseconds(s.start), milliseconds(s.end), still=False, changed=s.changed)
            for s in signals.screen
            if not s.still
        ]

    def between(self, start: int, end: int) -> Sequence[Stretch]:
        """Still and active parts of ``[start, end)``, gapless.

        A change at once counts as still, a short rest between activities as activity.
        """
        active: list[Stretch] = []
        for stretch in self._active:
            first, last = max(start, stretch.start), min(end, stretch.end)
            if last <= first or (stretch.length <= AT_ONCE):
                continue
            if active and first - active[-1].end < _SHORT_REST:
                share = max(active[-1].changed, stretch.changed)
                active[-1] = Stretch(active[-1].start, last, still=False, changed=share)
            else:
                active.append(Stretch(first, last, still=False, changed=stretch.changed))
        parts: list[Stretch] = []
        at = start
        for stretch in active:
            if stretch.start > at:
                parts.append(Stretch(at, stretch.start, still=True, changed=0.0))
            parts.append(stretch)
            at = stretch.end
        if end > at:
            parts.append(Stretch(at, end, still=True, changed=0.0))
        return parts
