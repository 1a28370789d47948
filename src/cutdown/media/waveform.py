"""The outline of a sound, for pictures."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Final

import numpy as np

from cutdown.media.sound import open_wav

PEAKS: Final = 1200  # as many as a wide page has places for
_FULL_SCALE: Final = 32_768


def find_peaks(wav: Path, count: int = PEAKS) -> tuple[float, ...]:
    """The highest level in each of ``count`` even steps.

    Args:
        wav: a 16-bit WAV of any number of channels.
        count: steps; fewer where there are fewer samples.

    Returns:
        Levels from 0 to 1 of full scale, to three decimals.
    """
    samples = open_wav(wav)
    edges = np.linspace(0, len(samples), min(count, len(samples)) + 1).astype(int)
    return tuple(
        round(float(np.abs(samples[first:last].astype(np.int32)).max()) / _FULL_SCALE, 3)
        for first, last in pairwise(edges)
    )
