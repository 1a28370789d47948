"""Evens out how loud speech is from one passage to the next, slowly enough that nobody hears it work.

Cutting puts sentences side by side that were minutes apart, said nearer to the microphone or farther off, by
one person or another. Loudness is that of ITU-R BS.1770: K-weighted power, gated, here over one and a half seconds around
each moment. The gain brings it to the loudness of the whole; it is bounded, and glides over a second.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Iterator
from typing import Final

import numpy as np
import scipy  # loads its parts when they are first used: a run that finds its answers needs none
from numpy.typing import NDArray

from cutdown.assembly.samples import Stereo
from cutdown.timebase import SAMPLE_RATE

BLOCK: Final = SAMPLE_RATE // 10  # samples between two looks
MOST: Final = 8.0  # dB up or down: people across a table are 7 LU apart; more would lift noise
_WINDOW: Final = 15  # looks: one and a half seconds, a phrase; a word keeps its stress
_GLIDE: Final = 9  # looks over which the gain glides
_ROUNDS: Final = 2  # the second mends what the first, gliding, missed where levels change at a cut
_GATE: Final = 0.05  # of the mean power: 13 LU below are pauses
_SILENT: Final = 10 ** (-70 / 10)  # the absolute gate
# The two filters of ITU-R BS.1770-5, tables 1 and 2, for 48 kHz: the head's shelf, and the ear's loss of lows.
_TAPS: Final = 8192  # samples; after them what the filters still answer is under 1e-14 of the whole
_K_WEIGHTING: Final = np.array(
    [
        [1.53512485958697, -2.69169618940638, 1.19839281085285, 1.0, -1.69065929318241, 0.73248077421585],
        [1.0, -2.0, 1.0, 1.0, -1.99004745483398, 0.99007225036621],
    ]
)

Curve = NDArray[np.float64]


class Levels:
    """Takes a sound in blocks and knows its weighted power every tenth of a second."""

    def __init__(self) -> None:
        self._before = np.zeros((_TAPS - 1, 2))
        self._rest = np.zeros(0)
        self._powers: list[Curve] = []

    def hear(self, block: Stereo) -> None:
        """Take the next block."""
        sound = np.concatenate([self._before, block.astype(np.float64)])
        self._before = sound[-(_TAPS - 1) :]
        power = np.concatenate([self._rest, np.square(_weighted(sound)).sum(axis=1)])
        whole = len(power) // BLOCK * BLOCK
        self._powers.append(power[:whole].reshape(-1, BLOCK).mean(axis=1))
        self._rest = power[whole:]

    def gains(self) -> Curve:
        """The gain (a factor of amplitude) at the middle of each tenth of a second."""
        return gains_for(np.concatenate(self._powers) if self._powers else np.zeros(0))


def _weighted(sound: NDArray[np.float64]) -> NDArray[np.float64]:
    """The sound through both filters, without its first ``_TAPS - 1`` samples, which only lead in.

    By convolution with what the filters answer to one impulse: scipy's own, `scipy.signal`, takes two seconds to load.
    """
    length = 1 << (len(sound) - 1).bit_length()
    spectrum = np.fft.rfft(sound, length, axis=0) * np.fft.rfft(_impulse_response(), length)[:, None]
    filtered: NDArray[np.float64] = np.fft.irfft(spectrum, length, axis=0)[_TAPS - 1 : len(sound)]
    return filtered


@functools.cache
def _impulse_response() -> NDArray[np.float64]:
    """What the two filters, one after the other, answer to a single 1: direct form, sample by sample."""
    answer = [1.0, *[0.0] * (_TAPS - 1)]
    for b0, b1, b2, _, a1, a2 in _K_WEIGHTING:
        x1 = x2 = y1 = y2 = 0.0
        for at, x in enumerate(answer):
            y = b0 * x + b1 * x1 + b2 * x2 - a1 * y1 - a2 * y2
            x1, x2, y1, y2 = x, x1, y, y1
            answer[at] = y
    return np.array(answer)


def gains_for(powers: Curve) -> Curve:
    """The gains that even out a sound.

    Args:
        powers: weighted power of each tenth of a second.
    """
    loud = powers > _SILENT
    if not loud.any():
        return np.ones(len(powers))
    spoken = powers > _GATE * powers[loud].mean()
    target = 10 * np.log10(powers[spoken].mean())
    share = scipy.ndimage.uniform_filter1d(spoken.astype(np.float64), _WINDOW, mode="constant")
    known = np.flatnonzero(share > 0.5 / _WINDOW)
    gains = np.zeros(len(powers))  # dB
    for _ in range(_ROUNDS):
        evened = np.where(spoken, powers * 10 ** (gains / 10), 0.0)
        local = 10 * np.log10(
            scipy.ndimage.uniform_filter1d(evened, _WINDOW, mode="constant")[known] / share[known]
        )
        # In pauses it goes over from one to the next.
        missing = np.interp(np.arange(len(powers)), known, target - local)
        gains = np.clip(gains + scipy.ndimage.uniform_filter1d(missing, _GLIDE, mode="nearest"), -MOST, MOST)
    return np.asarray(10 ** (gains / 20))


def levelled(blocks: Iterable[Stereo], gains: Curve) -> Iterator[Stereo]:
    """The sound with its gains.

    Args:
        blocks: the sound.
        gains: for the middle of each tenth of a second.
    """
    middles = (np.arange(len(gains)) + 0.5) * BLOCK
    at = 0
    for block in blocks:
        if len(gains):
            curve = np.interp(np.arange(at, at + len(block)), middles, gains)
            yield (block * curve[:, None]).astype(np.float32)
        else:
            yield block
        at += len(block)
