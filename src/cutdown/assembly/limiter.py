"""A true-peak limiter that moves nothing in time.

The gain at a sample is an average, over 5 ms to either side, of the lowest gain that any sample within 5 ms
of each needs. So it begins to fall before a peak, is low enough at it, and rises after; being
symmetrical, it has no delay to make up for. Peaks between samples are found by interpolating
four times as fine (ITU-R BS.1770-5, annex 2).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

import numpy as np
from numpy.typing import NDArray

from cutdown.assembly.samples import Stereo
from cutdown.timebase import SAMPLE_RATE

_REACH: Final = SAMPLE_RATE // 200  # 5 ms
_CONTEXT: Final = 2 * _REACH
_BLOCK: Final = SAMPLE_RATE // 10  # short: most have no peak, and are only looked at
_TAPS: Final = 24  # of each interpolation filter; error under 0.05 dB up to 20 kHz
_SAFE: Final = 0.7  # of the ceiling: no sound whose samples stay below peaks above it between them


def amplify(blocks: Iterable[Stereo], gain: float, ceiling: float) -> Iterator[Stereo]:
    """Sound made louder, with no true peak above a ceiling.

    Args:
        blocks: the sound.
        gain: factor of amplitude.
        ceiling: highest true peak, as a share of full scale.

    Yields:
        Blocks of the same samples at the same places.
    """
    held = np.zeros((_CONTEXT, 2), np.float32)  # silence before the beginning
    for block in blocks:
        held = np.concatenate([held, block * np.float32(gain)])
        while len(held) >= _BLOCK + 2 * _CONTEXT:
            yield _limited(held[: _BLOCK + 2 * _CONTEXT], ceiling)
            held = held[_BLOCK:]
    held = np.concatenate([held, np.zeros((_CONTEXT, 2), np.float32)])
    if len(held) > 2 * _CONTEXT:
        yield _limited(held, ceiling)


def _limited(sound: Stereo, ceiling: float) -> Stereo:
    """The middle of a block, limited; the context on both sides tells what comes and what was."""
    middle = sound[_CONTEXT:-_CONTEXT]
    if float(np.abs(sound).max(initial=0.0)) <= _SAFE * ceiling:
        return middle
    needed = np.minimum(1.0, ceiling / np.maximum(true_peaks(sound), 1e-9))
    if float(needed.min()) >= 1.0:
        return middle
    lowest = _sliding_minimum(needed, _REACH)  # at places _REACH ... -_REACH of the block
    window = np.hanning(2 * _REACH + 3)[1:-1]
    gains = np.convolve(lowest, window / window.sum(), mode="valid")
    limited: Stereo = (middle * gains[:, None]).astype(np.float32)
    return limited


def true_peaks(sound: Stereo) -> NDArray[np.float64]:
    """The highest amplitude at and right after each sample, of both channels, between samples too."""
    peaks: NDArray[np.float64] = np.abs(sound).max(axis=1).astype(np.float64)
    for taps in _INTERPOLATION:
        for channel in range(2):
            between = np.abs(np.convolve(sound[:, channel], taps, mode="same"))
            np.maximum(peaks, between, out=peaks)
            np.maximum(peaks[1:], between[:-1], out=peaks[1:])  # a peak between belongs to both
    return peaks


def _interpolation_filters() -> list[NDArray[np.float32]]:
    """Windowed sinc filters for a quarter, a half and three quarters of a sample."""
    filters = []
    for part in (0.25, 0.5, 0.75):
        place = np.arange(_TAPS) - _TAPS // 2 + part
        taps = np.sinc(place) * np.cos(np.pi * place / (_TAPS + 2)) ** 2
        filters.append((taps / taps.sum()).astype(np.float32))
    return filters


_INTERPOLATION: Final = _interpolation_filters()


def _sliding_minimum(values: NDArray[np.float64], reach: int) -> NDArray[np.float64]:
    """The lowest value within ``reach`` to either side, where there are that many."""
    width = 2 * reach + 1
    lowest, covered = values, 1
    while 2 * covered <= width:
        lowest = np.minimum(lowest[:-covered], lowest[covered:])
        covered *= 2
    rest = width - covered
    found: NDArray[np.float64] = np.minimum(lowest[: len(lowest) - rest], lowest[rest:])
    return found
