"""When each frame of a recording is shown, read from the container without decoding."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Final

import av
import numpy as np
from av.container import InputContainer
from av.stream import Discard
from av.video.stream import VideoStream
from numpy.typing import NDArray

from cutdown.errors import MediaError
from cutdown.recording import Picture
from cutdown.timeline import FRAME_TOLERANCE

_CONTAINER_CLOCK: Final = 1_000_000  # a container's start time counts in microseconds


@dataclass(frozen=True)
class FrameTimes:
    """All frames of a video track, in the order they are shown."""

    stamps: NDArray[np.int64]
    """Presentation times in the track's time base, each once, rising."""
    keys: NDArray[np.int64]
    """Positions in ``stamps`` at which decoding can begin, rising; the first frame is one."""
    time_base: Fraction
    origin: Fraction
    """Seconds on the track's clock that are second 0 of the recording."""

    def position_at(self, moment: Fraction) -> int:
        """The frame that is shown at a moment: the last whose time has come, else the first.

        Args:
            moment: seconds of the recording.
        """
        latest = (moment + FRAME_TOLERANCE + self.origin) // self.time_base
        return max(0, int(np.searchsorted(self.stamps, latest, side="right")) - 1)

    def position_of(self, stamp: int) -> int:
        """The place of a frame's time; of the one before it where there is no such frame."""
        return int(np.searchsorted(self.stamps, stamp, side="right")) - 1

    def key_before(self, position: int) -> int:
        """Which of ``keys`` decoding begins at to reach a frame."""
        return max(0, int(np.searchsorted(self.keys, position, side="right")) - 1)


def open_picture(path: Path, picture: Picture) -> tuple[InputContainer, VideoStream]:
    """Open a recording for its picture alone; every other track is left unread.

    Raises:
        MediaError: when it cannot be opened, or the track is gone.
    """
    try:
        container = av.open(str(path))
        stream = container.streams[picture.stream_index]
    except (av.FFmpegError, IndexError) as error:
        raise MediaError(f"cannot read the picture of '{path.name}': {error}") from error
    assert isinstance(stream, VideoStream)
    for other in container.streams:
        if other.index != stream.index:
            other.discard = Discard.all
    stream.codec_context.thread_count = 1  # the work is shared out by pieces, not inside a frame
    # Now, while nothing is to be skipped: the decoder of AV1 would leave out for good what is when it is opened.
    stream.codec_context.open(strict=False)
    return container, stream


def read_frame_times(path: Path, picture: Picture) -> FrameTimes:
    """Read when each frame is shown, from the packets of the video track.

    Raises:
        MediaError: when it cannot be read, holds no frame, or its frames carry no time.
    """
    container, stream = open_picture(path, picture)
    seen: dict[int, bool] = {}
    with container:
        assert stream.time_base is not None
        time_base = stream.time_base
        start = container.start_time
        try:
            for packet in container.demux(stream):
                if packet.size and not packet.is_discard:
                    stamp = packet.pts if packet.pts is not None else packet.dts
                    if stamp is None:
                        raise MediaError(
                            f"'{path.name}' has frames without a time; copy it into an MKV file first, "
                            "or use --engine ffmpeg"
                        )
                    seen[stamp] = packet.is_keyframe or seen.get(stamp, False)
        except av.FFmpegError as error:
            if not seen:
                raise MediaError(f"cannot read the picture of '{path.name}': {error}") from error
    if not seen:
        raise MediaError(f"'{path.name}' has a video track without a single frame")
    stamps = np.array(sorted(seen), dtype=np.int64)
    keys = np.flatnonzero([seen[stamp] for stamp in stamps.tolist()])
    if not len(keys) or keys[0]:
        keys = np.concatenate([[0], keys])
    origin = Fraction(start, _CONTAINER_CLOCK) if start is not None else int(stamps[0]) * time_base
    return FrameTimes(stamps, keys, time_base, origin)
