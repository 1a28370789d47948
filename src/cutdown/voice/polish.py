"""From what a voice gave to a line that can be laid under a picture: trimmed, levelled, faded."""

from __future__ import annotations

import io
import wave
from typing import Final

import numpy as np
import soxr
from numpy.typing import NDArray

from cutdown.errors import ProviderError
from cutdown.timebase import SAMPLE_RATE
from cutdown.voice import Speech

LEVEL_DB: Final = (
    -23.0
)  # dBFS, RMS of what is loud enough to be speech; few lines then reach the limiter at all
PEAK_DB: Final = -1.0  # dBFS that no sample passes
_WINDOW: Final = 0.010  # s over which loudness is taken
_QUIET_DB: Final = -40.0  # against the loudest window: breath and noise lie below, soft consonants above
_INAUDIBLE_DB: Final = -60.0  # dBFS; a line that never gets louder holds no speech
_BEFORE: Final = 0.02  # s kept ahead of the first loud window, for its consonant
_AFTER: Final = 0.05  # s kept after the last, for its fading sound
_FADE: Final = 0.005  # s at both ends, so that no line begins with a click


def polished(speech: Speech) -> NDArray[np.int16]:
    """A line ready for the timeline.

    Returns:
        Mono samples at 48 kHz: silence trimmed at both ends, speech at a fixed level, faded.

    Raises:
        ProviderError: when nothing in it is loud enough to be heard, or it holds no sound at all.
    """
    samples = np.asarray(speech.samples, dtype=np.float32).reshape(-1)
    if samples.size == 0 or not np.isfinite(samples).all():
        raise ProviderError(
            "the voice gave no usable sound for a line; reword it or choose another voice with --voice"
        )
    samples = _trimmed(samples, speech.rate)
    if speech.rate != SAMPLE_RATE:
        samples = np.asarray(soxr.resample(samples, speech.rate, SAMPLE_RATE), dtype=np.float32)
    samples = _limited(samples * _gain(samples))
    fade = min(round(_FADE * SAMPLE_RATE), samples.size // 2)
    ramp = np.linspace(0, 1, fade, endpoint=False, dtype=np.float32)
    samples[:fade] *= ramp
    samples[samples.size - fade :] *= ramp[::-1]
    return np.asarray(np.round(samples * 32767), dtype=np.int16)


def to_wav(samples: NDArray[np.int16]) -> bytes:
    """A mono 16-bit WAV file at 48 kHz."""
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(SAMPLE_RATE)
        file.writeframes(samples.astype("<i2").tobytes())
    return buffer.getvalue()


def _loudness(samples: NDArray[np.float32], rate: int) -> NDArray[np.float64]:
    """RMS of each whole window, in dBFS."""
    width = max(1, round(_WINDOW * rate))
    whole = samples[: samples.size // width * width] if samples.size >= width else samples
    power = np.mean(np.square(whole.reshape(-1, min(width, whole.size)), dtype=np.float64), axis=1)
    return np.asarray(10 * np.log10(power + 1e-12))


def _trimmed(samples: NDArray[np.float32], rate: int) -> NDArray[np.float32]:
    loudness = _loudness(samples, rate)
    if loudness.max() < _INAUDIBLE_DB:
        raise ProviderError(
            "the voice gave only silence for a line; reword it or choose another voice with --voice"
        )
    loud = np.flatnonzero(loudness > loudness.max() + _QUIET_DB)
    width = max(1, round(_WINDOW * rate))
    first = max(0, int(loud[0]) * width - round(_BEFORE * rate))
    last = min(samples.size, (int(loud[-1]) + 1) * width + round(_AFTER * rate))
    return samples[first:last].copy()


def _gain(samples: NDArray[np.float32]) -> np.float32:
    loudness = _loudness(samples, SAMPLE_RATE)
    active = loudness[loudness > loudness.max() - 30]
    level = 10 * np.log10(np.mean(10 ** (active / 10)))
    return np.float32(10 ** ((LEVEL_DB - level) / 20))


def _limited(samples: NDArray[np.float32]) -> NDArray[np.float32]:
    """Round off the few peaks above three quarters of the way to the limit; leave the rest alone."""
    limit = 10 ** (PEAK_DB / 20)
    knee = np.float32(0.75 * limit)
    room = np.float32(limit - knee)
    size = np.abs(samples)
    rounded = knee + room * np.tanh((size - knee) / room)
    return np.asarray(np.where(size > knee, np.sign(samples) * rounded, samples), dtype=np.float32)
