"""What the screen does, asked in milliseconds."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from cutdown.director.talk import milliseconds
from cutdown.signals import ChangeKind, Signals

AT_ONCE: Final = 450  # ms; a change so short is seen by its result, which stays on the screen
_SHORT_REST: Final = 500  # ms of stillness that part two activities


@dataclass(frozen=True)
class Stretch:
    """Part of a stretch of time in which the screen stands still or does not."""

    start: int
    end: int
    still: bool
    changed: float
    change: ChangeKind = "unseen"

    @property
    def length(self) -> int:
        """Milliseconds."""
        return self.end - self.start


class Screen:
    """The screen over time; without a picture it always stands still.

    ``clicks`` are the moments at which a key or a button was heard. Whether there is a picture, and a sound, tells
    what stillness and silence are evidence of.
    """

    def __init__(self, signals: Signals) -> None:
        spans = [
            Stretch(milliseconds(s.start), milliseconds(s.end), s.still, s.changed, s.change)
            for s in signals.screen
        ]
        self._active = [span for span in spans if not span.still]
        self._ends = [span.end for span in self._active]
        self._turning = [span for span in spans if span.change == "spinner"]
        self.clicks = [milliseconds(click) for click in signals.clicks]
        self.has_picture = bool(signals.screen)
        self.has_sound = signals.noise_floor_db is not None

    def between(self, start: int, end: int) -> Sequence[Stretch]:
        """Still and active parts of ``[start, end)``, gapless; in ms.

        A short rest between activities of one kind counts as activity.
        """
        active: list[Stretch] = []
        for stretch in self._within(start, end):
            first, last = max(start, stretch.start), min(end, stretch.end)
            part = replace(stretch, start=first, end=last)
            before = active[-1] if active else None
            if before and before.change == part.change and first - before.end < _SHORT_REST:
                active[-1] = replace(before, end=last, changed=max(before.changed, part.changed))
            else:
                active.append(part)
        parts: list[Stretch] = []
        at = start
        for stretch in active:
            if stretch.start > at:
                parts.append(self._rest(at, stretch.start))
            parts.append(stretch)
            at = stretch.end
        if end > at:
            parts.append(self._rest(at, end))
        return parts

    def heard(self, start: int, end: int) -> int:
        """How many clicks are heard in ``[start, end)``."""
        return bisect_left(self.clicks, end) - bisect_left(self.clicks, start)

    def answers(self, start: int, end: int, near: int) -> bool:
        """Whether a still stretch follows a click or typing, and ends with a change that no click made.

        Args:
            start: in ms.
            end: in ms.
            near: ms within which one thing follows from another.
        """
        before = next((s for s in self._within(start - near, start)), None)
        asked = self.heard(start - near, start + near) > 0 or (
            before is not None and before.change == "typing"
        )
        after = next((s for s in self._within(end - 1, end + 1) if s.start >= end - 1), None)
        changes = after is not None and after.change in ("page", "motion")
        return asked and changes and not self.heard(end - near, end)

    def _within(self, start: int, end: int) -> Iterator[Stretch]:
        for index in range(bisect_right(self._ends, start), len(self._active)):
            if self._active[index].start >= end:
                return
            yield self._active[index]

    def _rest(self, start: int, end: int) -> Stretch:
        turning = sum(max(0, min(end, s.end) - max(start, s.start)) for s in self._turning)
        return Stretch(
            start, end, still=True, changed=0.0, change="spinner" if 2 * turning > end - start else "none"
        )
