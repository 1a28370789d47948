"""What a container holds, packet by packet, without decoding."""

from __future__ import annotations

from bisect import bisect_left
from fractions import Fraction
from pathlib import Path
from typing import NamedTuple

import av
import numpy as np
from numpy.typing import NDArray

from cutdown.errors import MediaError


class PictureTrack(NamedTuple):
    """The packets of a picture track, in the order in which they are shown.

    ``times`` are seconds from the container's start, ``ticks`` the same in ``time_base``,
    ``sizes`` bytes; ``keys`` tells which can be decoded alone.
    """

    codec: str
    width: int
    height: int
    time_base: Fraction
    ticks: NDArray[np.int64]
    times: NDArray[np.float64]
    sizes: NDArray[np.int64]
    keys: NDArray[np.bool_]

    @property
    def macroblocks(self) -> float:
        """Area in blocks of 16 by 16 pixels."""
        return max(1.0, self.width * self.height / 256)

    def bytes_between(self, start: float, end: float) -> int:
        """Bytes of the packets shown in ``[start, end)`` seconds, those of keyframes left out."""
        first, last = (bisect_left(self.times, moment - 1e-4) for moment in (start, end))
        return int(self.sizes[first:last][~self.keys[first:last]].sum())


class Tracks(NamedTuple):
    """All that was found in a file."""

    pictures: tuple[PictureTrack, ...]
    sounds: tuple[str, ...]
    """Codec of each sound track."""
    sound_rates: tuple[int, ...]


def read_packets(path: Path, stream_index: int | None = None) -> Tracks:
    """Demultiplex a whole file.

    Args:
        path: the file.
        stream_index: the one picture track to read; all of them where None.

    Raises:
        MediaError: it cannot be opened or breaks off.
    """
    try:
        with av.open(str(path)) as container:
            streams = [
                stream
                for stream in container.streams.video
                if stream_index is None or stream.index == stream_index
            ]
            rows: dict[int, list[tuple[int, int, bool]]] = {stream.index: [] for stream in streams}
            for packet in container.demux(streams) if streams else ():
                if packet.size and packet.pts is not None:
                    rows[packet.stream_index].append((packet.pts, packet.size, packet.is_keyframe))
            begin = Fraction(container.start_time or 0, av.time_base)
            return Tracks(
                tuple(_track(stream, rows[stream.index], begin) for stream in streams),
                tuple(stream.codec_context.name for stream in container.streams.audio),
                tuple(stream.codec_context.sample_rate for stream in container.streams.audio),
            )
    except (av.FFmpegError, OSError) as error:
        raise MediaError(f"'{path.name}' cannot be read back: {error}; render it again") from error


def _track(stream: av.VideoStream, rows: list[tuple[int, int, bool]], begin: Fraction) -> PictureTrack:
    rows.sort()
    base = stream.time_base or Fraction(1, av.time_base)
    ticks = np.array([row[0] for row in rows], np.int64)
    return PictureTrack(
        codec=stream.codec_context.name,
        width=stream.codec_context.width,
        height=stream.codec_context.height,
        time_base=base,
        ticks=ticks,
        times=(ticks * float(base) - float(begin)).astype(np.float64),
        sizes=np.array([row[1] for row in rows], np.int64),
        keys=np.array([row[2] for row in rows], np.bool_),
    )
