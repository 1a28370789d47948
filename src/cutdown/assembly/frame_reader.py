"""Decodes exactly the frames that are asked for, and as little else as possible."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import Final

import av
from av.packet import Packet
from av.video.codeccontext import VideoCodecContext
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from cutdown.assembly.frame_times import FrameTimes, open_picture
from cutdown.errors import MediaError
from cutdown.recording import Picture

_WORTH_A_SEEK: Final = 8  # frames; a seek empties the decoder and reads the file anew
# Seconds; in an MPEG stream, which has no index, a seek may end behind the packet.
_BEFORE_IT: Final = (0, 1, 10)


class FrameReader:
    """One decoder on one file; for one thread at a time.

    Frames that nothing shows and nothing else is predicted from are not decoded. What is asked for in
    rising order is read on without a seek, unless a keyframe lies nearer.

    Args:
        path: the recording.
        picture: its video track.
        times: when its frames are shown.
    """

    def __init__(self, path: Path, picture: Picture, times: FrameTimes) -> None:
        self._path = path
        self._picture = picture
        self._times = times
        self._wanted: set[int] = set()
        self._open()

    def close(self) -> None:
        """Close the file."""
        self._container.close()

    def expect(self, positions: Iterable[int]) -> None:
        """Tell which frames will be asked for next, over several calls; others may be passed over.

        Args:
            positions: places in the track's `FrameTimes`.
        """
        self._wanted = {int(self._times.stamps[position]) for position in positions}

    def frames(self, positions: Sequence[int]) -> Iterator[VideoFrame]:
        """Decode frames.

        Args:
            positions: places in the track's `FrameTimes`, rising, each once, and expected.

        Yields:
            One frame a position; where the file is damaged there, the last good one before it.

        Raises:
            MediaError: when nothing can be decoded there.
        """
        for position in positions:
            yield self._frame(position)

    def _open(self) -> None:
        self._container, self._stream = open_picture(self._path, self._picture)
        self._packets: Iterator[Packet[VideoStream]] = iter(self._container.demux(self._stream))
        self._decoded: deque[VideoFrame] = deque()
        self._shown: VideoFrame | None = None
        self._shown_at = -1  # its time: who was given the frame may have changed what stands in it
        self._sent = -1  # position of the latest packet given to the decoder
        self._ended = False
        self._passed: set[int] = set()

    def _frame(self, position: int) -> VideoFrame:
        target = int(self._times.stamps[position])
        key = self._times.key_before(position)
        behind = self._shown is None or self._shown_at > target
        if behind or target in self._passed or int(self._times.keys[key]) - self._sent > _WORTH_A_SEEK:
            self._seek(key)
        frame = self._decode_until(target)
        back = 1
        while frame is None and key > 0:  # the keyframe does not decode by itself: begin earlier
            key = max(0, key - back)
            back *= 2
            self._seek(key)
            frame = self._decode_until(target)
        if frame is None:
            frame = self._decoded[0] if self._decoded else None
        if frame is None:
            raise MediaError(f"'{self._path.name}' cannot be decoded around frame {position}")
        return frame

    def _decode_until(self, target: int) -> VideoFrame | None:
        """The frame of a time, or the last one decoded before it."""
        while True:
            while self._decoded:
                if _stamp(self._decoded[0]) > target:
                    return self._shown
                self._shown = self._decoded.popleft()
                self._shown_at = _stamp(self._shown)
                if self._shown_at == target:
                    return self._shown
            if self._ended:
                return self._shown
            self._decode_one()

    def _decode_one(self) -> None:
        context = self._stream.codec_context
        try:
            packet = next(self._packets, None)
        except av.FFmpegError:  # cut off: what was read so far is what there is
            packet = None
        if packet is None or not packet.size:
            self._ended = True
            self._decoded.extend(_decode(context, None))
            return
        stamp = _stamp(packet)
        self._sent = max(self._sent, self._times.position_of(stamp))
        if stamp in self._wanted:
            context.skip_frame = "DEFAULT"
        else:
            context.skip_frame = "NONREF"
            self._passed.add(stamp)
        self._decoded.extend(_decode(context, packet))

    def _seek(self, key: int) -> None:
        """Put the keyframe's packet next in line."""
        position = int(self._times.keys[key])
        packets = next(filter(None, self._found(int(self._times.stamps[position]))), None)
        if packets is None:
            raise MediaError(
                f"'{self._path.name}' has lost a keyframe that it had before; was it changed meanwhile?"
            )
        self._packets = chain(packets, self._packets)
        self._decoded.clear()
        self._passed.clear()
        self._shown, self._ended = None, False
        self._sent = position - 1

    def _found(self, stamp: int) -> Iterator[list[Packet[VideoStream]]]:
        """What each way to a packet finds, the cheapest way first."""
        for seconds in _BEFORE_IT:
            yield self._seek_by_index(stamp - round(seconds / self._times.time_base), stamp)
        yield self._seek_by_reading(stamp)

    def _seek_by_index(self, begin: int, stamp: int) -> list[Packet[VideoStream]]:
        try:
            self._container.seek(begin, stream=self._stream, backward=True)
        except av.FFmpegError:
            return []
        self._packets = iter(self._container.demux(self._stream))
        return self._find(stamp)

    def _seek_by_reading(self, stamp: int) -> list[Packet[VideoStream]]:
        """For a file without an index: from its beginning."""
        self._container.close()
        self._open()
        return self._find(stamp)

    def _find(self, stamp: int) -> list[Packet[VideoStream]]:
        """Read on to a packet; with what it is decoded from where it is no keyframe; nothing where it is not there.

        A recording that was trimmed without being encoded again begins inside a group of pictures. Its first frame is made
        from others that are never shown, or that are shown after it.
        """
        first = stamp == int(self._times.stamps[0])
        group: list[Packet[VideoStream]] = []
        try:
            for packet in self._packets:
                if not packet.size:
                    return []
                at = _stamp(packet)
                if packet.is_keyframe:
                    if at > stamp and (group or not first):
                        return []
                    group.clear()
                group.append(packet)
                if at == stamp:
                    return group
        except av.FFmpegError:
            return []
        return []


def _decode(context: VideoCodecContext, packet: Packet[VideoStream] | None) -> list[VideoFrame]:
    try:
        return context.decode(packet)
    except (av.error.InvalidDataError, av.error.EOFError):  # damage: the frame before stays on
        return []


def _stamp(timed: Packet[VideoStream] | VideoFrame) -> int:
    stamp = timed.pts if timed.pts is not None else timed.dts
    return -1 if stamp is None else stamp
