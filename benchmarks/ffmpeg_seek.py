"""Cutting with ffmpeg as scripts do it: a seek and an encoder for each segment, two at once, joined without encoding.

Of the ways to cut many segments out of one recording with ffmpeg's program alone, this one takes the least CPU: one
graph of trims decodes everything, and many inputs in one graph hold a decoder each. It makes no claim to be frame-exact:
``-ss`` begins at the first frame at or behind a moment, and each file's length is rounded by the muxer.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final

from cutdown.assembly.picture_format import PictureFormat
from cutdown.media import ffmpeg
from cutdown.timeline import Segment, Timeline

_AT_ONCE: Final = 2


def drawing(
    source: Path, timeline: Timeline, picture: PictureFormat, scratch: Path, target: Path
) -> Callable[[], None]:
    """The work, ready to be done: the picture of a timeline, in the recording's own size, into ``target``."""

    def part(number: int) -> Path:
        path = scratch / f"segment-{number:04d}.mp4"
        ffmpeg.run([*_cut(source, timeline.segments[number], picture), str(path)])
        return path

    def draw() -> None:
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            parts = list(pool.map(part, range(len(timeline.segments))))
        listing = scratch / "segments.txt"
        listing.write_text("".join(f"file '{path.name}'\n" for path in parts))
        ffmpeg.run(["-f", "concat", "-safe", "0", "-i", str(listing), "-c", "copy", str(target)])

    return draw


def _cut(source: Path, segment: Segment, picture: PictureFormat) -> list[str]:
    begin = float(segment.source_moment(0, picture.rate))
    length = float(segment.frames * segment.speed / picture.rate)
    filters = [f"setpts=(PTS-STARTPTS)*{segment.speed.denominator}/{segment.speed.numerator}"] * (
        segment.speed != 1
    )
    filters.append(f"fps={picture.rate}")
    return [
        *("-ss", f"{begin:.6f}", "-t", f"{length:.6f}", "-i", str(source), "-an"),
        *("-vf", ",".join(filters), "-frames:v", str(segment.frames)),
        *("-c:v", picture.encoder, "-preset", picture.preset, "-crf", str(picture.crf), "-threads", "1"),
    ]
