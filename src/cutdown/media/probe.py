"""What a recording is, measured from its packets; only one picture is decoded.

Frame rates are read from the timestamps, never from the header's guess, because screen
recordings seldom have the rate that they declare.
"""

from __future__ import annotations

import math
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, Final, Literal, cast

import av
import numpy as np
from av.container import InputContainer
from av.sidedata.sidedata import Type as SideDataType
from av.stream import Discard, Disposition, Stream
from av.video.stream import VideoStream
from numpy.typing import NDArray

from cutdown.errors import MediaError, UsageError
from cutdown.files import require_text
from cutdown.media.container import check_complete, why_unreadable
from cutdown.recording import AudioTrack, Colour, Picture, Recording
from cutdown.store import hash_file

# These read other files, the network, or plain text: never what a recording is.
_NOT_RECORDINGS: Final = ("concat", "hls", "dash", "tty", "lavfi", "image2", "_pipe", "srt", "webvtt", "ass")
_STATED_WELL: Final = ("mov", "matroska")  # their header's duration is counted, not guessed from bytes
_PADDING: Final = Fraction(1, 2)  # seconds of encoder padding that a header takes off and packets do not
_FEW: Final = 600  # packets to try before a picture counts as undecodable
_NOT_A_PICTURE: Final = Disposition.attached_pic | Disposition.still_image | Disposition.timed_thumbnails

# Names by the code points of ISO/IEC 23091-2, as ffmpeg spells them.
_PRIMARIES: Final = {1: "bt709", 4: "bt470m", 5: "bt470bg", 6: "smpte170m", 7: "smpte240m", 8: "film", 9: "bt2020", 11: "smpte431", 12: "smpte432"}  # fmt: skip
_TRANSFERS: Final = {1: "bt709", 4: "bt470m", 5: "bt470bg", 6: "smpte170m", 7: "smpte240m", 8: "linear", 11: "iec61966-2-4", 13: "iec61966-2-1", 14: "bt2020-10", 15: "bt2020-12", 16: "smpte2084", 18: "arib-std-b67"}  # fmt: skip
_MATRICES: Final = {0: "gbr", 1: "bt709", 4: "fcc", 5: "bt470bg", 6: "smpte170m", 7: "smpte240m", 8: "ycgco", 9: "bt2020nc", 10: "bt2020c"}  # fmt: skip
_RANGES: Final = {1: "tv", 2: "pc"}


def probe(path: Path) -> Recording:
    """Describe a recording.

    The whole file is read once for its hash and its packets once for their timestamps: about
    0.4 CPU seconds for 30 minutes beside the hash.

    Raises:
        UsageError: there is no such file, or it cannot be opened.
        MediaError: it is broken, cut off, or holds neither picture nor sound.
    """
    size = _size(path)
    try:
        container = av.open(str(path.absolute()), options={"protocol_whitelist": "file"})
    except (av.error.FFmpegError, UnicodeError) as error:
        raise MediaError(why_unreadable(path)) from error
    with container:
        if any(
            name in container.format.name.split(",") or container.format.name.endswith(name)
            for name in _NOT_RECORDINGS
        ):
            raise MediaError(
                f"'{path.name}' is not a recording (it reads as {container.format.name}); give a video or sound file"
            )
        check_complete(container, path, size)
        video = _first_picture(container)
        audio = [s for s in container.streams.audio if s.codec_context is not None]
        if video is None and not audio:
            raise MediaError(f"'{path.name}' holds neither picture nor sound; give a video or sound file")
        times = _timestamps(container, path, video)
        origin = _origin(container, times)
        duration = _duration(container, times, origin)
        if duration <= 0:
            raise MediaError(
                f"'{path.name}' has no length: nothing in it can be played; record or export it again"
            )
        return Recording(
            sha256=hash_file(path),
            name=path.name,
            size_bytes=size,
            container=container.format.name,
            duration=duration,
            picture=_picture(path, container, video, times[video.index], origin)
            if video is not None
            else None,
            audio=tuple(_track(order, stream, origin) for order, stream in enumerate(audio)),
        )


