"""Sound decoded only where it is played has its samples where the whole decoded file has them."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from av.audio.frame import AudioFrame
from media_kit import describe, make_recording

from cutdown.assembly import recorded_sound
from cutdown.assembly.recorded_sound import open_sound
from cutdown.assembly.samples import Stereo, WavSource
from cutdown.media.sound import extract_sound
from cutdown.recording import Recording
from cutdown.timebase import SAMPLE_RATE

SECONDS = 9
LEVEL = 10 / 32768  # of any error: far below what is heard, far above rounding


def tones(path: Path, rate: int, channels: int, *, delay: int = 0) -> Recording:
    """A sweep in AAC, another one in each channel; ``delay`` samples late in the file."""
    time = np.arange(SECONDS * rate) / rate
    sweeps = [np.sin(2 * np.pi * (200 + 150 * channel + 40 * time) * time) for channel in range(channels)]
    layout = "mono" if channels == 1 else "stereo"
    with av.open(str(path), "w") as out:
        picture = out.add_stream("libx264", rate=10, options={"preset": "ultrafast"})
        picture.width, picture.height, picture.pix_fmt = 64, 64, "yuv420p"
        stream = out.add_stream("aac", rate=rate, layout=layout, options={"aac_pns": "0"})
        for at in range(0, SECONDS * rate, rate):
            block = np.stack([sweep[at : at + rate] for sweep in sweeps]).astype(np.float32) / 4
            frame = AudioFrame.from_ndarray(block, format="fltp", layout=layout)
            frame.sample_rate, frame.pts, frame.time_base = rate, at + delay, Fraction(1, rate)
            out.mux(stream.encode(frame))
            for number in range(10):
                black = av.VideoFrame.from_ndarray(np.full((96, 64), 128, np.uint8), format="yuv420p")
                black.pts, black.time_base = at // rate * 10 + number, Fraction(1, 10)
                out.mux(picture.encode(black))
        out.mux(stream.encode(None))
        out.mux(picture.encode(None))
    return describe(path)


def whole(path: Path, recording: Recording, scratch: Path) -> Stereo:
    extract_sound(path, recording, scratch / "whole.wav", track=None, sample_rate=SAMPLE_RATE, channels=2)
    source = WavSource(scratch / "whole.wav")
    return source.read(0, source.samples)


@pytest.mark.parametrize(
    ("rate", "channels", "delay"), [(48000, 2, 0), (44100, 1, 0), (24000, 2, 5000), (16000, 1, 0)]
)
def test_any_stretch_is_that_of_the_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rate: int, channels: int, delay: int
) -> None:
    recording = tones(tmp_path / "in.mp4", rate, channels, delay=delay)
    expected = whole(tmp_path / "in.mp4", recording, tmp_path)
    assert np.abs(expected).max() > 0.2
    monkeypatch.delattr(recorded_sound, "extract_sound")  # decoded as a whole it may not be
    with open_sound(tmp_path / "in.mp4", recording, None, tmp_path) as sound:
        onset = delay * SAMPLE_RATE // rate
        before = onset - 2100  # a packet that rings before the beginning is cut in one or the other place
        for start, count in ((200_000, 3000), (95_000, 2000), (0, 100_000), (287_900, 300), (5, 1)):
            off = np.abs(sound.read(start, count) - expected[start : start + count])
            off[max(0, before - start) : max(0, onset + 50 - start)] = 0
            assert off.max() < LEVEL
        assert not sound.read(-500, 500).any()
        assert not sound.read(round(recording.duration * SAMPLE_RATE), 400).any()
        assert np.abs(sound.read(-100, 300)[200:] - expected[100:200]).max() < LEVEL


def test_a_track_whose_clock_is_coarser_than_its_samples_is_decoded_as_a_whole(tmp_path: Path) -> None:
    path = make_recording(tmp_path / "in.mkv", seconds=2)
    recording = describe(path)
    expected = whole(path, recording, tmp_path)
    with open_sound(path, recording, None, tmp_path) as sound:
        assert np.array_equal(sound.read(40_000, 5000), expected[40_000:45_000])
    assert (tmp_path / "recording.wav").exists()


def test_a_file_that_is_cut_off_is_silent_then(tmp_path: Path) -> None:
    recording = tones(tmp_path / "in.mp4", 48000, 1)
    raw = (tmp_path / "in.mp4").read_bytes()
    place = raw.index(b"mdat")
    (tmp_path / "in.mp4").write_bytes(raw[: place + 60_000] + bytes(len(raw) - place - 60_000))
    moov = raw.index(b"moov")
    if moov < place:
        pytest.skip("this muxer writes its index first")
    broken = raw[: place + 60_000] + b"\xff" * (moov - place - 60_000) + raw[moov:]
    (tmp_path / "in.mp4").write_bytes(broken)
    with open_sound(tmp_path / "in.mp4", recording, None, tmp_path) as sound:
        assert np.abs(sound.read(0, 20_000)).max() > 0.2
        sound.read(300_000, 20_000)  # whatever it is, it is no error
