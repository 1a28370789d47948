"""The sound of the room when nobody speaks, taken from the recording itself."""

from __future__ import annotations

from typing import Final

import numpy as np

from cutdown.assembly.samples import Loop, SampleSource, Silence, Stereo
from cutdown.signals import Signals
from cutdown.timebase import SAMPLE_RATE, Span

_LONGEST: Final = 4 * SAMPLE_RATE  # longer does not sound less like a loop
_SHORTEST: Final = SAMPLE_RATE * 3 // 10
_EDGE: Final = SAMPLE_RATE // 10  # of a silence: the breath before, the word that begins
_WINDOW: Final = SAMPLE_RATE * 30 // 1000  # levels are measured over 30 ms
_LOOKS: Final = 40  # of the longest silences


def room_tone(source: SampleSource, signals: Signals) -> SampleSource:
    """A loop of the recording's most even silence, at its own level.

    A silence with a key click in it would tick like a clock, so that evenness counts most, then length.
    Digital silence where the recording has none that is long enough.
    """
    longest = sorted(signals.silences, key=lambda silence: (-silence.duration, silence.start))[:_LOOKS]
    best: Stereo | None = None
    least = np.inf
    for silence in longest:
        for start, count in _stretches(silence):
            sound = source.read(start, count)
            unevenness = _unevenness(sound) + 2 * _LONGEST / count
            if unevenness < least:
                best, least = sound, unevenness
    if best is None:
        return Silence()
    return Loop(best, min(SAMPLE_RATE // 4, len(best) // 4))


def _stretches(silence: Span) -> list[tuple[int, int]]:
    """Up to three stretches to look at: the beginning, the middle and the end of a silence."""
    first = round(silence.start * SAMPLE_RATE) + _EDGE
    count = round(silence.end * SAMPLE_RATE) - _EDGE - first
    if count < _SHORTEST:
        return []
    if count <= _LONGEST:
        return [(first, count)]
    spare = count - _LONGEST
    return [(first + spare * part // 2, _LONGEST) for part in range(3 if spare > _LONGEST else 1)]


def _unevenness(sound: Stereo) -> float:
    """How far the loudest 30 ms stand above the median, in decibels."""
    count = len(sound) // _WINDOW
    power = np.square(sound[: count * _WINDOW]).reshape(count, -1).mean(axis=1) + 1e-12
    return float(10 * np.log10(power.max() / np.median(power)))
