"""Sounds of hesitation by ear."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from cutdown.media.hums import RATE, find_hums, is_held
from cutdown.media.sound import write_wav
from cutdown.timebase import Span

Wave = NDArray[np.float64]
UH = (620, 1200, 2400)
EE = (280, 2250, 2900)


def vowel(seconds: float, start: tuple[int, ...], end: tuple[int, ...], pitch: float = 120.0) -> Wave:
    """A voice whose formants glide from one vowel to another, its pitch a little unsteady."""
    at = np.arange(int(seconds * RATE)) / RATE
    share = at / seconds
    phase = 2 * np.pi * np.cumsum(pitch * (1 + 0.02 * np.sin(2 * np.pi * 3 * at))) / RATE
    voice = np.zeros_like(at)
    for number in range(1, 36):
        formants = [a + (b - a) * share for a, b in zip(start, end, strict=True)]
        level = sum(np.exp(-(((number * pitch - formant) / 180) ** 2)) for formant in formants)
        voice += np.sin(number * phase) * (level + 0.003)
    rise = np.minimum(1, np.minimum(at, seconds - at) / 0.04)
    wave: Wave = voice / np.abs(voice).max() * rise * 0.4
    return wave


def hiss(wave: Wave, db: float) -> Wave:
    noisy: Wave = wave + np.random.default_rng(3).standard_normal(len(wave)) * 10 ** (db / 20)
    return noisy


@pytest.mark.parametrize("pitch", [95.0, 120.0, 210.0])
@pytest.mark.parametrize("noise", [None, -55.0])
def test_a_held_vowel_is_told_from_one_that_moves(pitch: float, noise: float | None) -> None:
    held, moving = vowel(0.3, UH, UH, pitch), vowel(0.3, UH, EE, pitch)
    if noise is not None:
        held, moving = hiss(held, noise), hiss(moving, noise)
    assert is_held(held)
    assert not is_held(moving)


def test_a_sound_too_short_to_tell_is_none() -> None:
    assert not is_held(vowel(0.08, UH, UH))


def test_only_short_sounds_between_two_silences_are_looked_at(tmp_path: Path) -> None:
    sounds = [(0.5, 0.8, UH), (1.2, 1.5, EE), (2.0, 3.4, UH)]
    samples = np.zeros(4 * RATE)
    for start, end, to in sounds:
        samples[int(start * RATE) : int(end * RATE)] = vowel(end - start, UH, to)
    path = tmp_path / "sounds.wav"
    write_wav(path, (samples * 32767).astype(np.int16), RATE)
    edges = [0.0, *(edge for start, end, _ in sounds for edge in (start, end)), 4.0]
    silences = [
        Span.model_validate({"start": a, "end": b}) for a, b in zip(edges[::2], edges[1::2], strict=True)
    ]
    assert [(float(hum.start), float(hum.end)) for hum in find_hums(path, silences)] == [(0.5, 0.8)]


def test_without_silence_there_is_none(tmp_path: Path) -> None:
    path = tmp_path / "empty.wav"
    write_wav(path, np.zeros(0, np.int16), RATE)
    assert find_hums(path, ()) == ()
