"""Encodes the demo: always the same bytes from the same pictures and sound."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Final

import av
import numpy as np
from av.audio.stream import AudioStream
from av.container import OutputContainer
from av.video.stream import VideoStream

from cutdown.demo.recorder import Take
from cutdown.demo.screen import HEIGHT, WIDTH, draw
from cutdown.demo.sound import Samples
from cutdown.progress import Progress
from cutdown.timebase import SAMPLE_RATE, sample_of_frame

FRAMES_A_SECOND: Final = 20  # enough for typing, and a third less to encode than 30
_BLOCK: Final = 1024  # samples of an AAC frame
_BT709: Final = 1  # the number of BT.709 in colour descriptions; also of limited range
_X264: Final = {"preset": "superfast", "crf": "20", "threads": "1", "x264-params": "threads=1"}


def encode(take: Take, target: Path, progress: Progress) -> None:
    """Write a take as MP4: H.264 1280x720 at 20 frames a second, mono AAC at 48 kHz."""
    sound = np.clip(take.mix(), -1, 1)
    options = {"movflags": "+faststart", "fflags": "+bitexact"}
    with av.open(str(target), "w", format="mp4", options=options) as container:
        picture_stream, sound_stream = _streams(container)
        blocks = _sound_blocks(sound)
        heard = 0
        frames = take.now * FRAMES_A_SECOND // SAMPLE_RATE
        for number, frame in enumerate(_pictures(take, frames)):
            container.mux(picture_stream.encode(frame))
            while heard < sample_of_frame(number + 1, Fraction(FRAMES_A_SECOND)):
                block = next(blocks, None)
                if block is None:
                    break
                heard += block.samples
                container.mux(sound_stream.encode(block))
            if number % FRAMES_A_SECOND == 0:
                progress(number / frames)
        container.mux(picture_stream.encode(None))
        for block in blocks:
            container.mux(sound_stream.encode(block))
        container.mux(sound_stream.encode(None))
    progress(1.0)


def _streams(container: OutputContainer) -> tuple[VideoStream, AudioStream]:
    picture = container.add_stream("libx264", rate=FRAMES_A_SECOND, options=dict(_X264))
    picture.width, picture.height, picture.pix_fmt = WIDTH, HEIGHT, "yuv420p"
    context = picture.codec_context
    context.thread_count = 1  # more threads may give other bytes
    context.gop_size = 8 * FRAMES_A_SECOND
    context.color_primaries = context.color_trc = context.colorspace = context.color_range = _BT709
    sound = container.add_stream("aac", rate=SAMPLE_RATE, layout="mono")
    sound.bit_rate = 96_000
    return picture, sound


def _pictures(take: Take, frames: int) -> Iterator[av.VideoFrame]:
    """Every frame in order; a screen is drawn once, however long it stands."""
    changes = iter([*take.screens, (take.now + SAMPLE_RATE, take.screen)])
    _, screen = next(changes)
    upcoming = next(changes)
    current: av.VideoFrame | None = None
    for number in range(frames):
        moment = sample_of_frame(number, Fraction(FRAMES_A_SECOND))
        while upcoming[0] <= moment:
            screen, current = upcoming[1], None
            upcoming = next(changes)
        if current is None:
            drawn = av.VideoFrame.from_ndarray(np.asarray(draw(screen)), format="rgb24")
            current = drawn.reformat(
                format="yuv420p", dst_colorspace=_BT709, dst_color_range=_BT709, interpolation="POINT"
            )
        current.pts, current.time_base = number, Fraction(1, FRAMES_A_SECOND)
        yield current


def _sound_blocks(sound: Samples) -> Iterator[av.AudioFrame]:
    for begin in range(0, sound.size, _BLOCK):
        frame = av.AudioFrame.from_ndarray(
            np.ascontiguousarray(sound[None, begin : begin + _BLOCK]), format="fltp", layout="mono"
        )
        frame.sample_rate, frame.pts, frame.time_base = SAMPLE_RATE, begin, Fraction(1, SAMPLE_RATE)
        yield frame
