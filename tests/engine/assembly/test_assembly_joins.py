"""Cuts in the sound: where they fall, how they fade, and that speech is as loud on both sides."""

from __future__ import annotations

import numpy as np
import pytest

from cutdown.assembly.joins import FADE, QUIET_FADE, REACH, crossfade, half_fade, smoothed
from cutdown.assembly.levelling import MOST, gains_for, levelled
from cutdown.assembly.samples import Silence, Stereo
from cutdown.assembly.soundtrack import mix
from cutdown.assembly.weighting import BLOCK, WeightedPowers
from cutdown.timebase import SAMPLE_RATE
from cutdown.timeline import Sound


class Given:
    """Samples from an array."""

    def __init__(self, mono: np.ndarray) -> None:
        self._sound = np.stack([mono, mono], axis=1).astype(np.float32)

    def read(self, start: int, count: int) -> Stereo:
        places = np.clip(np.arange(start, start + count), 0, len(self._sound) - 1)
        return self._sound[places].copy()


def noise(seconds: float, level: float, seed: int = 1) -> np.ndarray:
    return np.random.default_rng(seed).normal(0, level, round(seconds * SAMPLE_RATE))


def recorded(first: int, samples: int, place: int) -> Sound:
    return Sound(kind="recording", first_sample=first, samples=samples, source_sample=place)


def test_a_word_is_heard_to_its_end_though_the_frame_ends_before() -> None:
    sound = noise(4, 0.1)
    border, begin, late = SAMPLE_RATE, 2 * SAMPLE_RATE, 480
    sound[border + late : border + 6000] *= 0.001  # the word ends 10 ms behind the border
    sound[begin - 6000 : begin + 6000] *= 0.001  # what follows begins with a pause
    sounds = [recorded(0, border, 0), recorded(border, SAMPLE_RATE, begin)]
    last, after = smoothed(sounds, Given(sound), Silence())
    assert late + FADE // 2 <= after.first_sample - border <= REACH
    assert last.end_sample == after.first_sample
    assert after.source_sample - after.first_sample == begin - border  # every word stays in its place
    assert after.end_sample == sounds[1].end_sample


@pytest.mark.parametrize("ahead", [True, False])
def test_nothing_that_was_to_be_heard_is_left_out_for_a_quieter_cut(ahead: bool) -> None:
    sound = noise(4, 0.0003)
    border, begin = SAMPLE_RATE, 2 * SAMPLE_RATE
    click = slice(border - 96, border) if ahead else slice(begin, begin + 96)
    sound[click] = 0.5
    sounds = [recorded(0, border, 0), recorded(border, SAMPLE_RATE, begin)]
    _, after = smoothed(sounds, Given(sound), Silence())
    assert after.first_sample >= border if ahead else after.first_sample <= border


def test_a_cut_stays_where_it_was_meant_if_nothing_is_gained() -> None:
    sounds = [recorded(0, SAMPLE_RATE, 0), recorded(SAMPLE_RATE, SAMPLE_RATE, 2 * SAMPLE_RATE)]
    hum = 0.1 * np.sin(2 * np.pi * 1000 * np.arange(4 * SAMPLE_RATE) / SAMPLE_RATE)
    assert smoothed(sounds, Given(hum), Silence()) == sounds


def test_quiet_sides_fade_long_and_loud_ones_short() -> None:
    sounds = [recorded(0, SAMPLE_RATE, 0), recorded(SAMPLE_RATE, SAMPLE_RATE, 2 * SAMPLE_RATE)]
    assert half_fade(*sounds, Given(noise(4, 0.001)), Silence()) == QUIET_FADE
    assert half_fade(*sounds, Given(noise(4, 0.05)), Silence()) == FADE


@pytest.mark.parametrize(("alike", "swell"), [(True, 0.01), (False, 0.3)])
def test_neither_hum_nor_noise_swells_in_a_fade(alike: bool, swell: float) -> None:
    one = noise(1, 0.1)
    other = one if alike else noise(1, 0.1, seed=2)
    faded = crossfade(np.stack([one, one], 1), np.stack([other, other], 1))
    middle = slice(len(faded) * 2 // 5, len(faded) * 3 // 5)
    power = np.square(faded[middle]).mean() / np.square(one[middle]).mean()
    assert 10 * np.log10(power) == pytest.approx(0, abs=swell)


def test_narration_is_whole_and_the_room_goes_on_under_it() -> None:
    line = np.full(SAMPLE_RATE, 0.5)
    sounds = [
        Sound(kind="room", first_sample=0, samples=4800),
        Sound(kind="narration", first_sample=4800, samples=SAMPLE_RATE, line=0),
        Sound(kind="room", first_sample=4800 + SAMPLE_RATE, samples=4800),
    ]
    room = Given(noise(3, 0.01))
    whole = np.concatenate(list(mix(sounds, Silence(), [Given(line)], room)))
    under = room.read(0, len(whole))
    assert np.abs(whole[4800 : 4800 + SAMPLE_RATE] - under[4800 : 4800 + SAMPLE_RATE] - 0.5).max() < 1e-6
    assert np.array_equal(whole[:4800], under[:4800])


def test_speech_gets_as_loud_on_both_sides_of_a_cut() -> None:
    near, far = noise(10, 0.1), noise(10, 0.05, seed=2)  # 6 dB apart
    sound = np.stack([np.concatenate([near, far])] * 2, axis=1).astype(np.float32)
    levels = WeightedPowers()
    for at in range(0, len(sound), 70_000):
        levels.hear(sound[at : at + 70_000])
    evened = np.concatenate(
        list(
            levelled(
                (sound[at : at + 50_000] for at in range(0, len(sound), 50_000)), gains_for(levels.powers())
            )
        )
    )

    def db(start: float, end: float) -> float:
        part = evened[round(start * SAMPLE_RATE) : round(end * SAMPLE_RATE)]
        return float(20 * np.log10(np.sqrt(np.square(part).mean())))

    assert db(10, 13) - db(7, 10) == pytest.approx(0, abs=1.5)
    assert db(15, 18) - db(2, 5) == pytest.approx(0, abs=0.3)


def test_a_pause_is_not_brought_up_and_the_gain_is_bounded() -> None:
    speech, pause, whisper = noise(6, 0.1), noise(6, 0.0005), noise(6, 0.035)
    sound = np.stack([np.concatenate([speech, pause, speech, whisper])] * 2, axis=1).astype(np.float32)
    levels = WeightedPowers()
    levels.hear(sound)
    gains = 20 * np.log10(gains_for(levels.powers()))
    assert len(gains) == len(sound) // BLOCK
    assert np.abs(gains).max() <= MOST + 1e-9
    assert np.abs(gains[65:115]).max() < 2  # the pause keeps the gain of the speech around it
