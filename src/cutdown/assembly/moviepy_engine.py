"""The reference engine: MoviePy's own clips and writer, to measure the others against.

MoviePy takes frames by a float time and counts on a constant rate: it may be a frame or more
off, and on variable-rate recordings far more. It is an extra (``uv sync --extra moviepy``).
"""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any, Final

import av
import numpy as np
from moviepy import VideoClip, VideoFileClip
from numpy.typing import NDArray
from proglog import ProgressBarLogger

from cutdown.assembly.encoder_options import encoder_options, option_words
from cutdown.assembly.engines import Drawn
from cutdown.assembly.picture_format import PictureFormat
from cutdown.assembly.pyav_engine import timescale
from cutdown.errors import MediaError, RenderError, UsageError
from cutdown.media import ffmpeg
from cutdown.progress import Progress
from cutdown.recording import Recording
from cutdown.store import Store
from cutdown.timeline import Timeline

_SCALER_MATRICES: Final = {"bt470bg": "bt470", "bt2020nc": "bt2020", "bt2020c": "bt2020"}


class MoviePyEngine:
    """Draws with MoviePy."""

    def draw(
        self,
        source: Path,
        recording: Recording,  # noqa: ARG002  it looks for itself
        timeline: Timeline,
        picture: PictureFormat,
        target: Path,
        *,
        store: Store,  # noqa: ARG002  the reference keeps nothing
        scratch: Path,
        progress: Progress,
    ) -> Drawn:
        """Write the picture; see `Engine.draw`."""
        begun = time.perf_counter()
        _refuse_what_it_cannot_say(source, picture)
        options = encoder_options(picture)
        ffmpeg.try_encoder(picture.encoder, option_words(options), (picture.width, picture.height))
        size = (picture.inner_width, picture.inner_height)
        written = scratch / "moviepy.mp4"
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it warns of every frame past the end, and shows the last one
            try:
                with VideoFileClip(str(source.absolute()), audio=False, target_resolution=size) as clip:
                    edited = VideoClip(_frame_function(clip, timeline), duration=_duration(timeline))
                    laid_out = time.perf_counter()
                    edited.write_videofile(
                        str(written),
                        fps=float(timeline.rate),
                        codec=picture.encoder,
                        preset=options.pop("preset", picture.preset),
                        audio=False,
                        logger=_Listener(progress),
                        ffmpeg_params=_parameters(picture, options),
                    )
            except OSError as error:
                raise RenderError(
                    f"MoviePy failed on '{source.name}' ({_last_line(error)}); use --engine pyav"
                ) from error
        _copy_at_exact_rate(written, target, timeline)
        written.unlink()
        progress(1.0)
        return Drawn(0.0, laid_out - begun, time.perf_counter() - laid_out)


def _refuse_what_it_cannot_say(source: Path, picture: PictureFormat) -> None:
    with av.open(str(source)) as container:
        if len(container.streams.video) > 1:
            raise MediaError(
                f"'{source.name}' has several video tracks, and MoviePy cannot choose; use --engine pyav"
            )
    if picture.encoder.endswith("_vaapi"):
        raise UsageError(f"MoviePy cannot use '{picture.encoder}'; use --engine ffmpeg")


def _duration(timeline: Timeline) -> float:
    """Half a frame more, because MoviePy cuts ``duration * fps`` down to an integer."""
    return float((timeline.frames + Fraction(1, 2)) / timeline.rate)


def _frame_function(clip: Any, timeline: Timeline) -> Callable[[float], NDArray[np.uint8]]:
    moments = [
        float(segment.source_moment(offset, timeline.rate))
        for segment in timeline.segments
        for offset in range(segment.frames)
    ]

    def frame_at(moment: float) -> NDArray[np.uint8]:
        frame = min(round(moment * float(timeline.rate)), timeline.frames - 1)
        shown: NDArray[np.uint8] = clip.get_frame(min(moments[frame], clip.duration - 1 / clip.fps))
        return shown

    return frame_at


def _parameters(picture: PictureFormat, options: dict[str, str]) -> list[str]:
    """MoviePy hands over RGB; what the output declares has to be made from it."""
    matrix = _SCALER_MATRICES.get(picture.colour.matrix, picture.colour.matrix)
    filters = [
        f"scale=out_color_matrix={matrix}:out_range=tv,format={picture.pixel_format}",
        f"pad={picture.width}:{picture.height}:-1:-1:black",
        (
            f"setparams=color_primaries={picture.colour.primaries}:color_trc={picture.colour.transfer}"
            f":colorspace={picture.colour.matrix}:range={picture.colour.range}"
        ),
    ]
    return ["-vf", ",".join(filters), *option_words(options)]


def _copy_at_exact_rate(written: Path, target: Path, timeline: Timeline) -> None:
    """MoviePy writes 29.97 for 30000/1001: give every packet its place on the exact grid."""
    with av.open(str(written)) as given:
        stream = given.streams.video[0]
        options = {"video_track_timescale": str(timescale(timeline.rate))}
        with av.open(str(target), "w", format="mp4", options=options) as out:
            track = out.add_stream_from_template(stream, opaque=True)
            frames = 0
            for packet in given.demux(stream):
                if not packet.size or packet.pts is None or packet.dts is None or stream.average_rate is None:
                    continue
                tick = packet.time_base * stream.average_rate
                packet.pts, packet.dts = round(packet.pts * tick), round(packet.dts * tick)
                packet.time_base, packet.duration, packet.stream = 1 / timeline.rate, 1, track
                out.mux(packet)
                frames += 1
    if frames != timeline.frames:
        raise RenderError(f"MoviePy wrote {frames} frames for {timeline.frames}; use --engine pyav")


def _last_line(error: OSError) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[-1] if lines else type(error).__name__


class _Listener(ProgressBarLogger):  # type: ignore[misc]  # proglog has no types
    """Passes MoviePy's count of frames on."""

    def __init__(self, progress: Progress) -> None:
        super().__init__()
        self._progress = progress

    def bars_callback(self, bar: str, attr: str, value: int, old_value: int | None = None) -> None:  # noqa: ARG002
        """Called by proglog when a bar moves."""
        if attr == "index" and (total := self.bars[bar]["total"]):
            self._progress(min(value / total, 1.0))