def _size(path: Path) -> int:
    if not path.exists():
        raise UsageError(f"no file '{path}'; check the path")
    if not path.is_file():
        raise UsageError(f"'{path}' is not a file; give one recording, or use 'batch' for a folder")
    if not os.access(path, os.R_OK):
        raise UsageError(f"'{path}' may not be read by this user; change its permissions")
    require_text(path.absolute())
    return path.stat().st_size


def _first_picture(container: InputContainer) -> VideoStream | None:
    """The first video track that moves: cover art and thumbnails do not."""
    for stream in container.streams.video:
        if stream.codec_context is not None and not stream.disposition & _NOT_A_PICTURE:
            return stream
    return None


@dataclass
class _Times:
    """Timestamps of one track in ticks of its time base, in order, and the length of the last."""

    base: Fraction
    ticks: NDArray[np.int64]
    last_length: int

    @property
    def first(self) -> Fraction:
        return int(self.ticks[0]) * self.base

    @property
    def end(self) -> Fraction:
        return (int(self.ticks[-1]) + self.last_length) * self.base


def _timestamps(container: InputContainer, path: Path, video: VideoStream | None) -> dict[int, _Times]:
    """Timestamps by stream index; of the picture alone where the header can be trusted for the rest."""
    wanted: list[Stream] = [video] if video is not None else []
    if video is None or not container.duration or not container.format.name.startswith(_STATED_WELL):
        wanted += container.streams.audio
    for stream in container.streams:
        if stream not in wanted:
            stream.discard = Discard.all
    found: dict[int, list[tuple[int, int]]] = {stream.index: [] for stream in wanted}
    try:
        for packet in container.demux(wanted):
            if packet.pts is not None and not packet.is_discard:
                found[packet.stream_index].append((packet.pts, packet.duration or 0))
    except av.error.FFmpegError:
        pass  # what comes before the damage is still a recording; a file cut off was refused already
    times = {
        stream.index: _Times(
            base=stream.time_base or Fraction(1, av.time_base),
            ticks=np.array([pts for pts, _ in ordered], dtype=np.int64),
            last_length=ordered[-1][1],
        )
        for stream in wanted
        if (ordered := sorted(found[stream.index]))
    }
    if (video is not None and video.index not in times) or not times:
        raise MediaError(f"'{path.name}' declares tracks but holds no data for them; record or copy it again")
    return times


def _origin(container: InputContainer, times: dict[int, _Times]) -> Fraction:
    """The moment that counts as 0: the container's start (ffmpeg's convention)."""
    if container.start_time is not None:
        return Fraction(container.start_time, av.time_base)
    return min(track.first for track in times.values())


def _duration(container: InputContainer, times: dict[int, _Times], origin: Fraction) -> Fraction:
    stated = Fraction(container.duration or 0, av.time_base)
    counted = max(track.end for track in times.values()) - origin
    if stated > 0 and container.format.name.startswith("matroska"):
        stated -= origin  # its writers count from 0, not from the first frame
        return stated if stated >= counted - _PADDING else counted
    if stated > 0 and container.format.name.startswith(_STATED_WELL):
        return stated
    return stated if abs(stated - counted) <= _PADDING else counted


def _picture(
    path: Path, container: InputContainer, stream: VideoStream, times: _Times, origin: Fraction
) -> Picture:
    rotation, mirrored, pixel_format = _first_frame(path, container, stream)
    aspect = stream.sample_aspect_ratio or stream.codec_context.sample_aspect_ratio or Fraction(1)
    aspect = Fraction(aspect) if aspect > 0 else Fraction(1)
    width, height = _even(stream.width * aspect), _even(Fraction(stream.height))
    if rotation in (90, 270):
        width, height = height, width
    rate, variable = _rate(times, stream)
    return Picture(
        stream_index=stream.index,
        codec=stream.codec_context.name,
        pixel_format=pixel_format,
        width=stream.width,
        height=stream.height,
        display_width=width,
        display_height=height,
        rotation=rotation,
        mirrored=mirrored,
        pixel_aspect=aspect,
        rate=rate,
        variable_rate=variable,
        frames=len(times.ticks),
        start=max(times.first - origin, Fraction(0)),
        colour=Colour(
            primaries=_PRIMARIES.get(stream.color_primaries, "unknown"),
            transfer=_TRANSFERS.get(stream.color_trc, "unknown"),
            matrix=_MATRICES.get(stream.colorspace, "unknown"),
            range=_RANGES.get(stream.color_range, "unknown"),
        ),
    )


