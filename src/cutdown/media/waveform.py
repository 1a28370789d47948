"""The outline of a sound, for pictures."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Final

import numpy as np

from cutdown.media.sound import open_wav, read_wav_header

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
    length = read_wav_header(wav).samples
    edges = np.linspace(0, length, min(count, length) + 1).astype(int)

    def peak(first: int, last: int) -> int:
        # Mapped anew for each step: what was read of a mapped file stays in memory as long as the mapping.
        return int(np.abs(open_wav(wav)[first:last].astype(np.int32)).max())

    return tuple(round(peak(first, last) / _FULL_SCALE, 3) for first, last in pairwise(edges))
