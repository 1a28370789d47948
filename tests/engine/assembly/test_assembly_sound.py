"""The soundtrack: exact positions, fades, room tone, tempo, loudness, peaks."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import av
import numpy as np
import pytest
from cutting_kit import plain_signals

from cutdown.assembly.audio_file import encode_aac, make_sound, speech_level
from cutdown.assembly.joins import FADE
from cutdown.assembly.limiter import amplify, true_peaks
from cutdown.assembly.loudness import gain_for, integrated, measure
from cutdown.assembly.room_tone import room_tone
from cutdown.assembly.samples import Loop, Retimed, Silence, Stereo, WavSource
from cutdown.assembly.soundtrack import mix
from cutdown.assembly.weighting import WeightedPowers
from cutdown.media.sound import write_wav
from cutdown.narration import Narration, NarrationLine
from cutdown.recording import Recording
from cutdown.settings import RenderOptions
from cutdown.signals import Signals
from cutdown.store import Store
from cutdown.timebase import SAMPLE_RATE, Span
from cutdown.timeline import Segment, Sound, Timeline


class Ramp:
    """Every sample says its own place."""

    def read(self, start: int, count: int) -> Stereo:
        places = np.arange(start, start + count, dtype=np.float64) / 2**20
        return np.stack([places, places], axis=1).astype(np.float32)


def tone(hertz: float, seconds: float, level: float = 0.1) -> Stereo:
    wave = level * np.sin(2 * np.pi * hertz * np.arange(round(seconds * SAMPLE_RATE)) / SAMPLE_RATE)
    return np.stack([wave, wave], axis=1).astype(np.float32)


def wav(path: Path, sound: Stereo) -> WavSource:
    write_wav(path, np.round(sound * 32767).astype(np.int16), SAMPLE_RATE)
    return WavSource(path)


def recorded(first: int, samples: int, place: int, tempo: Fraction = Fraction(1)) -> Sound:
    return Sound(kind="recording", first_sample=first, samples=samples, source_sample=place, tempo=tempo)


def test_samples_lie_where_the_timeline_says() -> None:
    rate = SAMPLE_RATE
    sounds = [
        recorded(0, 25 * rate, 1000),
        recorded(25 * rate, 3 * rate, 700_000),
        recorded(28 * rate, 500, 10),
    ]
    whole = np.concatenate(list(mix(sounds, Ramp(), [], Silence())))
    assert len(whole) == 28 * rate + 500
    source = Ramp().read(0, 2_000_000)
    edge = 25 * rate
    assert np.array_equal(whole[: edge - FADE], source[1000 : 1000 + edge - FADE])
    assert np.array_equal(
        whole[edge + FADE : 28 * rate - FADE], source[700_000 + FADE : 700_000 + 3 * rate - FADE]
    )


def test_neighbours_in_the_source_are_not_faded() -> None:
    sounds = [recorded(0, 5000, 100), recorded(5000, 5000, 5100), recorded(10000, 20, 10100)]
    whole = np.concatenate(list(mix(sounds, Ramp(), [], Silence())))
    assert np.array_equal(whole, Ramp().read(100, 10020))


def test_a_cut_keeps_the_power_of_noise() -> None:
    noise = np.random.default_rng(1).normal(0, 0.1, (400_000, 2)).astype(np.float32)

    class Noise:
        def read(self, start: int, count: int) -> Stereo:
            return noise[start : start + count].copy()

    powers = []
    for place in range(20_000, 380_000, 2_000):
        sounds = [recorded(0, 4000, place - 15_000), recorded(4000, 4000, place)]
        whole = np.concatenate(list(mix(sounds, Noise(), [], Silence())))
        powers.append(np.square(whole[4000 - FADE : 4000 + FADE]).mean())
    assert 10 * np.log10(np.mean(powers) / 0.01) == pytest.approx(0, abs=0.15)


def test_short_sounds_keep_their_number_of_samples() -> None:
    edges = np.cumsum([0, 1, 2, 3, 500, 7, 4, 100, 1, 1, 30_000]).tolist()
    sounds = [recorded(a, b - a, 3 * a + 5) for a, b in pairwise(edges)]
    assert sum(len(block) for block in mix(sounds, Ramp(), [], Silence())) == edges[-1]


@pytest.mark.parametrize("tempo", [Fraction(11, 10), Fraction(2), Fraction(9, 10), Fraction(2, 5)])
def test_tempo_keeps_pitch_and_place(tmp_path: Path, tempo: Fraction) -> None:
    sound = np.concatenate([tone(300, 1, 0.05), tone(700, 2, 0.3), tone(300, 1, 0.05)])
    samples = round(4 * SAMPLE_RATE / tempo)
    whole = np.concatenate(
        list(mix([recorded(0, samples, 0, tempo)], wav(tmp_path / "a.wav", sound), [], Silence()))
    )
    assert len(whole) == samples
    middle = whole[round(1.5 * SAMPLE_RATE / tempo) :][: SAMPLE_RATE // 2, 0]
    assert np.abs(np.fft.rfft(middle * np.hanning(len(middle)))).argmax() * 2 == pytest.approx(700, abs=6)
    loud = np.flatnonzero(np.abs(whole[:, 0]) > 0.15)
    assert loud[0] == pytest.approx(SAMPLE_RATE / tempo, abs=0.03 * SAMPLE_RATE)
    assert loud[-1] == pytest.approx(3 * SAMPLE_RATE / tempo, abs=0.03 * SAMPLE_RATE)


def test_retimed_sound_that_runs_out_is_silent_then(tmp_path: Path) -> None:
    retimed = Retimed(wav(tmp_path / "a.wav", tone(300, 1)), 0, 2 * SAMPLE_RATE, Fraction(11, 10), 0)
    assert np.abs(retimed.read(0, 2 * SAMPLE_RATE)[-SAMPLE_RATE:]).max() == 0


def test_room_tone_is_the_even_silence_at_its_own_level(tmp_path: Path) -> None:
    chance = np.random.default_rng(3)
    sound = tone(200, 10, 0.3)
    sound[: 2 * SAMPLE_RATE] = chance.normal(0, 0.004, (2 * SAMPLE_RATE, 2))
    sound[40_000:40_500] = 0.3  # a key click
    sound[6 * SAMPLE_RATE : 8 * SAMPLE_RATE] = chance.normal(0, 0.002, (2 * SAMPLE_RATE, 2))
    silences = (Span(start=0, end=2), Span(start=6, end=8))
    signals = Signals(
        duration=10, noise_floor_db=-50, speech_level_db=None, silences=silences, speech=(), screen=()
    )
    room = room_tone(wav(tmp_path / "a.wav", sound), signals).read(123, 18 * SAMPLE_RATE)
    levels = np.sqrt(np.square(room).reshape(-1, 1440, 2).mean(axis=(1, 2)))
    assert levels.mean() == pytest.approx(0.002, rel=0.1)
    assert levels.max() < 0.003


def test_a_loop_has_no_seam() -> None:
    loop = Loop(tone(100, 1), SAMPLE_RATE // 10).read(0, 5 * SAMPLE_RATE)
    assert np.abs(np.diff(loop[:, 0])).max() < 0.003


def test_the_limiter_holds_true_peaks_and_moves_nothing() -> None:
    time = np.arange(3 * SAMPLE_RATE)
    # A quarter of the sample rate at 45 degrees: its peaks lie between the samples, 3 dB above them.
    hidden = 0.5 * np.sin(np.pi / 2 * time + np.pi / 4)
    hidden[SAMPLE_RATE : SAMPLE_RATE + 2000] *= 3
    sound = np.stack([hidden, 0.2 * hidden], axis=1).astype(np.float32)
    for size in (700, 48_000, 200_000):
        blocks = [sound[at : at + size] for at in range(0, len(sound), size)]
        limited = np.concatenate(list(amplify(blocks, 1.0, 0.8)))
        assert limited.shape == sound.shape
        assert true_peaks(limited).max() <= 0.8 * 1.01
        assert np.array_equal(limited[: SAMPLE_RATE - 960], sound[: SAMPLE_RATE - 960])
        assert np.array_equal(limited[SAMPLE_RATE + 3000 :], sound[SAMPLE_RATE + 3000 :])


@pytest.mark.parametrize("measured", [-70.0, float("nan"), float("-inf")])
def test_silence_is_not_made_louder(measured: float) -> None:
    assert gain_for(measured, -16) == 0


def bursts(seconds: int) -> Stereo:
    """Something like speech: noise in syllables, with peaks far above its mean."""
    chance = np.random.default_rng(5)
    envelope = np.repeat(chance.choice([0.0, 0.02, 0.08, 0.3], seconds * 8), SAMPLE_RATE // 8)
    noise = chance.normal(0, 1, len(envelope)) * envelope
    smooth = np.convolve(noise, np.hanning(24) / 6, mode="same") / 3
    return np.stack([smooth, smooth], axis=1).astype(np.float32)


def loudness_of(sound: Stereo, step: int = 70_001) -> float:
    weighted = WeightedPowers()
    for at in range(0, len(sound), step):
        weighted.hear(sound[at : at + step])
    return integrated(weighted.powers())


def test_a_sine_in_one_channel_measures_what_the_standard_says() -> None:
    one = tone(997, 5, level=1.0)
    one[:, 1] = 0
    assert loudness_of(one) == pytest.approx(-3.01, abs=0.01)  # BS.1770-5, annex 1


@pytest.mark.parametrize("quiet", [0, 20])
def test_the_loudness_of_a_mix_is_what_ffmpeg_measures(tmp_path: Path, quiet: int) -> None:
    sound = np.concatenate(
        [bursts(20), 0.003 * bursts(1 + quiet), 0.3 * bursts(10), np.zeros((4801, 2), np.float32)]
    )
    path = tmp_path / "mix.f32"
    path.write_bytes(np.ascontiguousarray(sound).tobytes())
    found = measure(["-f", "f32le", "-ar", "48000", "-ac", "2", "-i", str(path)], peaks=False)
    assert loudness_of(sound) == pytest.approx(found.integrated, abs=0.06)  # ffmpeg tells one decimal


@pytest.mark.parametrize("seconds", [0, 0.05, 0.39, 3])
def test_silence_and_less_than_the_measure_needs_are_at_its_gate(seconds: float) -> None:
    assert (
        loudness_of(
            (bursts(1) if seconds < 1 else np.zeros((3 * SAMPLE_RATE, 2), np.float32))[
                : round(seconds * SAMPLE_RATE)
            ]
        )
        == -70
    )


def recording_of_nothing(seconds: int) -> Recording:
    return Recording(
        sha256="0" * 64,
        name="none.mp4",
        size_bytes=1,
        container="mp4",
        duration=seconds,
        picture=None,
        audio=(),
    )


def narrated(store: Store, path: Path, sound: Stereo) -> Narration:
    write_wav(path, np.round(np.clip(sound[:, 0], -1, 1) * 32767).astype(np.int16), SAMPLE_RATE)
    line = NarrationLine(actions=("a",), text="x", spoken="x", sound=store.put(path), samples=len(sound))
    return Narration(provider="made", voice="noise", language="en", lines=(line,))


def timeline_with(sound: Sound, seconds: int) -> Timeline:
    segment = Segment(
        action="a", type="rewrite", first_frame=0, frames=30 * seconds, source_frame=0, speed=Fraction(1)
    )
    return Timeline(recording_sha256="0" * 64, rate=Fraction(30), segments=(segment,), sounds=(sound,))


@pytest.mark.parametrize(("level", "loudness"), [(0.1, -16.0), (1.0, -16.0), (1.0, -23.0)])
def test_the_encoded_sound_has_the_loudness_asked_for(tmp_path: Path, level: float, loudness: float) -> None:
    store = Store(tmp_path / "store")
    narration = narrated(store, tmp_path / "line.wav", level * bursts(20))
    timeline = timeline_with(Sound(kind="narration", first_sample=0, samples=20 * SAMPLE_RATE, line=0), 20)
    recording = recording_of_nothing(20)
    made = make_sound(
        tmp_path / "none.mp4", recording, timeline, narration, plain_signals(recording, speech_level_db=None),
        RenderOptions(loudness=loudness), store, track=None, scratch=tmp_path,
    )  # fmt: skip
    found = measure(["-i", str(store.path(made.ref))], peaks=True)
    assert found.integrated == pytest.approx(loudness, abs=0.5)
    assert found.true_peak <= -1.0


def test_a_faint_voice_under_loud_keys_gets_the_loudness_asked_for(tmp_path: Path) -> None:
    store = Store(tmp_path / "store")
    sound = 0.1 * bursts(6)
    chance = np.random.default_rng(2)
    for at in range(SAMPLE_RATE, len(sound) - 150, SAMPLE_RATE * 3 // 10):
        sound[at : at + 150] += np.clip(0.5 * chance.normal(0, 1, (150, 1)), -0.9, 0.9).astype(np.float32)
    narration = narrated(store, tmp_path / "line.wav", sound)
    timeline = timeline_with(Sound(kind="narration", first_sample=0, samples=6 * SAMPLE_RATE, line=0), 6)
    recording = recording_of_nothing(6)
    made = make_sound(
        tmp_path / "none.mp4", recording, timeline, narration, plain_signals(recording), RenderOptions(),
        store, track=None, scratch=tmp_path,
    )  # fmt: skip
    assert made.loudness is not None
    assert made.loudness.integrated == pytest.approx(-16, abs=0.5)
    assert made.loudness.true_peak <= -1.0


def test_narration_is_as_loud_as_the_speech(tmp_path: Path) -> None:
    level = speech_level([wav(tmp_path / "a.wav", np.concatenate([tone(300, 2, 0.2), tone(300, 3, 0.0)]))])
    assert level == pytest.approx(20 * np.log10(0.2 / np.sqrt(2)), abs=0.1)
    assert speech_level([wav(tmp_path / "b.wav", tone(300, 1, 0.0))]) is None


def test_encoding_does_not_shift_the_sound(tmp_path: Path) -> None:
    sound = bursts(4)
    encode_aac([sound[:70_001], sound[70_001:]], tmp_path / "a.m4a")
    with av.open(str(tmp_path / "a.m4a")) as container:
        frames = list(container.decode(audio=0))
    assert frames[0].pts == 0
    decoded = np.concatenate([frame.to_ndarray()[0] for frame in frames])[: len(sound)]
    spectrum = np.fft.rfft(decoded) * np.conj(np.fft.rfft(sound[:, 0]))
    assert int(np.fft.irfft(spectrum).argmax()) == 0
