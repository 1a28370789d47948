"""Makes recordings whose every frame and sound can be recognised again.

Each frame carries its number as a bar code at the bottom; once a second the top flashes and,
in the same instant, a click sounds.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.audio.frame import AudioFrame
from av.container import OutputContainer
from av.video.frame import VideoFrame
from numpy.typing import NDArray

from cutdown.recording import AudioTrack, Picture, Recording
from cutdown.store import hash_file
from cutdown.timebase import SAMPLE_RATE, sample_of_frame

BITS = 20
DARK, LIGHT = 40, 215
CLICK_SAMPLES = 96  # 2 ms
NTSC = Fraction(30000, 1001)


def bar_code(number: int, width: int, height: int) -> NDArray[np.uint8]:
    """Luma of a frame that says its number in its lowest quarter."""
    luma = np.full((height, width), 110, np.uint8)
    for bit in range(BITS):
        left, right = width * bit // BITS, width * (bit + 1) // BITS
        luma[height * 3 // 4 :, left:right] = LIGHT if number >> bit & 1 else DARK
    return luma


def read_bar_code(luma: NDArray[np.uint8]) -> int:
    """The number in a frame's bar code, at whatever size it is now."""
    height, width = luma.shape
    row = luma[height * 7 // 8].astype(int)
    centres = [width * (2 * bit + 1) // (2 * BITS) for bit in range(BITS)]
    return sum(1 << bit for bit, x in enumerate(centres) if row[max(0, x - 1) : x + 2].mean() > 128)


def luma_of(frame: VideoFrame) -> NDArray[np.uint8]:
    """The luma of a decoded 8-bit planar frame."""
    plane = frame.planes[0]
    lines = np.frombuffer(plane, np.uint8)[: plane.height * plane.line_size]
    return lines.reshape(plane.height, plane.line_size)[:, : plane.width]


def numbers_in(path: Path) -> list[int]:
    """The source frame number of every frame of an output, in order."""
    with av.open(str(path)) as container:
        return [read_bar_code(luma_of(frame)) for frame in container.decode(video=0)]


def flash_and_click_sound(samples: int, every: Sequence[int]) -> NDArray[np.int16]:
    """Mono sound with a click at each sample named, over a soft tone."""
    time = np.arange(samples) / SAMPLE_RATE
    sound = 200 * np.sin(2 * np.pi * 220 * time)
    click = 20000 * np.sin(2 * np.pi * 3000 * np.arange(CLICK_SAMPLES) / SAMPLE_RATE)
    for at in every:
        end = min(samples, at + CLICK_SAMPLES)
        sound[at:end] += click[: end - at]
    return sound.astype(np.int16)


def make_recording(
    path: Path,
    *,
    seconds: float = 4,
    rate: Fraction = Fraction(30),
    size: tuple[int, int] = (320, 180),
    pixel_format: str = "yuv420p",
    encoder: str = "libx264",
    options: dict[str, str] | None = None,
    sound: bool = True,
    tracks: int = 1,
    picture: bool = True,
    aspect: Fraction | None = None,
    still: Callable[[int], int] = lambda number: number,
    time_of: Callable[[int], Fraction] | None = None,
    full_range: bool = False,
    picture_seconds: float | None = None,
    container_options: dict[str, str] | None = None,
) -> Path:
    """Make a recording with flashes and clicks.

    Args:
        path: the file; its ending chooses the container.
        seconds: length.
        rate: frames a second.
        size: width and height.
        pixel_format: of the picture.
        encoder: of the picture.
        options: of the encoder.
        sound: whether there is any; later tracks are tones of 300 Hz, 400 Hz...
        tracks: sound tracks.
        picture: whether there is one.
        aspect: pixel aspect.
        still: which number a frame shows, to make stretches that do not change.
        time_of: when a frame is shown, in seconds, for a variable rate.
        full_range: whether the luma uses 0 to 255.
        picture_seconds: when the picture ends, where earlier than the sound.
        container_options: of the file, such as ``live`` for a WebM without an index.
    """
    frames = round(Fraction(picture_seconds or seconds) * rate)
    flashes = {round(second * rate) for second in range(int(seconds) + 1)}
    with av.open(str(path), "w", options=container_options or {}) as out:
        video = None
        if picture:
            base = Fraction(1, 90000) if time_of else 1 / rate
            quick = {"preset": "ultrafast", "crf": "20"} if encoder == "libx264" else {}
            video = out.add_stream(encoder, rate=rate, options=quick | (options or {}))
            video.width, video.height = size
            video.pix_fmt = pixel_format
            video.codec_context.time_base = base
            video.codec_context.color_range = 2 if full_range else 0
            video.codec_context.sample_aspect_ratio = aspect or Fraction(1)
        feeds = _sound_feeds(out, path, tracks if sound else 0, seconds, rate, flashes)
        for number in range(frames if video is not None else 0):
            luma = bar_code(still(number), *size)
            if number in flashes:
                luma[: size[1] // 2] = 235
            frame = _frame(luma, pixel_format)
            frame.pts = number if time_of is None else round(time_of(number) / base)
            frame.time_base = base
            out.mux(video.encode(frame))
            if number % 30 == 0:
                for feed in feeds:
                    next(feed, None)
        if video is not None:
            out.mux(video.encode(None))
        for feed in feeds:
            deque(feed, maxlen=0)
    return path


def _frame(luma: NDArray[np.uint8], pixel_format: str) -> VideoFrame:
    height, width = luma.shape
    grey = VideoFrame(width, height, "gray")
    plane = np.frombuffer(grey.planes[0], np.uint8).reshape(-1, grey.planes[0].line_size)
    plane[:height, :width] = luma
    if pixel_format == "yuv420p" and width % 2 == 0 and height % 2 == 0:
        frame = VideoFrame(width, height, "yuv420p")
        for index, source in enumerate((luma, None, None)):
            target = np.frombuffer(frame.planes[index], np.uint8).reshape(-1, frame.planes[index].line_size)
            if source is None:
                target[:] = 128
            else:
                target[:height, :width] = source
        return frame
    return grey.reformat(format=pixel_format, src_color_range="JPEG", dst_color_range="JPEG")


def _sound_feeds(
    out: OutputContainer, path: Path, tracks: int, seconds: float, rate: Fraction, flashes: set[int]
) -> list[Iterator[None]]:
    codec = "aac" if path.suffix in (".mp4", ".mov", ".m4a") else "libopus"
    streams = [out.add_stream(codec, rate=SAMPLE_RATE, layout="mono") for _ in range(tracks)]
    return [
        _sound_packets(out, stream, order, seconds, rate, flashes) for order, stream in enumerate(streams)
    ]


def _sound_packets(out, stream, order, seconds, rate, flashes) -> Iterator[None]:
    samples = round(seconds * SAMPLE_RATE)
    if order == 0:
        sound = flash_and_click_sound(samples, sorted(sample_of_frame(frame, rate) for frame in flashes))
    else:
        sound = (6000 * np.sin(2 * np.pi * (200 + 100 * order) * np.arange(samples) / SAMPLE_RATE)).astype(
            np.int16
        )
    for at in range(0, samples, SAMPLE_RATE):
        part = np.ascontiguousarray(sound[at : at + SAMPLE_RATE])[None, :]
        frame = AudioFrame.from_ndarray(part, format="s16", layout="mono")
        frame.sample_rate = SAMPLE_RATE
        frame.pts, frame.time_base = at, Fraction(1, SAMPLE_RATE)
        out.mux(stream.encode(frame))
        yield
    out.mux(stream.encode(None))


def describe(path: Path, *, rotation: int = 0) -> Recording:
    """A recording's description, enough to render it; does not stand in for the probe."""
    with av.open(str(path)) as container:
        picture = None
        if container.streams.video:
            stream = container.streams.video[0]
            frames = sum(1 for packet in container.demux(stream) if packet.size)
            aspect = stream.codec_context.sample_aspect_ratio or Fraction(1)
            shown = (round(stream.width * aspect), stream.height)
            if rotation % 180:
                shown = (shown[1], shown[0])
            picture = Picture(
                stream_index=stream.index,
                codec=stream.codec_context.name,
                pixel_format=stream.codec_context.pix_fmt,
                width=stream.width,
                height=stream.height,
                display_width=2 * round(shown[0] / 2),
                display_height=2 * round(shown[1] / 2),
                rotation=rotation,
                pixel_aspect=aspect,
                rate=stream.average_rate or 30,
                variable_rate=False,
                frames=frames,
                start=0,
            )
        audio = tuple(
            AudioTrack(
                order=order,
                stream_index=stream.index,
                codec=stream.codec_context.name,
                sample_rate=stream.rate,
                channels=stream.channels,
                start=0,
            )
            for order, stream in enumerate(container.streams.audio)
        )
        duration = container.duration / 1_000_000
    return Recording(
        sha256=hash_file(path),
        name=path.name,
        size_bytes=path.stat().st_size,
        container=path.suffix[1:],
        duration=duration,
        picture=picture,
        audio=audio,
    )
