"""Where the recording is silent or still, asked by moment."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from fractions import Fraction

from cutdown.recording import Recording
from cutdown.signals import Signals
from cutdown.timebase import Span


class Calm:
    """Silence and stillness of one recording.

    A recording without sound is silent throughout, one without picture is still throughout.
    Where the screen was not measured, nothing counts as still.
    """

    def __init__(self, recording: Recording, signals: Signals) -> None:
        whole = Span(start=Fraction(0), end=max(recording.duration, Fraction(1)))
        self._silent = _Runs(signals.silences if recording.audio else (whole,))
        self._still = _Runs(
            [span for span in signals.screen if span.still] if recording.picture is not None else (whole,)
        )
        self._speech = _Runs(signals.speech)

    def silent_until(self, moment: Fraction) -> Fraction:
        """How far the silence around ``moment`` goes on; ``moment`` itself where it is not silent."""
        return self._silent.end_of(moment)

    def silent_since(self, moment: Fraction) -> Fraction:
        """Since when it has been silent before ``moment``."""
        return self._silent.start_of(moment)

    def still_until(self, moment: Fraction) -> Fraction:
        """How long the screen stays as it is at ``moment``."""
        return self._still.end_of(moment)

    def still_since(self, moment: Fraction) -> Fraction:
        """Since when the screen has been as it is just before ``moment``."""
        return self._still.start_of(moment)

    def still_within(self, start: Fraction, end: Fraction) -> list[tuple[Fraction, Fraction]]:
        """Still parts of a stretch, in order."""
        return list(self._still.within(start, end))

    def said_within(self, start: Fraction, end: Fraction) -> Fraction:
        """Seconds of voice in a stretch."""
        return sum((b - a for a, b in self._speech.within(start, end)), Fraction(0))


class _Runs:
    """Stretches that do not touch, in order; asked many thousand times in a long recording."""

    def __init__(self, spans: Iterable[Span]) -> None:
        self.starts: list[Fraction] = []
        self.ends: list[Fraction] = []
        for span in sorted(spans, key=lambda s: s.start):
            if self.starts and span.start <= self.ends[-1]:
                self.ends[-1] = max(self.ends[-1], span.end)
            else:
                self.starts.append(span.start)
                self.ends.append(span.end)

    def end_of(self, moment: Fraction) -> Fraction:
        """The end of the stretch that ``moment`` lies in, its own end not counted; ``moment`` outside of all."""
        place = bisect_right(self.starts, moment) - 1
        return self.ends[place] if place >= 0 and moment < self.ends[place] else moment

    def start_of(self, moment: Fraction) -> Fraction:
        """The start of the stretch that ``moment`` lies in, its own start not counted."""
        place = bisect_left(self.starts, moment) - 1
        return self.starts[place] if place >= 0 and moment <= self.ends[place] else moment

    def within(self, start: Fraction, end: Fraction) -> Iterator[tuple[Fraction, Fraction]]:
        """Parts of the stretches between two moments."""
        for place in range(bisect_right(self.ends, start), bisect_left(self.starts, end)):
            yield max(start, self.starts[place]), min(end, self.ends[place])
