"""Brings decoded frames into the output's size, orientation, pixel format and colour."""

from __future__ import annotations

from fractions import Fraction
from typing import Final

import numpy as np
from av.filter import Graph
from av.video.format import VideoFormat
from av.video.frame import VideoFrame
from av.video.reformatter import ColorPrimaries, ColorRange, ColorTrc, Interpolation, VideoReformatter
from numpy.typing import NDArray

from cutdown.assembly.colour_names import codec_colour
from cutdown.assembly.picture_format import PictureFormat
from cutdown.recording import Picture

_FULL: Final = int(ColorRange.JPEG)
_LIMITED: Final = int(ColorRange.MPEG)
_TURNS: Final = {90: ("clock",), 180: ("clock", "clock"), 270: ("cclock",)}
_SCALING: Final = Interpolation.BICUBIC | Interpolation.ACCURATE_RND | Interpolation.FULL_CHR_H_INT
_UNSPECIFIED: Final = 2
_RGB_MATRIX: Final = 0
_LINES_APART: Final = 8  # less than a line of text is high
_WORD: Final = 8  # bytes; compared at once they take a quarter of the time


class Conform:
    """Makes frames of one recording fit one format; for one thread at a time.

    A frame that fits already is handed on as it is.

    Args:
        picture: the recording's video track.
        target: what the output's picture is like.
    """

    def __init__(self, picture: Picture, target: PictureFormat) -> None:
        self._rotation = picture.rotation
        self._mirrored = picture.mirrored
        self._target = target
        colour = codec_colour(picture.colour)
        self._declared_full = picture.colour.range == "pc"
        self._matrix = colour.matrix
        self._scaler = VideoReformatter()
        self._finish = _Finish(picture, target) if self._needs_finish() else None

    def __call__(self, frame: VideoFrame) -> VideoFrame:
        """The frame as the output shows it."""
        if not self._fits(frame):
            frame = self._scale(frame)
        return frame if self._finish is None else self._finish(frame)

    def _needs_finish(self) -> bool:
        inner = (self._target.inner_width, self._target.inner_height)
        return self._rotation != 0 or self._mirrored or inner != (self._target.width, self._target.height)

    def _is_full(self, frame: VideoFrame) -> bool:
        return self._declared_full or frame.color_range == _FULL or frame.format.name.startswith("yuvj")

    def _fits(self, frame: VideoFrame) -> bool:
        return (
            (frame.width, frame.height) == self._lying()
            and frame.format.name == self._target.pixel_format
            and not self._is_full(frame)
            and not self._target.tone_mapped
            and self._matrix in (_UNSPECIFIED, codec_colour(self._target.colour).matrix)
        )

    def _lying(self) -> tuple[int, int]:
        """Width and height before the picture is turned upright."""
        upright = self._target.inner_width, self._target.inner_height
        return upright if self._rotation % 180 == 0 else (upright[1], upright[0])

    def _scale(self, frame: VideoFrame) -> VideoFrame:
        width, height = self._lying()
        rgb = frame.format.is_rgb
        target = _scaler_matrix(codec_colour(self._target.colour).matrix)
        declared = self._matrix not in (_UNSPECIFIED, _RGB_MATRIX) and not rgb
        source = _scaler_matrix(self._matrix) if declared else target
        return self._scaler.reformat(
            frame,
            width,
            height,
            self._target.pixel_format,
            src_colorspace=source,
            dst_colorspace=target,
            interpolation=_SCALING,
            src_color_range=_FULL if rgb or self._is_full(frame) else _LIMITED,
            dst_color_range=_LIMITED,
            # With both named, swscale carries HDR over to standard range (PQ, HLG: white at 203 cd/m2).
            dst_color_trc=ColorTrc.BT709 if self._target.tone_mapped else None,
            dst_color_primaries=ColorPrimaries.BT709 if self._target.tone_mapped else None,
            threads=1,
        )


def _scaler_matrix(matrix: int) -> int:
    """A matrix of ITU-T H.273 by swscale's own number."""
    return {6: 5, 10: 9}.get(matrix, matrix)


class _Finish:
    """Turns a picture upright and sets it in the middle of its frame, in ffmpeg's own filters."""

    def __init__(self, picture: Picture, target: PictureFormat) -> None:
        lying = (target.inner_width, target.inner_height)
        if picture.rotation % 180:
            lying = (lying[1], lying[0])
        self._graph = Graph()
        steps = [
            self._graph.add_buffer(
                width=lying[0],
                height=lying[1],
                format=VideoFormat(target.pixel_format),
                time_base=Fraction(1, 1000),
            )
        ]
        if picture.mirrored:
            steps.append(self._graph.add("hflip"))
        steps += [self._graph.add("transpose", turn) for turn in _TURNS.get(picture.rotation, ())]
        if (target.inner_width, target.inner_height) != (target.width, target.height):
            steps.append(self._graph.add("pad", f"{target.width}:{target.height}:-1:-1:black"))
        steps.append(self._graph.add("buffersink"))
        self._graph.link_nodes(*steps).configure()

    def __call__(self, frame: VideoFrame) -> VideoFrame:
        frame.pts, frame.time_base = 0, Fraction(1, 1000)
        self._graph.vpush(frame)
        return self._graph.vpull()


def looks_the_same(frame: VideoFrame, other: VideoFrame) -> bool:
    """Whether two decoded frames of one recording hold the same picture, to the bit."""
    if frame.format.name != other.format.name or (frame.width, frame.height) != (other.width, other.height):
        return False
    # Stored from the last line up, as in plain AVI files: nobody can say where its bytes end.
    if any(plane.line_size < 0 for plane in (*frame.planes, *other.planes)):
        return False
    pairs = list(zip(_planes(frame), _planes(other), strict=True))
    # What differs mostly differs in a few lines already; the whole is read where they are alike.
    return all(np.array_equal(one[::step], two[::step]) for step in (_LINES_APART, 1) for one, two in pairs)


def _planes(frame: VideoFrame) -> list[NDArray[np.uint8] | NDArray[np.uint64]]:
    """The bytes of each plane, eight at a time where lines allow it; what pads a line is left out where that is known."""
    apart = frame.format.is_planar and len(frame.planes) == len(frame.format.components)
    sample = (frame.format.components[0].bits + 7) // 8
    planes: list[NDArray[np.uint8] | NDArray[np.uint64]] = []
    for plane in frame.planes:
        lines = np.frombuffer(memoryview(plane), np.uint8)
        if plane.line_size:  # a palette has none
            lines = lines[: plane.height * plane.line_size].reshape(plane.height, plane.line_size)
        if apart:
            lines = lines[:, : plane.width * sample]
        planes.append(lines.view(np.uint64) if lines.shape[-1] % _WORD == 0 else lines)
    return planes
