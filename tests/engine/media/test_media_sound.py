"""Sample numbers are times, whatever the container did to the sound."""

from pathlib import Path

import numpy as np
import pytest
from media_kit import make_recording

from cutdown.errors import MediaError, UsageError
from cutdown.media import ffmpeg
from cutdown.media.probe import probe
from cutdown.media.sound import (
    SoundFile,
    choose_track,
    extract_sound,
    extract_sounds,
    open_wav,
    read_wav_header,
    write_wav,
)

RATE = 48000


def clicks(samples: np.ndarray, rate: int = RATE) -> list[float]:
    """Seconds at which clicks begin."""
    loud = np.flatnonzero(np.abs(samples[:, 0].astype(int)) > 6000)
    starts = loud[np.flatnonzero(np.diff(loud, prepend=-rate) > rate // 10)]
    return [at / rate for at in starts]


def extracted(
    path: Path, target: Path, rate: int = RATE, channels: int = 1, track: int | None = None
) -> np.ndarray:
    extract_sound(path, probe(path), target, track=track, sample_rate=rate, channels=channels)
    assert read_wav_header(target).sample_rate == rate
    return open_wav(target)


@pytest.fixture(scope="module")
def click_track(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """4 s, a click at every full second, as PCM."""
    path = tmp_path_factory.mktemp("sound") / "clicks.wav"
    samples = np.zeros(4 * RATE, np.int16)
    for second in range(4):
        samples[second * RATE : second * RATE + 96] = 20000
    write_wav(path, samples, RATE)
    return path


@pytest.mark.parametrize("suffix", [".mp4", ".mkv"])
def test_clicks_are_where_the_flashes_are(tmp_path: Path, suffix: str):
    sound = extracted(make_recording(tmp_path / f"x{suffix}", seconds=4), tmp_path / "x.wav")
    assert len(sound) == round(probe(tmp_path / f"x{suffix}").duration * RATE)
    assert clicks(sound)[:4] == pytest.approx([0, 1, 2, 3], abs=0.003)


def test_two_kinds_of_one_track_agree(tmp_path: Path):
    path = make_recording(tmp_path / "it's «é».mp4", seconds=3)
    recording = probe(path)
    wide, narrow = tmp_path / "wide.wav", tmp_path / "narrow.wav"
    heard: list[float] = []
    extract_sounds(
        path,
        recording,
        [SoundFile(wide, RATE, 2), SoundFile(narrow, 16000, 1)],
        track=None,
        progress=heard.append,
    )
    stereo, mono = open_wav(wide), open_wav(narrow)
    assert stereo.shape == (3 * RATE, 2)
    assert mono.shape == (3 * 16000, 1)
    assert np.array_equal(stereo[:, 0], stereo[:, 1])
    assert clicks(stereo) == pytest.approx(clicks(mono, 16000), abs=0.002)
    assert np.abs(stereo).max() > 15000  # one channel on both sides keeps its level
    assert heard[-1] == 1.0


def test_a_late_start_is_silence(tmp_path: Path, click_track: Path):
    path = tmp_path / "late.mkv"
    ffmpeg.run([
        "-f", "lavfi", "-i", "color=size=64x64:rate=10:duration=6", "-itsoffset", "1.25", "-i", str(click_track),
        "-map", "0", "-map", "1", "-c:a", "pcm_s16le", str(path),
    ])  # fmt: skip
    sound = extracted(path, tmp_path / "x.wav")
    assert len(sound) == 6 * RATE
    assert clicks(sound) == pytest.approx([1.25, 2.25, 3.25, 4.25], abs=0.0015)
    assert not sound[: int(1.2 * RATE)].any()
    assert not sound[int(5.3 * RATE) :].any()


@pytest.mark.parametrize("suffix", ["mkv", "mp4"])
def test_a_gap_in_the_middle_moves_nothing(tmp_path: Path, click_track: Path, suffix: str):
    path = tmp_path / f"gap.{suffix}"
    without = "aselect='not(between(t,1.2,1.8))'"  # timestamps stay as they were
    ffmpeg.run([
        "-f", "lavfi", "-i", "color=size=64x64:rate=10:duration=4", "-i", str(click_track),
        "-filter_complex", f"[1:a]asetnsamples=480,{without}[a]", "-map", "0", "-map", "[a]",
        "-c:a", "flac", "-strict", "-2", str(path),
    ])  # fmt: skip
    sound = extracted(path, tmp_path / "x.wav")
    assert len(sound) == 4 * RATE
    assert clicks(sound) == pytest.approx([0, 1, 2, 3], abs=0.012)


def test_the_length_is_the_recordings_not_the_tracks(tmp_path: Path):
    path = tmp_path / "short.mp4"
    ffmpeg.run([
        "-f", "lavfi", "-i", "color=size=64x64:rate=30000/1001:duration=3", "-f", "lavfi", "-i", "sine=duration=1", str(path)
    ])  # fmt: skip
    recording = probe(path)
    sound = extracted(path, tmp_path / "x.wav", rate=44100)
    assert len(sound) == round(recording.duration * 44100)
    assert not sound[int(1.1 * 44100) :].any()


def test_the_track_asked_for_is_the_one_taken(tmp_path: Path):
    path = make_recording(tmp_path / "three.mkv", seconds=2, tracks=3)
    recording = probe(path)

    def pitch(track: int) -> float:
        sound = extracted(path, tmp_path / f"{track}.wav", track=track)[RATE // 2 : RATE // 2 + RATE, 0]
        return float(np.argmax(np.abs(np.fft.rfft(sound * np.hanning(RATE)))))

    assert [pitch(1), pitch(2)] == [300, 400]
    assert choose_track(recording, None).order == 0
    with pytest.raises(UsageError, match=r"no sound track 3; choose from 0 .*, 1 .*, 2 "):
        choose_track(recording, 3)


def test_no_track_is_the_callers_to_handle(tmp_path: Path):
    recording = probe(make_recording(tmp_path / "mute.mp4", seconds=1, sound=False))
    with pytest.raises(UsageError, match=r"'mute\.mp4' has no sound track"):
        choose_track(recording, None)


def test_the_same_sound_gives_the_same_bytes(tmp_path: Path):
    path = make_recording(tmp_path / "x.mp4", seconds=1)
    one, two = tmp_path / "1.wav", tmp_path / "2.wav"
    extracted(path, one)
    extracted(path, two)
    assert one.read_bytes() == two.read_bytes()


def test_nothing_half_written_is_left_after_a_failure(tmp_path: Path):
    path = make_recording(tmp_path / "x.mp4", seconds=1)
    recording = probe(path)
    path.write_bytes(b"gone bad")
    folder = tmp_path / "out"
    with pytest.raises(MediaError, match=r"'x\.mp4' cannot be decoded"):
        extract_sound(path, recording, folder / "x.wav", track=None, sample_rate=RATE, channels=1)
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize("channels", [1, 2, 6])
def test_wav_is_read_back_as_written(tmp_path: Path, channels: int):
    samples = np.random.default_rng(0).integers(-32768, 32768, (1000, channels)).astype(np.int16)
    write_wav(tmp_path / "x.wav", samples, 24000)
    assert np.array_equal(open_wav(tmp_path / "x.wav"), samples)
    header = read_wav_header(tmp_path / "x.wav")
    assert (header.sample_rate, header.channels, header.samples) == (24000, channels, 1000)
    read: list[bytes] = []
    ffmpeg.run(["-i", str(tmp_path / "x.wav"), "-f", "s16le", "pipe:1"], take=read.append)
    assert b"".join(read) == samples.tobytes()


def test_an_empty_wav_has_no_samples(tmp_path: Path):
    write_wav(tmp_path / "x.wav", np.zeros(0, np.int16), RATE)
    assert open_wav(tmp_path / "x.wav").shape == (0, 1)


def test_large_files_are_read_by_their_64_bit_sizes(tmp_path: Path):
    path = tmp_path / "x.wav"
    ffmpeg.run(["-f", "lavfi", "-i", "sine=duration=1", "-c:a", "pcm_s16le", "-rf64", "always", str(path)])
    assert path.read_bytes()[:4] == b"RF64"
    assert open_wav(path).shape == (44100, 1)


@pytest.mark.parametrize(
    "content", [b"", b"RIFF", b"not sound at all" * 9, b"RIFF\0\0\0\0WAVEfmt \x10\0\0\0"]
)
def test_what_is_no_wav_is_refused(tmp_path: Path, content: bytes):
    (tmp_path / "x.wav").write_bytes(content)
    with pytest.raises(MediaError, match=r"x\.wav"):
        open_wav(tmp_path / "x.wav")


def test_a_wav_of_floats_is_refused(tmp_path: Path):
    ffmpeg.run(["-f", "lavfi", "-i", "sine=duration=1", "-c:a", "pcm_f32le", str(tmp_path / "x.wav")])
    with pytest.raises(MediaError, match="16-bit"):
        open_wav(tmp_path / "x.wav")
