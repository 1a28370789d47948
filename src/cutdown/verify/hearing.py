"""Listening to the output again, window by window.

A cheap recogniser mishears, so it is measured against itself: where it misses a word in the
output, it listens to the same stretch laid anew, plainly, from the source and the narration's
own sounds. Only what it hears there counts as missing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from itertools import pairwise
from typing import Final, NamedTuple, Protocol

from cutdown.timebase import SAMPLE_RATE
from cutdown.timeline import Timeline
from cutdown.transcript import Word
from cutdown.verify.listen import Heard, Wave
from cutdown.verify.reference import Reference
from cutdown.verify.wording import compare, longest_run

WHOLE_SECONDS: Final = 420.0  # up to here all is listened to, beyond it fifteen windows with cuts in them
LONGEST_WINDOW: Final = 28.0  # seconds; Whisper hears 30 at a time
SHORTEST_WINDOW: Final = 18.0
UNPLANNED_RUN: Final = 6  # words in a row; more of them are no mishearing

_LOST_SHARE: Final = 0.3  # of a window's words; real speech stays under 0.1

Listen = Callable[[Wave], Sequence[Word]]
"""Recognises mono samples at `listen.LISTEN_RATE`; word times in seconds from their first."""


class Spoken(Protocol):
    """A word that should be heard, at its time in seconds of the output."""

    @property
    def text(self) -> str:
        """The word with its punctuation."""
        ...

    @property
    def start(self) -> Fraction:
        """When it begins."""
        ...

    @property
    def end(self) -> Fraction:
        """When it ends."""
        ...


class Hearing(NamedTuple):
    """What one window gave; numbers are those of the expected words."""

    due: tuple[int, ...]
    missing: frozenset[int]
    unclear: frozenset[int]
    extra: int
    extra_run: int
    compared: bool = False

    @property
    def is_lost(self) -> bool:
        """Whether the recogniser follows neither the output nor the source."""
        return len(self.unclear) > _LOST_SHARE * len(self.due)

    @property
    def is_bad(self) -> bool:
        """Whether it should be heard again before it is believed."""
        return bool(self.missing) or self.extra_run > UNPLANNED_RUN or self.is_lost


class Ears:
    """Listens to windows of the output, and to the source where something seems amiss."""

    def __init__(
        self, heard: Heard, expected: Sequence[Spoken], reference: Reference, listen: Listen
    ) -> None:
        self._heard, self._expected = heard, expected
        self._reference, self._listen = reference, listen

    def hear(self, start: float, end: float) -> Hearing:
        """One window of the output, in seconds; the source too where words are missing or unplanned."""
        due = [n for n, word in enumerate(self._expected) if start <= (word.start + word.end) / 2 < end]
        wanted = [self._expected[number].text for number in due]
        said = [word.text for word in self._listen(self._heard.between(start, end))]
        found = compare(wanted, said)
        run = longest_run(found.extra)
        if not found.missing and run <= UNPLANNED_RUN:
            return Hearing(tuple(due), frozenset(), frozenset(), len(found.extra), run)
        theirs = [word.text for word in self._listen(self._reference.between(start, end))]
        doubted = frozenset(due[number] for number in found.missing)
        unclear = doubted & {due[number] for number in compare(wanted, theirs).missing}
        run = min(run, longest_run(compare(theirs, said).extra))
        return Hearing(tuple(due), doubted - unclear, unclear, len(found.extra), run, compared=True)

    def hear_twice(self, start: float, end: float) -> Hearing:
        """As `hear`; where something is wrong, both halves are heard too, and what they clear is cleared.

        A recogniser may lose itself in a window; it does not do so in other windows at the same words.
        """
        first = self.hear(start, end)
        middle = self._pause(start, end)
        if not first.is_bad or middle is None:
            return first
        halves = (self.hear(start, middle), self.hear(middle, end))
        missing = halves[0].missing | halves[1].missing
        run = min(first.extra_run, max(half.extra_run for half in halves))
        if first.is_lost:
            unclear = halves[0].unclear | halves[1].unclear
            return first._replace(missing=missing, unclear=unclear, extra_run=run)
        return first._replace(missing=first.missing & missing, extra_run=run)

    def _pause(self, start: float, end: float) -> float | None:
        """The widest pause between words in the middle half of a window, the most central of several."""
        middle, reach = (start + end) / 2, (end - start) / 4
        pauses = [
            (float(after.start - before.end), float(before.end + after.start) / 2)
            for before, after in pairwise(self._expected)
            if abs((before.end + after.start) / 2 - middle) <= reach
        ]
        best = max(pauses, key=lambda pause: (round(pause[0], 3), -abs(pause[1] - middle)), default=None)
        return best[1] if best else None


def windows_of(timeline: Timeline, expected: Sequence[Spoken]) -> list[tuple[float, float]]:
    """The stretches that are listened to, in seconds of the output.

    Together they cover the speech of a short output. Of a long one, as many windows as
    `WHOLE_SECONDS` hold are spread evenly over those with cuts in them.
    """
    windows = _divided(expected, float(timeline.duration))
    most = int(WHOLE_SECONDS // LONGEST_WINDOW)
    if sum(end - start for start, end in windows) <= WHOLE_SECONDS:
        return windows
    cuts = [sound.first_sample / SAMPLE_RATE for sound in timeline.sounds[1:]]
    with_cuts = [window for window in windows if any(window[0] < cut < window[1] for cut in cuts)]
    pool = with_cuts if len(with_cuts) >= most else windows
    return [pool[(2 * index + 1) * len(pool) // (2 * most)] for index in range(min(most, len(pool)))]


def _divided(expected: Sequence[Spoken], duration: float) -> list[tuple[float, float]]:
    """Windows around all expected words, each ending in the widest pause that suits."""
    windows: list[tuple[float, float]] = []
    first = 0
    start = 0.0
    while first < len(expected):
        start = max(start, float(expected[first].start) - 1.0)
        last = first + 1
        best, widest = None, -1.0
        while last < len(expected) and float(expected[last].end) - start <= LONGEST_WINDOW:
            pause = float(expected[last].start - expected[last - 1].end)
            if float(expected[last].start) - start >= SHORTEST_WINDOW and pause > widest:
                best, widest = last, pause
            last += 1
        if last < len(expected):
            last = best or last
            end = float(expected[last - 1].end + expected[last].start) / 2
            end = min(end, float(expected[last - 1].end) + 1.0)
        else:
            end = min(duration, float(expected[-1].end) + 1.0)
        windows.append((start, end))
        first, start = last, end
    return windows
