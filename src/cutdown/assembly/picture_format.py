"""What the picture of the output is like: size, rate, encoder, colour."""

from __future__ import annotations

from fractions import Fraction
from typing import Final

from cutdown.errors import UsageError
from cutdown.recording import Colour, Picture
from cutdown.settings import RenderOptions
from cutdown.timebase import Frozen, Ratio

_HDR_TRANSFERS: Final = {"smpte2084", "arib-std-b67"}  # PQ and HLG
_HD_HEIGHT: Final = 720  # players take an undeclared picture of this height or more for BT.709
_ASPECT_SLACK: Final = Fraction(1, 100)  # sizes are rounded to even numbers; a bar of 1 % is none
_BIT_RATE_UNIT: Final = {"k": 1_000, "M": 1_000_000}


class PictureFormat(Frozen):
    """The picture of one output, decided from the recording and the options.

    The frame is ``width`` x ``height`` square pixels; the recording's picture, upright, fills
    ``inner_width`` x ``inner_height`` in its middle and black bars the rest. All four are even.
    """

    width: int
    height: int
    inner_width: int
    inner_height: int
    rate: Ratio
    encoder: str
    preset: str
    crf: int | None
    """Quality; None where a bit rate was asked for."""
    bit_rate: int | None
    """Bits a second; None where a quality was asked for."""
    pixel_format: str = "yuv420p"  # the only one that every player and hardware decoder takes
    colour: Colour
    """What the output declares: the recording's own, limited range, BT.709 where it was HDR."""
    tone_mapped: bool = False
    """Whether the recording is HDR (PQ or HLG) and is brought to standard range."""


def picture_format(picture: Picture, options: RenderOptions, rate: Fraction) -> PictureFormat:
    """Decide the output's picture.

    ``720p`` sets the shorter side and keeps the shape; ``1280x720`` sets the frame, with bars
    where the recording has another shape. Nothing is made larger unless the size asked for is.

    Args:
        picture: the recording's video track.
        options: resolution, quality or bit rate, encoder, preset.
        rate: frames a second of the output.

    Raises:
        UsageError: when the size asked for is odd or the rate is beyond what players take.
    """
    width, height, inner_width, inner_height = _sizes(picture, options.resolution)
    hdr = picture.colour.transfer in _HDR_TRANSFERS
    return PictureFormat(
        width=width,
        height=height,
        inner_width=inner_width,
        inner_height=inner_height,
        rate=rate,
        encoder=options.encoder,
        preset=options.preset,
        crf=None if options.bitrate else options.crf,
        bit_rate=_bit_rate(options.bitrate) if options.bitrate else None,
        colour=_output_colour(picture, hdr=hdr),
        tone_mapped=hdr,
    )


def _sizes(picture: Picture, resolution: str | None) -> tuple[int, int, int, int]:
    """Width and height of the frame, then of the picture inside it."""
    shown_width, shown_height = _even(picture.display_width), _even(picture.display_height)
    if resolution is None:
        return shown_width, shown_height, shown_width, shown_height
    if resolution.endswith("p"):
        scale = Fraction(int(resolution[:-1]), min(shown_width, shown_height))
        width, height = _even(shown_width * scale), _even(shown_height * scale)
        return width, height, width, height
    width, height = (int(side) for side in resolution.split("x"))
    if width % 2 or height % 2:
        raise UsageError(
            f"resolution '{resolution}' has an odd side, which H.264 players refuse; "
            f"use {_even(width)}x{_even(height)}"
        )
    scale = min(Fraction(width, shown_width), Fraction(height, shown_height))
    inner_width, inner_height = _even(shown_width * scale), _even(shown_height * scale)
    if inner_width >= width * (1 - _ASPECT_SLACK) and inner_height >= height * (1 - _ASPECT_SLACK):
        return width, height, width, height
    return width, height, min(inner_width, width), min(inner_height, height)


def _even(side: Fraction | int) -> int:
    return max(2, 2 * round(Fraction(side) / 2))


def _bit_rate(text: str) -> int:
    return round(Fraction(text[:-1]) * _BIT_RATE_UNIT[text[-1]])


def _output_colour(picture: Picture, *, hdr: bool) -> Colour:
    """An undeclared colour is given the name that players assume for a picture of its size."""
    if hdr:
        return Colour(primaries="bt709", transfer="bt709", matrix="bt709", range="tv")
    assumed = "bt709" if picture.height >= _HD_HEIGHT else "smpte170m"
    declared = picture.colour
    # RGB, a matrix of its own, cannot be the matrix of a 4:2:0 picture.
    matrix = assumed if declared.matrix in ("unknown", "gbr", "reserved") else declared.matrix
    return Colour(
        primaries=matrix_primaries(matrix) if declared.primaries == "unknown" else declared.primaries,
        transfer=matrix_primaries(matrix) if declared.transfer == "unknown" else declared.transfer,
        matrix=matrix,
        range="tv",
    )


def matrix_primaries(matrix: str) -> str:
    """The primaries and transfer that go with a matrix where a file names the matrix alone."""
    return matrix if matrix in ("bt709", "smpte170m") else "bt709"
