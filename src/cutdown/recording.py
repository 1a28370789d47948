"""What a recording is, as measured from the file: the first thing on the spine.

Time 0 of a recording is its container's start time (ffmpeg's convention): a picture or a
sound track that begins later has a ``start`` above 0.
"""

from __future__ import annotations

from typing import Literal

from cutdown.timebase import Frozen, Ratio, Seconds


class Colour(Frozen):
    """Colour description as the stream declares it; ``unknown`` where it says nothing."""

    primaries: str = "unknown"
    transfer: str = "unknown"
    matrix: str = "unknown"
    range: str = "unknown"


class Picture(Frozen):
    """The video track that is used.

    ``width`` and ``height`` are stored pixels; ``display_*`` are what a viewer sees, square
    pixels, after rotation, rounded to even numbers.
    """

    stream_index: int
    codec: str
    pixel_format: str
    width: int
    height: int
    display_width: int
    display_height: int
    rotation: Literal[0, 90, 180, 270] = 0
    """Degrees clockwise that the stored picture has to be turned to stand upright."""
    mirrored: bool = False
    """Whether its left and right have to be changed over before it is turned."""
    pixel_aspect: Ratio
    rate: Ratio
    """Mean frames a second over the track, exact where the rate is constant."""
    variable_rate: bool
    frames: int
    start: Seconds
    colour: Colour = Colour()


class AudioTrack(Frozen):
    """One sound track; ``order`` counts sound tracks from 0, ``stream_index`` all streams."""

    order: int
    stream_index: int
    codec: str
    sample_rate: int
    channels: int
    language: str | None = None
    title: str | None = None
    default: bool = False
    start: Seconds


class Recording(Frozen):
    """One file, described. Identity is its content; the path is not part of it."""

    schema_version: Literal[1] = 1
    sha256: str
    name: str
    """File name without folder."""
    size_bytes: int
    container: str
    duration: Seconds
    picture: Picture | None
    audio: tuple[AudioTrack, ...]
