"""Repeats that were never encoded decode to exact copies, with every preset."""

from __future__ import annotations

from contextlib import closing
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from av.video.frame import VideoFrame
from media_kit import bar_code, luma_of, read_bar_code

from cutdown.assembly.h264_repeat import FrameCounter
from cutdown.assembly.picture_format import PictureFormat
from cutdown.assembly.piece_writer import open_piece, try_encoder
from cutdown.errors import RenderError, UsageError
from cutdown.recording import Colour

SIZE = (320, 180)


def format_of(preset: str, **changes: object) -> PictureFormat:
    fields = {
        "width": SIZE[0], "height": SIZE[1], "inner_width": SIZE[0], "inner_height": SIZE[1],
        "rate": Fraction(30), "encoder": "libx264", "preset": preset, "crf": 23, "bit_rate": None,
        "colour": Colour(primaries="bt709", transfer="bt709", matrix="bt709", range="tv"),
    }  # fmt: skip
    return PictureFormat(**(fields | changes))


def picture(number: int, seed: int = 0) -> VideoFrame:
    luma = bar_code(number, *SIZE)
    luma[:100] = np.random.default_rng(seed).integers(16, 235, (100, SIZE[0]))
    chroma = np.full((SIZE[1] // 2, SIZE[0]), 128, np.uint8)
    return VideoFrame.from_ndarray(np.concatenate([luma, chroma]), format="yuv420p")


def write(path: Path, form: PictureFormat, numbers: list[int]) -> int:
    """Write frames, repeats where a number comes again; returns the bytes."""
    with closing(open_piece(path, form)) as piece:
        before = -1
        for number in numbers:
            if number == before:
                piece.repeat()
            else:
                piece.show(picture(number, number))
            before = number
    return path.stat().st_size


def decoded(path: Path) -> list[VideoFrame]:
    with av.open(str(path)) as container:
        return list(container.decode(video=0))


NUMBERS = [1, 1, 1, 2, 3, 3, *[4] * 70, 5, *[6] * 17, 7, 7, 8, *range(9, 40), *[40] * 33]


@pytest.mark.parametrize("preset", ["ultrafast", "superfast", "veryfast", "medium"])
def test_every_frame_is_there_and_repeats_are_copies(tmp_path: Path, preset: str) -> None:
    write(tmp_path / "a.mp4", format_of(preset), NUMBERS)
    frames = decoded(tmp_path / "a.mp4")
    assert [read_bar_code(luma_of(frame)) for frame in frames] == NUMBERS
    assert [frame.pts * frame.time_base for frame in frames] == [
        Fraction(at, 30) for at in range(len(frames))
    ]
    # 4 is repeated 69 times; it is encoded again after 6 repeats, else copied.
    rest = [luma_of(frame) for frame in frames[6:76]]
    changes = [at for at in range(1, 70) if not np.array_equal(rest[at], rest[at - 1])]
    assert set(changes) <= {6}


def test_repeats_cost_next_to_nothing(tmp_path: Path) -> None:
    short = write(tmp_path / "a.mp4", format_of("superfast"), [1] * 40)
    long = write(tmp_path / "b.mp4", format_of("superfast"), [1] * 200)
    assert long - short < 160 * 60


def test_a_still_picture_keeps_its_keyframes(tmp_path: Path) -> None:
    write(tmp_path / "a.mp4", format_of("superfast"), [1] * 1000)
    with av.open(str(tmp_path / "a.mp4")) as container:
        keys = [at for at, packet in enumerate(container.demux(video=0)) if packet.is_keyframe]
    assert max(b - a for a, b in zip(keys, [*keys[1:], 1000], strict=True)) <= 240


def test_the_same_frames_give_the_same_bytes(tmp_path: Path) -> None:
    for name in ("a.mp4", "b.mp4"):
        write(tmp_path / name, format_of("superfast"), NUMBERS)
    assert (tmp_path / "a.mp4").read_bytes() == (tmp_path / "b.mp4").read_bytes()


def test_a_bit_rate_and_another_encoder(tmp_path: Path) -> None:
    write(tmp_path / "a.mp4", format_of("superfast", crf=None, bit_rate=300_000), NUMBERS)
    assert [read_bar_code(luma_of(frame)) for frame in decoded(tmp_path / "a.mp4")] == NUMBERS
    write(tmp_path / "b.mp4", format_of("ultrafast", encoder="libx265"), NUMBERS[:20])
    assert [read_bar_code(luma_of(frame)) for frame in decoded(tmp_path / "b.mp4")] == NUMBERS[:20]


def test_a_stream_ordered_otherwise_is_refused() -> None:
    context = av.CodecContext.create("libx264", "w")
    context.width, context.height, context.pix_fmt = 64, 64, "yuv420p"
    context.time_base = Fraction(1, 30)
    context.options = {"bf": "2"}
    context.flags |= 0x400000
    context.open()
    with pytest.raises(RenderError, match="orders its pictures"):
        FrameCounter.of(context.extradata)


def test_a_preset_that_is_none_is_named() -> None:
    with pytest.raises(UsageError, match="preset 'warp'"):
        try_encoder(format_of("warp"))


def test_an_encoder_whose_pictures_no_mp4_may_hold_is_named() -> None:
    with pytest.raises(UsageError, match="encoder 'libvpx' does not work here"):
        try_encoder(format_of("superfast", encoder="libvpx", crf=None, bit_rate=300_000))
