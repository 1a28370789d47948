"""Writes one piece of the picture: a short file whose first frame needs nothing before it.

Pieces of one format share their stream header to the byte, so that they can be joined
without encoding anything again. Each is encoded in one thread, without B pictures and without
looking at its neighbours: the same frames always give the same bytes.
"""

from __future__ import annotations

import functools
import io
from collections.abc import Iterable
from pathlib import Path
from typing import Final, Protocol, cast

import av
import numpy as np
from av.codec.context import Flags
from av.packet import Packet
from av.video.codeccontext import VideoCodecContext
from av.video.frame import PictureType, VideoFrame
from av.video.stream import VideoStream

from cutdown.assembly.colour_names import codec_colour
from cutdown.assembly.h264_repeat import FrameCounter
from cutdown.assembly.picture_format import PictureFormat
from cutdown.errors import UsageError
from cutdown.files import FULL

_KEYFRAME_SECONDS: Final = 8  # a player that jumps decodes at most so much
_REFINE_AFTER: Final = 6  # repeats after which a picture at rest is encoded once more, sharper
_QUALITY_OPTIONS: Final = ("crf", "cq", "qp")  # what encoders call "quality, lower is better"
_X264: Final = "libx264"
# One reference picture and one slice, as `h264_repeat` needs; keyframes are asked for one by one.
# Of a screen's pictures most are copies of the keyframe, so that bits spent on it (ipratio; x264's default is 1.4) count
# for all of them: at 3, with 3 % more bytes than at 1.4, a made screencast comes closer to its source by 3 dB. Weighted prediction
# (weightp) looks for fades, which screens do not have: without it real recordings take 5 % less time and no more bytes.
_X264_PARAMETERS: Final = "keyint=infinite:min-keyint=1:ref=1:bframes=0:sliced-threads=0:ipratio=3:weightp=0"


class FrameTaker(Protocol):
    """Takes frames in order."""

    def show(self, frame: VideoFrame) -> None:
        """Take the next frame, in the format's size and pixel format."""
        ...

    def repeat(self) -> None:
        """Take note that the next frame looks like the one before."""
        ...


class PieceWriter(FrameTaker, Protocol):
    """Takes the frames of one piece in order."""

    def close(self) -> None:
        """Finish the file."""
        ...


def open_piece(path: Path, picture: PictureFormat) -> PieceWriter:
    """Begin a piece.

    Args:
        path: the MP4 file to write.
        picture: what it is like.

    Raises:
        UsageError: the encoder is not there or does not take its options.
    """
    return _RepeatingWriter(path, picture) if picture.encoder == _X264 else _PlainWriter(path, picture)


def try_encoder(picture: PictureFormat) -> None:
    """Encode one grey frame, to find out before the run whether it can be done.

    Raises:
        UsageError: names the encoder and what else could be used.
    """
    name = _named(picture.encoder).name
    context = av.CodecContext.create(name, "w")
    assert isinstance(context, VideoCodecContext)
    _set_up(context, picture)
    try:
        with av.open(io.BytesIO(), "w", format="mp4") as container:
            container.add_stream(
                name, rate=picture.rate
            )  # not every kind of picture may stand in an MP4 file
        packets = [*context.encode(_grey(picture)), *context.encode(None)]
    except (av.FFmpegError, ValueError) as error:
        raise UsageError(_refused(picture, error)) from error
    if not packets:
        raise UsageError(_refused(picture, "it gave no picture"))


class _PlainWriter:
    """Encodes every frame, with any encoder."""

    def __init__(self, path: Path, picture: PictureFormat) -> None:
        self._container = av.open(str(path), "w", format="mp4")
        codec = _named(picture.encoder).name
        stream = self._container.add_stream(codec, rate=picture.rate)
        assert isinstance(stream, VideoStream)
        self._stream = stream
        self._picture = picture
        _set_up(self._stream.codec_context, picture)
        self._tick = 1 / picture.rate
        self._key_interval = round(_KEYFRAME_SECONDS * picture.rate)
        self._last: VideoFrame | None = None
        self._given = 0  # frames taken, whether shown or repeated
        self._key = 0  # the last one that was asked to be a keyframe

    def show(self, frame: VideoFrame) -> None:
        self._last = frame
        self._encode(frame)

    def repeat(self) -> None:
        assert self._last is not None
        self._encode(self._last)

    def close(self) -> None:
        try:
            self._write(self._stream.encode(None))
        finally:
            self._container.close()

    def _encode(self, frame: VideoFrame) -> None:
        frame.pts = self._given
        frame.time_base = self._tick
        frame.pict_type = PictureType.NONE
        if self._given - self._key >= self._key_interval or self._given == 0:
            frame.pict_type = PictureType.I
            self._key = self._given
        self._given += 1
        try:
            self._write(self._stream.encode(frame))
        except (av.FFmpegError, ValueError) as error:
            if isinstance(error, OSError) and error.errno in FULL:
                raise
            raise UsageError(_refused(self._picture, error)) from error

    def _write(self, packets: Iterable[Packet[VideoStream]]) -> None:
        for packet in packets:
            packet.duration = 1
            self._container.mux(packet)


