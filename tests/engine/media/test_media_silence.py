import wave
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from cutdown.errors import MediaError
from cutdown.media.silence import RATE, hear, noise_floor, silence_threshold

Wave = NDArray[np.float64]
SPEECH = [(1.0, 3.0), (5.0, 8.0)]


def write(path: Path, samples: Wave, rate: int = RATE) -> Path:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes((np.clip(samples, -1, 1) * 32767).astype("<i2").tobytes())
    return path


def a_voice(seconds: float, seed: int = 0) -> Wave:
    """Something a voice detector takes for a voice: a gliding pitch with formants, in syllables."""
    at = np.arange(int(seconds * RATE)) / RATE
    pitch = 2 * np.pi * np.cumsum(120 + 25 * np.sin(2 * np.pi * 0.7 * at)) / RATE
    tone = sum(
        np.sin(number * pitch) * np.exp(-(((number * 120 - formant) / 250) ** 2))
        for number in range(1, 28)
        for formant in (600, 1200, 2500)
    )
    syllables = 0.55 + 0.45 * np.sin(2 * np.pi * 4 * at + seed)
    voice: Wave = tone * syllables
    return voice / np.abs(voice).max() * 0.5


def a_talk(noise_db: float | None, seed: int = 1) -> Wave:
    samples = np.zeros(10 * RATE)
    for start, end in SPEECH:
        samples[int(start * RATE) : int(end * RATE)] = a_voice(end - start)
    if noise_db is not None:
        hiss = np.random.default_rng(seed).standard_normal(len(samples))
        samples += hiss * 10 ** (noise_db / 20)
    return samples


def silent_share(path: Path, start: float, end: float) -> float:
    silences = hear(path).silences
    inside = sum(max(0.0, min(float(s.end), end) - max(float(s.start), start)) for s in silences)
    return inside / (end - start)


@pytest.mark.parametrize("noise_db", [None, -70.0, -45.0, -36.0])
def test_silence_is_found_at_whatever_level_the_room_has(tmp_path: Path, noise_db: float | None) -> None:
    path = write(tmp_path / "talk.wav", a_talk(noise_db))
    assert silent_share(path, 3.1, 4.9) > 0.95
    assert silent_share(path, 8.1, 10.0) > 0.95
    assert silent_share(path, 1.2, 2.8) < 0.1


def test_edges_of_silence_are_exact(tmp_path: Path) -> None:
    longest = max(hear(write(tmp_path / "talk.wav", a_talk(-60))).silences, key=lambda s: s.duration)
    assert float(longest.start) == pytest.approx(3.0, abs=0.06) or float(longest.start) == pytest.approx(
        8.0, abs=0.06
    )


def test_key_clicks_do_not_break_silence(tmp_path: Path) -> None:
    samples = a_talk(-60)
    for at in np.arange(3.2, 4.9, 0.23):
        first = int(at * RATE)
        burst = np.random.default_rng(first).standard_normal(200) * np.exp(-np.arange(200) / 50)
        samples[first : first + 200] += burst * 0.2
    assert silent_share(write(tmp_path / "clicks.wav", samples), 3.1, 4.9) > 0.95


def test_key_clicks_are_heard_one_by_one_and_speech_is_none(tmp_path: Path) -> None:
    samples = a_talk(-60)
    keys = np.arange(3.2, 4.9, 0.23)
    for at in keys:
        first = int(at * RATE)
        burst = np.random.default_rng(first).standard_normal(200) * np.exp(-np.arange(200) / 50)
        samples[first : first + 200] += burst * 0.05
    clicks = [float(click) for click in hear(write(tmp_path / "clicks.wav", samples)).clicks]
    assert len([click for click in clicks if 3.1 < click < 5]) == len(keys)
    assert np.abs(np.array([c for c in clicks if 3.1 < c < 5]) - keys).max() < 0.05
    assert not [click for click in clicks if 1.1 < click < 2.9 or 5.1 < click < 7.9]
    assert hear(write(tmp_path / "talk.wav", a_talk(-60))).clicks == ()


def test_hum_counts_as_silence(tmp_path: Path) -> None:
    samples = a_talk(-70) + 0.03 * np.sin(2 * np.pi * 50 * np.arange(10 * RATE) / RATE)
    assert silent_share(write(tmp_path / "hum.wav", samples), 3.1, 4.9) > 0.95


def test_digital_silence_is_silent_and_nobody_speaks(tmp_path: Path) -> None:
    hearing = hear(write(tmp_path / "zero.wav", np.zeros(3 * RATE)))
    assert hearing.speech == ()
    assert hearing.speech_level_db is None
    assert sum(float(s.duration) for s in hearing.silences) == pytest.approx(3, abs=0.05)


def test_speech_that_never_pauses_has_no_long_silence(tmp_path: Path) -> None:
    hearing = hear(write(tmp_path / "full.wav", a_voice(6)))
    assert all(float(s.duration) < 0.3 for s in hearing.silences)


def test_blocks_leave_no_trace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(tmp_path / "talk.wav", a_talk(-50))
    whole = hear(path)
    monkeypatch.setattr("cutdown.media.silence._BLOCK", 3 * RATE)
    shares: list[float] = []
    pieces = hear(path, shares.append)
    assert shares == sorted(shares)
    assert shares[-1] == 1
    assert [s.start for s in pieces.silences if s.duration > 1] == pytest.approx(
        [s.start for s in whole.silences if s.duration > 1], abs=0.03
    )


def test_a_wav_at_another_rate_is_refused(tmp_path: Path) -> None:
    with pytest.raises(MediaError, match=r"'odd.wav' is not 16-bit mono sound at 16 kHz"):
        hear(write(tmp_path / "odd.wav", np.zeros(100), rate=8000))


def test_the_floor_is_where_the_levels_lie_most_densely() -> None:
    levels = np.concatenate([np.full(100, -60.0), np.linspace(-59, -20, 150)])
    floor, spread = noise_floor(levels, levels)
    assert floor == pytest.approx(-60, abs=1)
    assert spread < 1


def test_silence_stays_below_speech() -> None:
    assert silence_threshold(-22.0, 2.0, -20.0) == -26.0
    assert silence_threshold(-90.0, 0.1, -20.0) == -60.0
    assert silence_threshold(-50.0, 0.2, None) == -47.5


def test_real_speech_is_heard(shared_data: Path, tmp_path: Path) -> None:
    from faster_whisper.audio import decode_audio

    samples = np.asarray(decode_audio(str(shared_data / "speech" / "jfk.flac"), RATE), dtype=np.float64)
    hearing = hear(write(tmp_path / "jfk.wav", samples))
    spoken = sum(float(s.duration) for s in hearing.speech)
    assert 6 < spoken < 11
    assert hearing.speech_level_db is not None
    assert hearing.noise_floor_db < hearing.speech_level_db - 6
