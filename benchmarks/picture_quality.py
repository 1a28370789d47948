"""How close a rendered picture is to the frames it should show.

VMAF where ffmpeg has it, in the variant that does not reward a raised contrast (``vmaf_v0.6.1neg``): the usual
one gives a picture with wrong colours more points than an exact copy. Beside it the luma's PSNR, which wrong
levels cannot please. A frame too early or too late counts against both.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Final

from cutdown.assembly.conform import Conform
from cutdown.assembly.engines import source_second
from cutdown.assembly.frame_reader import FrameReader
from cutdown.assembly.frame_times import read_frame_times
from cutdown.assembly.picture_format import picture_format
from cutdown.errors import RenderError
from cutdown.media import ffmpeg
from cutdown.metrics import MEGABYTE
from cutdown.recording import Recording
from cutdown.settings import RenderOptions
from cutdown.timebase import Frozen
from cutdown.timeline import Timeline

_PERFECT_DB: Final = 100.0  # stands for two pictures without any difference
_LOOKS: Final = 300  # frames compared, spread evenly over the output
_MODEL: Final = "libvmaf=model=version=vmaf_v0.6.1neg:n_threads=2"
_ONE_COLOUR: Final = "setparams=color_primaries=bt709:color_trc=bt709:colorspace=bt709:range=tv"
_VMAF: Final = re.compile(r"VMAF score: ([\d.]+)")
_PSNR: Final = re.compile(r"PSNR y:([\d.]+|inf)")


class Quality(Frozen):
    """How close the picture is, and how large the file."""

    vmaf: float | None
    """0 to 100; None where ffmpeg was built without it."""
    psnr: float
    """Of the luma, dB."""
    size_mb: float
    """Megabytes."""


def quality(source: Path, recording: Recording, timeline: Timeline, rendered: Path) -> Quality:
    """Compare a rendered picture with the source frames that its timeline names.

    Args:
        source: the recording.
        recording: its description.
        timeline: what should be shown.
        rendered: what an engine made of it, in the recording's own size.
    """
    step = max(1, timeline.frames // _LOOKS)
    rate = str(timeline.rate)
    assert recording.picture is not None
    size = f"{recording.picture.width}x{recording.picture.height}"
    # Plain bytes declare no colour: without the same name on both, ffmpeg would convert one of them.
    alike = f"setpts=N/({rate})/TB,{_ONE_COLOUR},split"
    graph = f"[0:v]select=not(mod(n\\,{step})),{alike}[a][b];[1:v]{alike}[c][d];[a][c]psnr"
    graph += f";[b][d]{_MODEL}" if _has_vmaf() else ";[b][d]ssim"
    meant = ["-f", "rawvideo", "-pix_fmt", "yuv420p", "-s", size, "-r", rate, "-i", "pipe:0"]
    ran = ffmpeg.run(
        ["-i", str(rendered), *meant, "-lavfi", graph, "-f", "null", "-"],
        feed=_meant_frames(source, recording, timeline, step),
    )
    psnr, vmaf = _PSNR.search(ran.stderr), _VMAF.search(ran.stderr)
    if psnr is None:
        raise RenderError("ffmpeg told no PSNR")
    return Quality(
        vmaf=float(vmaf[1]) if vmaf else None,
        psnr=min(float(psnr[1]), _PERFECT_DB),
        size_mb=rendered.stat().st_size / MEGABYTE,
    )


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
