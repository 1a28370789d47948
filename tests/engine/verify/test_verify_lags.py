"""Lags found in arrays whose lag is known."""

from itertools import pairwise

import numpy as np
import pytest

from cutdown.certificate import Certificate, Check
from cutdown.timeline import Segment
from cutdown.verify.lags import cut_lag, dropped_seconds, loudest_window, picture_lag, sound_lag
from cutdown.verify.listen import LISTEN_RATE, Wave
from cutdown.verify.look import Grey
from cutdown.verify.placement import sampled

MARGIN = LISTEN_RATE // 2
LAGS = range(-5, 6)


def film(frames: int, seed: int = 1) -> Grey:
    """A square that moves a pixel each frame over texture."""
    dice = np.random.default_rng(seed)
    looks = np.repeat(dice.uniform(60, 120, (1, 30, 60)), frames, 0)
    for number in range(frames):
        looks[number, 10:18, number % 50 : number % 50 + 8] = 230
    return looks.astype(np.float32)


def rows(frames: int, start: int) -> np.ndarray:
    return np.array([[start + j - lag for lag in LAGS] for j in range(frames)])


@pytest.mark.parametrize("late", [-3, 0, 2])
def test_picture_lag_is_found_through_noise_and_contrast(late: int) -> None:
    source = film(40)
    noise = np.random.default_rng(2).normal(0, 2, (10, 30, 60))
    shown = (0.9 * source[15 - late : 25 - late] + 10 + noise).astype(np.float32)
    found = picture_lag(shown, source, rows(10, 15), LAGS)
    assert found is not None
    assert found.fits == (late,)


def test_still_picture_tells_nothing() -> None:
    source = np.repeat(film(1), 40, 0)
    assert picture_lag(source[15:25], source, rows(10, 15), LAGS) is None


def test_another_picture_is_not_found() -> None:
    found = picture_lag(255 - film(40, seed=9)[15:25], film(40), rows(10, 15), LAGS)
    assert found is not None
    assert not found.found
    black = np.zeros((10, 30, 60), np.float32)
    assert picture_lag(black, film(40), rows(10, 15), LAGS) == ((), False)


def test_a_pause_in_the_movement_gives_an_interval() -> None:
    source = film(40)
    source[:22] = source[22]  # stands still, then moves
    found = picture_lag(source[15:25], source, rows(10, 15), LAGS)
    assert found is not None
    assert found.fits == (0,)
    still_longer = picture_lag(source[10:20], source, rows(10, 10), LAGS)
    assert still_longer is not None
    assert 0 in still_longer.fits
    assert still_longer.least == 0


@pytest.mark.parametrize("late", [-2, -1, 0, 1, 3])
def test_cut_lag(late: int) -> None:
    one, two = film(40, seed=3), film(40, seed=4)
    output = np.concatenate([one[: 20 + late], two[20 + late :]])
    assert cut_lag(output[16:20], output[20:36], two[20:36]) == late


def test_cut_between_pictures_that_look_the_same_tells_nothing() -> None:
    same = np.repeat(film(1), 40, 0)
    assert cut_lag(same[16:20], same[20:36], same[20:36]) is None


def speech(seconds: float, seed: int = 5) -> Wave:
    dice = np.random.default_rng(seed)
    level = np.repeat(dice.uniform(0, 1, round(seconds * 8)), LISTEN_RATE // 8)
    smooth = np.convolve(dice.normal(0, 1, len(level)), np.ones(8) / 8, "same")
    return (0.2 * level * smooth).astype(np.float32)


@pytest.mark.parametrize("late", [-0.2, 0.0, 0.06])
def test_sound_lag_whatever_the_gain(late: float) -> None:
    source = speech(4)
    shift = round(late * LISTEN_RATE)
    heard = -6 * source[MARGIN - shift : 3 * LISTEN_RATE + MARGIN - shift] * -0.5
    found = sound_lag(heard, source, MARGIN)
    assert found is not None
    assert found.seconds == pytest.approx(late, abs=1e-4)


def test_silence_and_even_noise_tell_nothing_but_missing_speech_is_told() -> None:
    source = speech(4)
    quiet = np.zeros(3 * LISTEN_RATE, np.float32)
    missing = sound_lag(quiet, source, MARGIN)
    assert missing is not None
    assert not missing.found
    assert sound_lag(quiet, source * 1e-4, MARGIN) is None
    hiss = np.random.default_rng(6).normal(0, 0.05, 4 * LISTEN_RATE).astype(np.float32)
    assert sound_lag(quiet, hiss, MARGIN) is None


def test_a_tone_repeats_itself_and_counts_as_in_place() -> None:
    tone = (0.3 * np.sin(2 * np.pi * 440 * np.arange(4 * LISTEN_RATE) / LISTEN_RATE)).astype(np.float32)
    found = sound_lag(tone[MARGIN : MARGIN + 3 * LISTEN_RATE], tone, MARGIN)
    assert found is not None
    assert abs(found.seconds) < 2e-4


def test_dropped_seconds() -> None:
    source = speech(4)
    assert dropped_seconds(0.3 * source, source) == 0
    holed = source.copy()
    holed[LISTEN_RATE : LISTEN_RATE + LISTEN_RATE // 2] = 0
    assert dropped_seconds(holed, source) > 0.2


def test_loudest_window_prefers_the_start() -> None:
    even = speech(6)
    assert loudest_window(even, LISTEN_RATE) == 0
    even[: 3 * LISTEN_RATE] *= 0.01
    assert loudest_window(even, LISTEN_RATE) > 2 * LISTEN_RATE


def test_first_and_last_segments_are_always_sampled() -> None:
    segments = [
        Segment(
            action=f"a{n}",
            type="keep",
            first_frame=10 * n,
            frames=10,
            source_frame=20 * n,
            speed=1 if n % 3 else 4,  # type: ignore[arg-type]
        )
        for n in range(100)
    ]
    chosen = sampled(segments)
    assert len(chosen) == 24
    assert chosen[0] == 0
    assert chosen[-1] == 99
    assert max(b - a for a, b in pairwise(chosen)) <= 12
    assert sampled(segments[:5]) == [0, 1, 2, 3, 4]


def test_a_certificate_cannot_contradict_itself() -> None:
    check = Check(name="sync", passed=False, limit="1 frame", note="late")
    with pytest.raises(ValueError, match="does not agree"):
        Certificate(output="a.mp4", sha256="0" * 64, passed=True, checks=(check,))
    with pytest.raises(ValueError, match="without having been made"):
        Check(name="sync", passed=False, measured=False, limit="1 frame", note="")
    with pytest.raises(KeyError):
        check.value("nothing")