def _first_frame(
    path: Path, container: InputContainer, stream: VideoStream
) -> tuple[Literal[0, 90, 180, 270], bool, str]:
    """Clockwise turn to stand upright, whether it is mirrored before, and pixel format: only a decoded picture tells them surely."""
    stream.thread_count = 1
    try:
        container.seek(0)
        for tried, packet in enumerate(container.demux(stream)):
            for frame in _decoded(stream, packet):
                mirrored = _is_mirrored(frame)
                quarter = (round(-frame.rotation / 90) + (2 if mirrored else 0)) % 4
                return cast("Literal[0, 90, 180, 270]", quarter * 90), mirrored, frame.format.name
            if tried >= _FEW:
                break
    except av.error.FFmpegError:
        pass  # reported below, with what to do
    raise MediaError(
        f"the picture of '{path.name}' ({stream.codec_context.name}) cannot be decoded; convert it to H.264 with the program that recorded it"
    )


def _is_mirrored(frame: av.VideoFrame) -> bool:
    """Whether the display matrix changes left and right over, as some cameras that face their owner write it."""
    marks: Any = frame.side_data  # a mapping by kind, which its types do not tell
    data = marks.get(SideDataType.DISPLAYMATRIX)
    if data is None:
        return False
    matrix = np.frombuffer(data, np.int32).astype(float)
    return bool(matrix[0] * matrix[4] < matrix[1] * matrix[3])


def _decoded(stream: VideoStream, packet: av.Packet[VideoStream]) -> Sequence[av.VideoFrame]:
    try:
        return stream.decode(packet)
    except av.error.InvalidDataError:
        return ()  # recordings may begin in the middle of a group of pictures


def _even(length: Fraction) -> int:
    return max(2, 2 * math.floor(length / 2 + Fraction(1, 2)))


def _rate(times: _Times, stream: VideoStream) -> tuple[Fraction, bool]:
    """The rate, and whether it varies.

    A rate is constant when every timestamp lies where a grid of that rate puts it, but for the
    rounding of the container (a tick, or the millisecond that some writers round to).
    """
    ticks, base = times.ticks, times.base
    count = len(ticks)
    span = int(ticks[-1] - ticks[0]) * base
    if count < 2 or span <= 0:
        return (stream.average_rate or Fraction(25)), False
    mean = (count - 1) / span
    seconds = (ticks - ticks[0]) * float(base)
    order = np.arange(count)
    for rate in _candidates(mean, stream):
        if np.abs(seconds - order / float(rate)).max() <= max(1.5 * float(base), 0.0011):
            return rate, False
    return mean.limit_denominator(1001 * 1000), True


def _candidates(mean: Fraction, stream: VideoStream) -> Iterator[Fraction]:
    """Rates near the mean that a recorder may have meant, the likeliest first."""
    whole = Fraction(round(mean))
    film = Fraction(round(mean * Fraction(1001, 1000)) * 1000, 1001)
    declared = (stream.average_rate, stream.guessed_rate, stream.base_rate)
    near = (rate for rate in (*declared, whole, film) if rate and abs(rate / mean - 1) < Fraction(1, 50))
    yield from near
    yield mean


def _track(order: int, stream: Stream, origin: Fraction) -> AudioTrack:
    context = stream.codec_context
    assert isinstance(context, av.AudioCodecContext)
    base = stream.time_base or Fraction(1, av.time_base)
    start = stream.start_time * base - origin if stream.start_time is not None else Fraction(0)
    language = stream.language or stream.metadata.get("language")
    return AudioTrack(
        order=order,
        stream_index=stream.index,
        codec=context.name,
        sample_rate=context.sample_rate,
        channels=context.channels,
        language=None if language in (None, "", "und") else language,
        title=stream.metadata.get("title") or None,
        default=bool(stream.disposition & Disposition.default),
        start=max(start, Fraction(0)),
    )
