"""How close a rendered picture is to the frames it should show: VMAF where ffmpeg has it, else SSIM."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Final, NamedTuple

from cutdown.assembly.conform import Conform
from cutdown.assembly.engines import source_second
from cutdown.assembly.frame_reader import FrameReader
from cutdown.assembly.frame_times import read_frame_times
from cutdown.assembly.picture_format import picture_format
from cutdown.errors import RenderError
from cutdown.media import ffmpeg
from cutdown.recording import Recording
from cutdown.settings import RenderOptions
from cutdown.timeline import Timeline

_LOOKS: Final = 300  # frames compared, spread evenly over the output
_SCORES: Final = {
    "VMAF": re.compile(r"VMAF score: ([\d.]+)"),
    "SSIM": re.compile(r"SSIM .*All:([\d.]+)"),
}


class Quality(NamedTuple):
    """A score, and which one it is."""

    name: str
    """``VMAF`` (0 to 100) or ``SSIM`` (0 to 1); more is better in both."""
    score: float
    size_mb: float
    """Of the rendered file, megabytes."""


def quality(source: Path, recording: Recording, timeline: Timeline, rendered: Path) -> Quality:
    """Compare a rendered picture with the source frames that its timeline names.

    A frame too early or too late counts against it as much as a coarse one.

    Args:
        source: the recording.
        recording: its description.
        timeline: what should be shown.
        rendered: what an engine made of it, in the recording's own size.
    """
    name = "VMAF" if _has_vmaf() else "SSIM"
    step = max(1, timeline.frames // _LOOKS)
    rate = str(timeline.rate)
    measure = "libvmaf=n_threads=2" if name == "VMAF" else "ssim"
    assert recording.picture is not None
    size = f"{recording.picture.width}x{recording.picture.height}"
    graph = (
        f"[0:v]select=not(mod(n\\,{step})),setpts=N/({rate})/TB[made];"
        f"[1:v]setpts=N/({rate})/TB[meant];[made][meant]{measure}"
    )
    meant = ["-f", "rawvideo", "-pix_fmt", "yuv420p", "-s", size, "-r", rate, "-i", "pipe:0"]
    ran = ffmpeg.run(
        ["-i", str(rendered), *meant, "-lavfi", graph, "-f", "null", "-"],
        feed=_meant_frames(source, recording, timeline, step),
    )
    found = _SCORES[name].search(ran.stderr)
    if found is None:
        raise RenderError(f"ffmpeg told no {name} score")
    return Quality(name, float(found[1]), rendered.stat().st_size / 1e6)


@functools.cache
def _has_vmaf() -> bool:
    listing: list[bytes] = []
    ffmpeg.run(["-filters"], take=listing.append)
    return b" libvmaf " in b"".join(listing)


def _meant_frames(source: Path, recording: Recording, timeline: Timeline, step: int) -> Iterator[bytes]:
    """Every ``step``-th output frame as it should be: the source's own, as plain bytes."""
    assert recording.picture is not None
    times = read_frame_times(source, recording.picture)
    conform = Conform(recording.picture, picture_format(recording.picture, RenderOptions(), timeline.rate))
    wanted = [
        times.position_at(source_second(timeline, number)) for number in range(0, timeline.frames, step)
    ]
    with closing(FrameReader(source, recording.picture, times)) as reader:
        reader.expect(wanted)
        for position in wanted:
            (frame,) = reader.frames([position])
            yield conform(frame).to_ndarray(format="yuv420p").tobytes()
