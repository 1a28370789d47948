"""Engines by name: who draws the picture of a timeline.

An engine draws the picture alone. Sound, chapters and the final file are made once, the same
way, for all of them.
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from fractions import Fraction
from pathlib import Path
from typing import Final, NamedTuple, Protocol

from cutdown.assembly.picture_format import PictureFormat
from cutdown.errors import UsageError
from cutdown.progress import Progress
from cutdown.recording import Recording
from cutdown.store import Store
from cutdown.timeline import Timeline

_ENGINES: Final[Mapping[str, str]] = {  # a new engine: one file beside this one, one line here
    "pyav": "cutdown.assembly.pyav_engine:PyAVEngine",
    "ffmpeg": "cutdown.assembly.ffmpeg_engine:FFmpegEngine",
    "moviepy": "cutdown.assembly.moviepy_engine:MoviePyEngine",
}


class Drawn(NamedTuple):
    """What drawing took, in measured wall seconds."""

    cfr_conversion_time: float
    """A pass over the source that only makes its frame rate constant; 0 where there is none."""
    clip_creation_time: float
    """From source and timeline to the pieces that are drawn."""
    rendering_time: float
    """Decoding, scaling, encoding, joining."""


class Engine(Protocol):
    """Draws the picture of a timeline."""

    def draw(
        self,
        source: Path,
        recording: Recording,
        timeline: Timeline,
        picture: PictureFormat,
        target: Path,
        *,
        store: Store,
        scratch: Path,
        progress: Progress,
    ) -> Drawn:
        """Write a file with the picture alone.

        Args:
            source: the recording's file; only read.
            recording: its description, with a picture.
            timeline: what to show; its rate is ``picture.rate``.
            picture: what the result is like.
            target: the MP4 to write: one video track of exactly ``timeline.frames`` frames at
                the constant rate, its first frame at time 0.
            store: where finished pieces may be kept for the next run.
            scratch: an existing folder for what is not needed afterwards.
            progress: told the share of the frames that are done.

        Raises:
            MediaError: the picture cannot be read.
            RenderError: a library or a program failed.
            UsageError: the encoder is not there, or does not take an option.
        """
        ...


def engine_named(name: str) -> Engine:
    """The engine of a name, imported now.

    Raises:
        UsageError: no such engine, or what it needs is not installed.
    """
    if name not in _ENGINES:
        raise UsageError(f"no engine named '{name}'; choose from {', '.join(_ENGINES)}")
    module, _, attribute = _ENGINES[name].partition(":")
    try:
        engine: Engine = getattr(importlib.import_module(module), attribute)()
    except ModuleNotFoundError as error:
        raise UsageError(
            f"engine '{name}' needs '{error.name}', which is not installed; "
            f"install cutdown[{name}] or choose another engine"
        ) from error
    return engine


def source_second(timeline: Timeline, frame: int) -> Fraction:
    """The moment of the source that an output frame shows, in seconds.

    Raises:
        IndexError: when the output has no such frame.
    """
    for segment in timeline.segments:
        if segment.first_frame <= frame < segment.end_frame:
            return segment.source_moment(frame - segment.first_frame, timeline.rate)
    raise IndexError(f"frame {frame} is not one of the output's {timeline.frames}")
