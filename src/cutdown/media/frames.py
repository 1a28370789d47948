"""Decoded frames in order, from any moment on."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import Any, Final

import av

from cutdown.timeline import FRAME_TOLERANCE

_STEP_BACK: Final = Fraction(1)  # second; doubled until it is enough


def decoded(container: Any, stream: Any, *, timed: bool = True) -> Iterator[Any]:
    """Frames from where the container stands; packets that are damaged are passed over.

    Args:
        container: the file.
        stream: the track.
        timed: whether frames without a timestamp are left out.
    """
    for packet in container.demux(stream):
        try:
            frames = packet.decode()
        except av.InvalidDataError:
            continue
        yield from (frame for frame in frames if frame.pts is not None or not timed)


def decoded_from(container: Any, stream: Any, moment: Fraction, origin: Fraction) -> Iterator[Any]:
    """Frames from the one that is shown at a moment on, and some before it.

    An MPEG stream has no index: its seek ends near the moment, and the next keyframe may lie behind that. Then it is
    tried again from farther back.

    Args:
        container: the file.
        stream: its picture.
        moment: seconds of the recording.
        origin: seconds on the file's clock that are second 0 of the recording.
    """
    back = Fraction(0)
    while True:
        begin = moment - back
        container.seek(round(max(begin + origin, Fraction(0)) / stream.time_base), stream=stream)
        frames = decoded(container, stream)
        first = next(frames, None)
        reached = first is not None and first.pts * stream.time_base - origin <= moment + FRAME_TOLERANCE
        if reached or begin <= 0:
            break
        back = 2 * back or _STEP_BACK
    if first is not None:
        yield first
        yield from frames
