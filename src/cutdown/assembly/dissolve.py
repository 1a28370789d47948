"""Short dissolves: the last frames before a cut give way to the first picture behind it.

The stretch that begins is untouched: its first frame stands on its place, whole, so that picture and sound
are in step to the frame as at any other cut.
"""

from __future__ import annotations

import numpy as np
from av.video.frame import VideoFrame
from numpy.typing import NDArray

from cutdown.assembly.conform import looks_the_same
from cutdown.assembly.piece_writer import FrameTaker

_WHOLE = 256  # shares are counted in 256ths, so that every machine mixes alike


class Dissolving:
    """Passes frames on to a piece, and holds back the last few until what follows is known.

    Args:
        writer: of the piece.
        frames: of the piece in all.
        mixed: how many of them, the last ones, are mixed.
    """

    def __init__(self, writer: FrameTaker, frames: int, mixed: int) -> None:
        self._writer = writer
        self._plain = frames - mixed
        self._taken = 0
        self._shown: VideoFrame | None = None
        self._held: list[tuple[VideoFrame, bool]] = []

    def show(self, frame: VideoFrame) -> None:
        """Take the next frame."""
        self._shown = frame
        self._take(new=True)

    def repeat(self) -> None:
        """Take note that the next frame looks like the one before."""
        self._take(new=False)

    def _take(self, *, new: bool) -> None:
        assert self._shown is not None
        if self._taken >= self._plain:
            self._held.append((self._shown, new))
        else:
            self._pass_on(self._shown, new=new)
        self._taken += 1

    def _pass_on(self, frame: VideoFrame, *, new: bool) -> None:
        if new:
            self._writer.show(frame)
        else:
            self._writer.repeat()

    def into(self, following: VideoFrame) -> None:
        """Write what was held back, mixed more and more with the picture that follows.

        Args:
            following: the first frame behind the cut, in the same format.
        """
        if all(looks_the_same(frame, following) for frame, _ in self._held):
            for frame, new in self._held:  # nothing to mix, nothing to encode
                self._pass_on(frame, new=new)
            return
        for number, (frame, _) in enumerate(self._held, start=1):
            self._writer.show(mixed(frame, following, _WHOLE * number // (len(self._held) + 1)))


def mixed(frame: VideoFrame, other: VideoFrame, share: int) -> VideoFrame:
    """Two pictures laid over each other.

    Args:
        frame: 8-bit and planar.
        other: of the same size and format.
        share: of the other one, in 256ths.
    """
    result = VideoFrame(frame.width, frame.height, frame.format.name)
    for target, one, two in zip(result.planes, frame.planes, other.planes, strict=True):
        lines, ours, theirs = (_lines(plane) for plane in (target, one, two))
        width = min(lines.shape[1], ours.shape[1], theirs.shape[1])
        ours, theirs = ours[:, :width].astype(np.uint16), theirs[:, :width].astype(np.uint16)
        lines[:, :width] = (ours * (_WHOLE - share) + theirs * share + _WHOLE // 2) // _WHOLE
    return result


def _lines(plane: object) -> NDArray[np.uint8]:
    """A plane's lines with what pads them."""
    samples = np.frombuffer(plane, np.uint8)  # type: ignore[call-overload]  # planes are buffers
    line_size, height = plane.line_size, plane.height  # type: ignore[attr-defined]
    lines: NDArray[np.uint8] = samples[: height * line_size].reshape(height, line_size)
    return lines
