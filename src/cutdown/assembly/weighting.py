"""How loud a sound is at each moment to the ear: the K-weighted power of ITU-R BS.1770."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from typing import Final

import numpy as np
from numpy.typing import NDArray

from cutdown.assembly.samples import Stereo
from cutdown.timebase import SAMPLE_RATE

BLOCK: Final = SAMPLE_RATE // 10  # samples between two looks
# The two filters of ITU-R BS.1770-5, tables 1 and 2, for 48 kHz: the head's shelf, and the ear's loss of lows.
_TAPS: Final = 8192  # samples; after them what the filters still answer is under 1e-14 of the whole
_TRANSFORM: Final = (
    65536  # samples of one transform: fits the processor's cache; half or twice as many take longer
)
_K_WEIGHTING: Final = np.array(
    [
        [1.53512485958697, -2.69169618940638, 1.19839281085285, 1.0, -1.69065929318241, 0.73248077421585],
        [1.0, -2.0, 1.0, 1.0, -1.99004745483398, 0.99007225036621],
    ]
)

Curve = NDArray[np.float64]


class WeightedPowers:
    """Takes a sound in blocks and knows its weighted power every tenth of a second."""

    def __init__(self) -> None:
        self._before = np.zeros((2, _TAPS - 1))
        self._rest = np.zeros(0)
        self._powers: list[Curve] = []

    def hear(self, block: Stereo) -> None:
        """Take the next block."""
        sound = np.concatenate([self._before, block.T], axis=1)
        self._before = sound[:, -(_TAPS - 1) :]
        power = np.concatenate([self._rest, *_weighted_powers(sound)])
        whole = len(power) // BLOCK * BLOCK
        self._powers.append(power[:whole].reshape(-1, BLOCK).mean(axis=1))
        self._rest = power[whole:]

    def powers(self) -> Curve:
        """Weighted power of each whole tenth of a second so far."""
        return np.concatenate(self._powers) if self._powers else np.zeros(0)


def _weighted_powers(sound: NDArray[np.float64]) -> Iterator[Curve]:
    """The power of each sample of ``[channels, samples]`` after both filters, but of the first ``_TAPS - 1``, which only lead in.

    By convolution with what the filters answer to one impulse, stretch by stretch: `scipy.signal` takes two seconds to load.
    """
    answer = np.fft.rfft(_impulse_response(), _TRANSFORM)
    for at in range(0, sound.shape[1] - _TAPS + 1, _TRANSFORM - _TAPS + 1):
        stretch = sound[:, at : at + _TRANSFORM]
        filtered = np.fft.irfft(np.fft.rfft(stretch, _TRANSFORM) * answer, _TRANSFORM)
        yield np.square(filtered[:, _TAPS - 1 : stretch.shape[1]]).sum(axis=0)


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