class _RepeatingWriter(_PlainWriter):
    """Encodes with x264 what is new, and writes what repeats without encoding it."""

    def __init__(self, path: Path, picture: PictureFormat) -> None:
        super().__init__(path, picture)
        self._counter, self._copy = _copy_of(picture)
        self._resting = 0  # repeats since a frame was encoded
        self._written = 0
        self._number = 0  # pictures since the last IDR picture

    def show(self, frame: VideoFrame) -> None:
        self._resting = 0
        super().show(frame)

    def repeat(self) -> None:
        self._resting += 1
        if self._resting == _REFINE_AFTER or self._given - self._key >= self._key_interval:
            super().repeat()
        else:
            self._given += 1

    def close(self) -> None:
        try:
            self._write(self._stream.encode(None))
            self._fill(self._given)
        finally:
            self._container.close()

    def _write(self, packets: Iterable[Packet[VideoStream]]) -> None:
        for packet in packets:
            assert packet.pts is not None
            self._fill(packet.pts)
            data = bytes(packet)
            if packet.is_keyframe:
                self._number = 0
            else:
                data = self._counter.renumber(data, self._number)
            self._mux(data, key=packet.is_keyframe)

    def _fill(self, end: int) -> None:
        """Write copies up to a frame."""
        while self._written < end:
            self._mux(self._counter.renumber(self._copy, self._number), key=False)

    def _mux(self, data: bytes, *, key: bool) -> None:
        packet = cast("Packet[VideoStream]", Packet(data))
        packet.stream = self._stream
        packet.time_base = self._tick
        packet.pts = packet.dts = self._written
        packet.duration = 1
        packet.is_keyframe = key
        self._container.mux(packet)
        self._written += 1
        self._number += 1


@functools.lru_cache(maxsize=4)  # asked for by every piece of a format, and 19 ms of encoding at 1080p
def _copy_of(picture: PictureFormat) -> tuple[FrameCounter, bytes]:
    """The stream's frame counter, and a picture that copies the one before."""
    context = av.CodecContext.create(_X264, "w")
    assert isinstance(context, VideoCodecContext)
    _set_up(context, picture)
    context.flags |= Flags.global_header
    grey = _grey(picture)
    packets = context.encode(grey)
    grey.pts = 1
    packets += [*context.encode(grey), *context.encode(None)]
    assert context.extradata is not None
    return FrameCounter.of(context.extradata), bytes(packets[-1])


def _set_up(context: VideoCodecContext, picture: PictureFormat) -> None:
    context.width, context.height = picture.width, picture.height
    context.pix_fmt = picture.pixel_format
    context.time_base = 1 / picture.rate
    context.framerate = picture.rate
    context.thread_count = 1
    context.max_b_frames = 0
    context.gop_size = round(_KEYFRAME_SECONDS * picture.rate)
    colour = codec_colour(picture.colour)
    context.color_primaries, context.color_trc = colour.primaries, colour.transfer
    context.colorspace, context.color_range = colour.matrix, colour.range
    if picture.bit_rate is not None:
        context.bit_rate = picture.bit_rate
    context.options = _options(context, picture)


def _options(context: VideoCodecContext, picture: PictureFormat) -> dict[str, str]:
    """The encoder's own options; a preset that it does not know is left at its default."""
    known = {option.name: option for option in context.supported_options.private}
    options = {}
    if "preset" in known:
        names = {choice.name for choice in known["preset"].choices}
        if picture.preset in names or picture.encoder in (_X264, "libx265"):
            options["preset"] = picture.preset
    if picture.crf is not None:
        name = next((name for name in _QUALITY_OPTIONS if name in known), None)
        if name is None:
            raise UsageError(
                f"encoder '{picture.encoder}' has no quality setting; give --bitrate, such as 2500k"
            )
        options[name] = str(picture.crf)
    if "forced-idr" in known:
        options["forced-idr"] = "1"
    if picture.encoder == _X264:
        options |= {"x264-params": _X264_PARAMETERS, "a53cc": "0", "udu_sei": "0"}
    elif picture.encoder == "libx265":
        options["x265-params"] = "log-level=error:pools=1:frame-threads=1:open-gop=0:bframes=0"
    return options


def _named(encoder: str) -> av.Codec:
    try:
        return av.Codec(encoder, "w")
    except (av.FFmpegError, ValueError) as error:
        raise UsageError(
            f"no encoder named '{encoder}' here; use libx264, or another program's encoders with --engine ffmpeg"
        ) from error


def _grey(picture: PictureFormat) -> VideoFrame:
    plane = np.full((picture.height * 3 // 2, picture.width), 128, np.uint8)
    frame = VideoFrame.from_ndarray(plane, format="yuv420p")
    frame.pts, frame.time_base = 0, 1 / picture.rate
    return frame


def _refused(picture: PictureFormat, why: object) -> str:
    told = getattr(why, "strerror", None) or why  # without the call and its arguments
    remedy = (
        "give another --preset (ultrafast to veryslow), --resolution or --bitrate"
        if picture.encoder == _X264
        else "use --encoder libx264, or --engine ffmpeg"
    )
    return (
        f"encoder '{picture.encoder}' does not work here at {picture.width}x{picture.height} with preset "
        f"'{picture.preset}' ({told}); {remedy}"
    )
