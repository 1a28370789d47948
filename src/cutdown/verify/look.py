"""Small grey copies of pictures at chosen moments, decoding no more than a seek needs."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any, Final, Self

import av
import numpy as np
from numpy.typing import NDArray

from cutdown.errors import MediaError
from cutdown.media.frames import decoded_from
from cutdown.recording import Picture
from cutdown.timeline import FRAME_TOLERANCE

GRID_WIDTH: Final = 256  # a letter typed at 1080p still changes two of its pixels by half their range

Grey = NDArray[np.float32]


class Looker:
    """Looks into one picture track.

    Every copy is upright and ``grid`` (width, height) large; ``inside`` is the part of the
    picture that is copied, as shares of its width and height, centred (1, 1 for all of it).

    Raises:
        MediaError: the file cannot be opened.
    """

    def __init__(
        self,
        path: Path,
        *,
        stream_index: int,
        grid: tuple[int, int],
        rotation: int = 0,
        mirrored: bool = False,
        inside: tuple[Fraction, Fraction] = (Fraction(1), Fraction(1)),
    ) -> None:
        self._name = path.name
        try:
            self._container: Any = av.open(str(path))
        except (av.FFmpegError, OSError) as error:
            raise MediaError(f"'{path.name}' cannot be read: {error}") from error
        self._stream: Any = self._container.streams[stream_index]
        # Before anything is to be skipped: the decoder of AV1 would leave out for good what is when it is opened.
        self._stream.codec_context.open(strict=False)
        self._origin = Fraction(self._container.start_time or 0, av.time_base)
        self._grid = grid
        self._turns = rotation // 90
        self._mirrored = mirrored
        self._inside = inside

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exception: object) -> None:
        self._container.close()

    def between(self, start: Fraction, end: Fraction) -> list[tuple[Fraction, Grey]]:
        """Frames shown in ``[start, end]`` seconds: the one that covers ``start``, and all that begin until ``end``.

        Returns:
            (moment in seconds, copy) in order; empty where the track has none there.

        Raises:
            MediaError: the picture cannot be decoded there.
        """
        covering: tuple[Fraction, Any] | None = None
        shown: list[tuple[Fraction, Grey]] = []
        try:
            for moment, frame in self._frames(start):
                if moment <= start + FRAME_TOLERANCE:
                    covering = (moment, frame)
                    continue
                if moment > end + FRAME_TOLERANCE and (covering or shown):
                    break
                shown.append((moment, self._copy(frame)))
            first = [(covering[0], self._copy(covering[1]))] if covering else []
        except av.FFmpegError as error:
            raise MediaError(
                f"'{self._name}' cannot be decoded near {float(start):.1f} s: {error}"
            ) from error
        return first + shown

    def at(self, moment: Fraction) -> Grey | None:
        """The picture shown at a moment; None where the track has none."""
        frames = self.between(moment, moment)
        return frames[0][1] if frames else None

    def at_each(self, moments: Sequence[Fraction]) -> list[Grey]:
        """The pictures shown at rising moments, decoded in one go; its first one before its beginning.

        Of what lies between the moments nothing is kept.

        Returns:
            One copy a moment; none at all where the track has none there.

        Raises:
            MediaError: the picture cannot be decoded there.
        """
        looks: list[Grey] = []
        shown: Any = None
        try:
            for begins, frame in self._frames(moments[0]):
                looks += self._until(moments[len(looks) :], begins, shown)
                if len(looks) == len(moments):
                    return looks
                shown = frame
            return looks + self._until(moments[len(looks) :], None, shown)
        except av.FFmpegError as error:
            raise MediaError(
                f"'{self._name}' cannot be decoded near {float(moments[0]):.1f} s: {error}"
            ) from error

    def _until(self, moments: Sequence[Fraction], end: Fraction | None, shown: Any) -> list[Grey]:
        """A frame for each of the moments before the one that follows it."""
        count = len(moments) if end is None else bisect_left(moments, end - FRAME_TOLERANCE)
        return [self._copy(shown)] * count if count and shown is not None else []

    def keyframes(self, moments: Sequence[float]) -> Iterator[tuple[float, Grey]]:
        """The keyframes that begin at these moments, decoding nothing else."""
        self._stream.codec_context.skip_frame = "NONKEY"
        try:
            for wanted in moments:
                self._seek(Fraction(wanted))
                frame = next(iter(self._container.decode(self._stream)), None)
                if frame is not None and frame.pts is not None:
                    yield float(frame.pts * self._stream.time_base - self._origin), self._copy(frame)
        except av.FFmpegError as error:
            raise MediaError(f"'{self._name}' cannot be decoded: {error}") from error
        finally:
            self._stream.codec_context.skip_frame = "DEFAULT"

    def _seek(self, moment: Fraction) -> None:
        target = max(moment + self._origin, Fraction(0)) / self._stream.time_base
        self._container.seek(round(target), stream=self._stream)

    def _frames(self, start: Fraction) -> Iterator[tuple[Fraction, Any]]:
        for frame in decoded_from(self._container, self._stream, max(Fraction(0), start), self._origin):
            yield frame.pts * self._stream.time_base - self._origin, frame

    def _copy(self, frame: Any) -> Grey:
        width, height = self._grid if self._turns % 2 == 0 else self._grid[::-1]
        across, down = round(width / self._inside[0]), round(height / self._inside[1])
        grey = frame.reformat(width=across, height=down, format="gray", interpolation="AREA").to_ndarray()
        left, top = (across - width) // 2, (down - height) // 2
        grey = grey[top : top + height, left : left + width]
        if self._mirrored:
            grey = grey[:, ::-1]
        return np.ascontiguousarray(np.rot90(grey, -self._turns), dtype=np.float32)


def grid_of(picture: Picture) -> tuple[int, int]:
    """Width and height of the copies that source and output are compared in."""
    height = round(GRID_WIDTH * picture.display_height / picture.display_width)
    return GRID_WIDTH, min(2 * GRID_WIDTH, max(16, height))


def inner_share(picture: Picture, width: int, height: int) -> tuple[Fraction, Fraction]:
    """How much of the output's width and height the recording fills, without the bars around it."""
    scale = min(Fraction(width, picture.display_width), Fraction(height, picture.display_height))
    across = min(Fraction(1), scale * picture.display_width / width)
    down = min(Fraction(1), scale * picture.display_height / height)
    slack = Fraction(99, 100)  # sizes are rounded to even numbers; a bar of 1 % is none
    return (across if across < slack else Fraction(1)), (down if down < slack else Fraction(1))


def source_looker(path: Path, picture: Picture) -> Looker:
    """Looks into the recording's picture."""
    return Looker(
        path,
        stream_index=picture.stream_index,
        grid=grid_of(picture),
        rotation=picture.rotation,
        mirrored=picture.mirrored,
    )
