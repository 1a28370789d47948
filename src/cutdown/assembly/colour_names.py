"""Colour names as files and people write them, and the numbers of ITU-T H.273 that codecs use."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple

from cutdown.recording import Colour

_UNSPECIFIED: Final = 2

_PRIMARIES: Final[Mapping[str, int]] = {
    "bt709": 1,
    "bt470m": 4,
    "bt470bg": 5,
    "smpte170m": 6,
    "smpte240m": 7,
    "film": 8,
    "bt2020": 9,
    "smpte428": 10,
    "smpte431": 11,
    "smpte432": 12,
}
_TRANSFERS: Final[Mapping[str, int]] = {
    "bt709": 1,
    "gamma22": 4,
    "bt470m": 4,
    "gamma28": 5,
    "bt470bg": 5,
    "smpte170m": 6,
    "smpte240m": 7,
    "linear": 8,
    "iec61966-2-4": 11,
    "iec61966-2-1": 13,
    "bt2020-10": 14,
    "bt2020-12": 15,
    "smpte2084": 16,
    "arib-std-b67": 18,
}
_MATRICES: Final[Mapping[str, int]] = {
    "bt709": 1,
    "fcc": 4,
    "bt470bg": 5,
    "smpte170m": 6,
    "smpte240m": 7,
    "ycgco": 8,
    "bt2020nc": 9,
    "bt2020c": 10,
}


class CodecColour(NamedTuple):
    """The four numbers a codec declares."""

    primaries: int
    transfer: int
    matrix: int
    range: int


def codec_colour(colour: Colour) -> CodecColour:
    """The numbers for a colour description; a name that is not known becomes "unspecified"."""
    return CodecColour(
        primaries=_PRIMARIES.get(colour.primaries, _UNSPECIFIED),
        transfer=_TRANSFERS.get(colour.transfer, _UNSPECIFIED),
        matrix=_MATRICES.get(colour.matrix, _UNSPECIFIED),
        range={"tv": 1, "pc": 2}.get(colour.range, 0),
    )
