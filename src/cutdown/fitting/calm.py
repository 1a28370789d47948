"""Where the recording is silent or still, asked by moment."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
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
        self._silent = _joined(signals.silences if recording.audio else (whole,))
        self._still = _joined(
            [span for span in signals.screen if span.still] if recording.picture is not None else (whole,)
        )
        self._speech = signals.speech

    def silent_until(self, moment: Fraction) -> Fraction:
        """How far the silence around ``moment`` goes on; ``moment`` itself where it is not silent."""
        return _end_of(self._silent, moment)

    def silent_since(self, moment: Fraction) -> Fraction:
        """Since when it has been silent before ``moment``."""
        return _start_of(self._silent, moment)

    def still_until(self, moment: Fraction) -> Fraction:
        """How long the screen stays as it is at ``moment``."""
        return _end_of(self._still, moment)

    def still_since(self, moment: Fraction) -> Fraction:
        """Since when the screen has been as it is just before ``moment``."""
        return _start_of(self._still, moment)

    def still_within(self, start: Fraction, end: Fraction) -> list[tuple[Fraction, Fraction]]:
        """Still parts of a stretch, in order."""
        parts = ((max(start, a), min(end, b)) for a, b in self._still)
        return [(a, b) for a, b in parts if b > a]

    def said_within(self, start: Fraction, end: Fraction) -> Fraction:
        """Seconds of voice in a stretch."""
        stretch = Span(start=start, end=end)
        return sum((span.overlap(stretch) for span in self._speech), Fraction(0))


def _joined(spans: Iterable[Span]) -> Sequence[tuple[Fraction, Fraction]]:
    runs: list[tuple[Fraction, Fraction]] = []
    for span in sorted(spans, key=lambda s: s.start):
        if runs and span.start <= runs[-1][1]:
            runs[-1] = (runs[-1][0], max(runs[-1][1], span.end))
        else:
            runs.append((span.start, span.end))
    return runs


def _end_of(runs: Sequence[tuple[Fraction, Fraction]], moment: Fraction) -> Fraction:
    return next((end for start, end in runs if start <= moment < end), moment)


def _start_of(runs: Sequence[tuple[Fraction, Fraction]], moment: Fraction) -> Fraction:
    return next((start for start, end in runs if start < moment <= end), moment)
