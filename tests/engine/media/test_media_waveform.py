"""The outline of a sound shows where it is loud."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from cutdown.media.sound import write_wav
from cutdown.media.waveform import find_peaks


def test_peaks_follow_the_sound(tmp_path: Path) -> None:
    sound = np.zeros((4000, 1), dtype=np.int16)
    sound[1500] = -32_768
    sound[3999] = 16_384
    write_wav(tmp_path / "a.wav", sound, 16_000)
    assert find_peaks(tmp_path / "a.wav", 4) == (0.0, 1.0, 0.0, 0.5)


def test_a_short_sound_has_a_peak_a_sample(tmp_path: Path) -> None:
    write_wav(tmp_path / "a.wav", np.full((3, 2), 8192, dtype=np.int16), 16_000)
    assert find_peaks(tmp_path / "a.wav") == (0.25, 0.25, 0.25)
