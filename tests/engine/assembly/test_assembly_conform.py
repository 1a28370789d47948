"""Colour: what is brought over, and what is seen as unchanged."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from av.video.frame import VideoFrame
from media_kit import luma_of, make_recording

from cutdown.assembly.conform import Conform, looks_the_same
from cutdown.assembly.picture_format import picture_format
from cutdown.recording import Colour, Picture
from cutdown.settings import RenderOptions

SIZE = (256, 64)


def track(pixel_format: str, colour: Colour) -> Picture:
    return Picture(
        stream_index=0, codec="h264", pixel_format=pixel_format, width=SIZE[0], height=SIZE[1],
        display_width=SIZE[0], display_height=SIZE[1], pixel_aspect=1, rate=30, variable_rate=False,
        frames=1, start=0, colour=colour,
    )  # fmt: skip


def deep_grey(level: int) -> VideoFrame:
    frame = VideoFrame(*SIZE, "yuv420p10le")
    for plane, value in zip(frame.planes, (level, 512, 512), strict=True):
        np.frombuffer(plane, np.uint16)[:] = value
    return frame


def code_of(nits: float) -> int:
    """The 10-bit limited luma of a grey in PQ (SMPTE ST 2084)."""
    power = (nits / 10_000) ** 0.1593017578125
    signal = ((0.8359375 + 18.8515625 * power) / (1 + 18.6875 * power)) ** 78.84375
    return round(64 + 876 * signal)


def test_hdr_white_becomes_white_and_dark_stays_dark() -> None:
    colour = Colour(primaries="bt2020", transfer="smpte2084", matrix="bt2020nc", range="tv")
    picture = track("yuv420p10le", colour)
    conform = Conform(picture, picture_format(picture, RenderOptions(), Fraction(30)))
    shades = []
    for nits in (0.01, 5, 50, 203, 1000):
        frame = deep_grey(code_of(nits))
        frame.colorspace, frame.color_trc, frame.color_primaries, frame.color_range = 9, 16, 9, 1
        made = conform(frame)
        assert made.format.name == "yuv420p"
        shades.append(int(luma_of(made)[32, 100]))
    assert shades == sorted(shades)
    assert shades[0] < 25
    assert 100 < shades[2] < 160  # a quarter of white's light is half of its code
    assert shades[3] > 210


def test_a_picture_that_fits_is_handed_on_untouched() -> None:
    picture = track("yuv420p", Colour(matrix="bt709", range="tv"))
    frame = VideoFrame(*SIZE, "yuv420p")
    assert Conform(picture, picture_format(picture, RenderOptions(), Fraction(30)))(frame) is frame


@pytest.mark.parametrize("plane", [0, 1, 2])
def test_one_changed_pixel_is_a_change(plane: int) -> None:
    frames = [deep_grey(300), deep_grey(300)]
    assert looks_the_same(*frames)
    np.frombuffer(frames[1].planes[plane], np.uint16)[5] += 1
    assert not looks_the_same(*frames)


def test_what_pads_a_line_is_not_compared() -> None:
    frames = [VideoFrame(250, 64, "yuv420p"), VideoFrame(250, 64, "yuv420p")]
    for frame, padding in zip(frames, (0, 255), strict=True):
        for plane in frame.planes:
            lines = np.frombuffer(plane, np.uint8).reshape(plane.height, plane.line_size)
            lines[:] = padding
            lines[:, : plane.width] = 100
    assert looks_the_same(*frames)


def test_interleaved_chroma_is_compared_to_the_end_of_its_lines() -> None:
    frames = [VideoFrame(*SIZE, "nv12"), VideoFrame(*SIZE, "nv12")]
    for frame in frames:
        for plane in frame.planes:
            np.frombuffer(plane, np.uint8)[:] = 100
    assert looks_the_same(*frames)
    np.frombuffer(frames[1].planes[1], np.uint8)[SIZE[0] - 2] += 50
    assert not looks_the_same(*frames)


def test_pictures_stored_from_the_last_line_up_are_told_apart(tmp_path: Path) -> None:
    source = make_recording(
        tmp_path / "plain.avi", seconds=0.1, size=(160, 90), sound=False, encoder="rawvideo", pixel_format="bgr24"
    )  # fmt: skip
    data = bytearray(source.read_bytes())
    height = data.index(b"strf") + 16
    data[height : height + 4] = (90).to_bytes(4, "little")  # below 0 means from the first line down
    source.write_bytes(data)
    with av.open(str(source)) as container:
        first, second = list(container.decode(video=0))[:2]
    assert first.planes[0].line_size < 0
    assert not looks_the_same(first, second)
