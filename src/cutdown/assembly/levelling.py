"""Evens out how loud speech is from one passage to the next, slowly enough that nobody hears it work.

Cutting puts sentences side by side that were minutes apart, said nearer to the microphone or farther off, by
one person or another. Loudness is that of ITU-R BS.1770: K-weighted power, gated, here over one and a half seconds around
each moment. The gain brings it to the loudness of the whole; it is bounded, and glides over a second.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final, Literal

import numpy as np

from cutdown.assembly.samples import Stereo
from cutdown.assembly.weighting import BLOCK, Curve

MOST: Final = 8.0  # dB up or down: people across a table are 7 LU apart; more would lift noise
_WINDOW: Final = 15  # looks: one and a half seconds, a phrase; a word keeps its stress
_GLIDE: Final = 9  # looks over which the gain glides
_ROUNDS: Final = 2  # the second mends what the first, gliding, missed where levels change at a cut
_GATE: Final = 0.05  # of the mean power: 13 LU below are pauses
_SILENT: Final = 10 ** (-70 / 10)  # the absolute gate


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
    share = _mean_around(spoken.astype(np.float64), _WINDOW, "constant")
    known = np.flatnonzero(share > 0.5 / _WINDOW)
    gains = np.zeros(len(powers))  # dB
    for _ in range(_ROUNDS):
        evened = np.where(spoken, powers * 10 ** (gains / 10), 0.0)
        local = 10 * np.log10(_mean_around(evened, _WINDOW, "constant")[known] / share[known])
        # In pauses it goes over from one to the next.
        missing = np.interp(np.arange(len(powers)), known, target - local)
        gains = np.clip(gains + _mean_around(missing, _GLIDE, "edge"), -MOST, MOST)
    return np.asarray(10 ** (gains / 20))


def _mean_around(values: Curve, count: int, beyond: Literal["constant", "edge"]) -> Curve:
    """The mean of ``count`` values around each; beyond the ends lies 0 or the last value."""
    return np.convolve(np.pad(values, count // 2, beyond), np.full(count, 1 / count), "valid")


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
