"""What the demo sounds like: a voice, soft keys, and a room with a little hiss."""

from __future__ import annotations

from typing import Final

import numpy as np
import soxr
from numpy.typing import NDArray

from cutdown.errors import ProviderError
from cutdown.timebase import SAMPLE_RATE

Samples = NDArray[np.float32]

_VOICE: Final = "heart"  # the one voice that lies in the package
_LOUDER: Final = 1.5  # the voice speaks at -26 LUFS; a headset is usually closer
_EDGE: Final = 0.01  # of the peak: below it, before the first and after the last word, nobody speaks
_BREATH: Final = 0.03  # seconds kept around the words, so that no consonant is lost
_HISS: Final = 10 ** (-62 / 20)  # RMS, 0 dBFS = 1
_CLICK: Final = 10 ** (-36 / 20)  # peak of a key


class Speaker:
    """Says lines, always in the same way."""

    def __init__(self) -> None:
        from hibari import Hibari

        self._voice = Hibari(voice=_VOICE)

    def say(self, text: str) -> Samples:
        """A line as mono samples at 48 kHz, without the silence around it.

        Raises:
            ProviderError: when the voice gives no sound.
        """
        speech = np.asarray(self._voice(text, seed=0), dtype=np.float32)
        if not speech.size or not np.abs(speech).max():
            raise ProviderError("the voice 'hibari' gave no sound for a line of the demo")
        loud = np.flatnonzero(np.abs(speech) > _EDGE * np.abs(speech).max())
        margin = round(_BREATH * self._voice.sample_rate)
        words = speech[max(0, loud[0] - margin) : loud[-1] + margin]
        resampled = soxr.resample(words, self._voice.sample_rate, SAMPLE_RATE)
        return np.asarray(resampled * _LOUDER, dtype=np.float32)


def key_click(rng: np.random.Generator) -> Samples:
    """A soft key, 18 ms: a burst of noise that dies away, no two alike."""
    length = round(0.018 * SAMPLE_RATE)
    noise = rng.standard_normal(length)
    dull = np.convolve(noise, np.ones(6) / 6, mode="same")
    burst = dull * np.exp(-np.arange(length) / (0.004 * SAMPLE_RATE))
    click: Samples = (burst / np.abs(burst).max() * _CLICK * rng.uniform(0.6, 1.0)).astype(np.float32)
    return click


def room(length: int, rng: np.random.Generator) -> Samples:
    """Hiss without end: what a microphone hears in a quiet room."""
    noise = rng.standard_normal(length, dtype=np.float32)
    dull = np.convolve(noise, np.ones(3) / 3, mode="same")
    hiss: Samples = (dull * (_HISS / dull.std())).astype(np.float32)
    return hiss
