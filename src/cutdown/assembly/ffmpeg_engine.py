"""The engine for hardware encoders and odd inputs: ffmpeg decodes, ffmpeg encodes.

One encoder runs from the first frame to the last. Each segment is cut by a decoder of its own,
which writes plain pictures into the encoder's pipe: memory does not grow with the number of
cuts, and nothing has to be joined. ffmpeg-python builds the commands, `media.ffmpeg` runs them.
"""

from __future__ import annotations

import contextlib
import os
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from fractions import Fraction
from pathlib import Path
from typing import Any, Final

import av
import ffmpeg as commands

from cutdown.assembly.encoder_options import encoder_options, option_words
from cutdown.assembly.engines import Drawn
from cutdown.assembly.frame_times import open_picture, read_frame_times
from cutdown.assembly.picture_format import PictureFormat
from cutdown.assembly.pyav_engine import timescale
from cutdown.errors import MediaError, RenderError
from cutdown.media import ffmpeg
from cutdown.progress import Progress
from cutdown.recording import Picture, Recording
from cutdown.store import Store
from cutdown.timeline import FRAME_TOLERANCE, Segment, Timeline

_MICRO: Final = 1_000_000
_EDGE: Final = Fraction(2, _MICRO)  # times are rounded to microseconds on their way through the filters
_WITHOUT_INDEX: Final = (
    "mpegts",
    "mpeg",
)  # a seek ends near a place, and mostly behind the keyframe before it
_BEFORE_KEY: Final = Fraction(1)  # second
_TURNS: Final = {90: ("clock",), 180: ("clock", "clock"), 270: ("cclock",)}
_HDR_WHITE: Final = 203  # cd/m2, ITU-R BT.2408
_SCALER_MATRICES: Final = {"bt470bg": "bt470", "bt2020nc": "bt2020", "bt2020c": "bt2020"}


class FFmpegEngine:
    """Draws with the ffmpeg program."""

    def draw(
        self,
        source: Path,
        recording: Recording,
        timeline: Timeline,
        picture: PictureFormat,
        target: Path,
        *,
        store: Store,  # noqa: ARG002  one encoder writes the whole picture: there are no pieces to keep
        scratch: Path,  # noqa: ARG002
        progress: Progress,
    ) -> Drawn:
        """Write the picture; see `Engine.draw`."""
        assert recording.picture is not None
        begun = time.perf_counter()
        options = encoder_options(picture)
        ffmpeg.try_encoder(picture.encoder, option_words(options), (picture.width, picture.height))
        pictures = _Pictures(source, recording.picture, picture)
        laid_out = time.perf_counter()
        with _pipe() as (read_end, write_end):
            cuts = [pictures.command(segment, f"pipe:{write_end.fd}") for segment in timeline.segments]
            encode = encode_command(picture, options, f"pipe:{read_end.fd}", target)
            _run_both(cuts, write_end, encode, read_end, timeline.duration, progress, source.name)
        _check(target, timeline, picture)
        return Drawn(0.0, laid_out - begun, time.perf_counter() - laid_out)


class _End:
    """One end of a pipe, closed once."""

    def __init__(self, fd: int) -> None:
        self.fd = fd
        self._open = True

    def close(self) -> None:
        if self._open:
            self._open = False
            os.close(self.fd)


@contextlib.contextmanager
def _pipe() -> Iterator[tuple[_End, _End]]:
    read_end, write_end = (_End(fd) for fd in os.pipe())
    try:
        yield read_end, write_end
    finally:
        read_end.close()
        write_end.close()


def _run_both(
    cuts: Sequence[list[str]],
    write_end: _End,
    encode: list[str],
    read_end: _End,
    duration: Fraction,
    progress: Progress,
    name: str,
) -> None:
    """Run the encoder here, and beside it the decoders, one after the other."""
    stopped = threading.Event()

    def cut_all() -> RenderError | None:
        try:
            for cut in cuts:
                if stopped.is_set():
                    break
                ffmpeg.run(cut, share=(write_end.fd,))
        except RenderError as error:
            return None if stopped.is_set() else error
        finally:
            write_end.close()  # the encoder sees the end
        return None

    with ThreadPoolExecutor(1, thread_name_prefix="cut") as pool:
        cutting = pool.submit(cut_all)
        fault: RenderError | None = None
        try:
            ffmpeg.run(encode, duration=duration, progress=progress, share=(read_end.fd,))
        except RenderError as error:
            fault = error
        finally:
            stopped.set()
            read_end.close()  # a decoder that still writes finds that nobody reads
        if (cause := cutting.result()) is not None:
            raise MediaError(
                f"the picture of '{name}' cannot be decoded ({cause}); try --engine pyav"
            ) from cause
    if fault is not None:
        raise fault


def _check(target: Path, timeline: Timeline, picture: PictureFormat) -> None:
    """A decoder that gives up early would shift all that follows."""
    with av.open(str(target)) as container:
        frames = container.streams.video[0].frames
    if frames != timeline.frames:
        raise RenderError(
            f"encoder '{picture.encoder}' wrote {frames} frames for {timeline.frames}; try --engine pyav"
        )


class _Pictures:
    """Commands that write the plain pictures of a segment.

    Args:
        source: the recording's file.
        track: its video track.
        target: what the output's picture is like.
    """

    def __init__(self, source: Path, track: Picture, target: PictureFormat) -> None:
        self._source = source
        self._track = track
        self._target = target
        container, stream = open_picture(source, track)
        with container:
            start = container.start_time
            first = (
                stream.start_time * stream.time_base
                if stream.start_time is not None and stream.time_base
                else 0
            )
            indexed = container.format.name not in _WITHOUT_INDEX
        self._origin = Fraction(start, _MICRO) if start is not None else Fraction(first)
        self._times = None if indexed else read_frame_times(source, track)

    def command(self, segment: Segment, target: str) -> list[str]:
        """Arguments for the frames of one segment, as raw video.

        ffmpeg begins at a keyframe before the segment. Frame times, on the container's own
        clock, are turned into output times; ``fps`` then shows in every tick the last frame whose time has
        come, which is what the timeline asks for. Times are never taken from ``-ss``, which
        would drop the frame that already stands when the segment begins.
        """
        rate = self._target.rate
        begin = segment.source_moment(0, rate)
        shift = float((self._origin + begin + FRAME_TOLERANCE + _EDGE) * _MICRO)
        shown = segment.frames - segment.hold
        reading = {"noautorotate": None, "noaccurate_seek": None, "copyts": None}
        given = commands.input(
            str(self._source.absolute()), ss=f"{float(self._place_before(begin)):.6f}", **reading
        )
        stream = (
            given[str(self._track.stream_index)]
            .filter("settb", f"1/{_MICRO}")
            .filter("setpts", f"(PTS-{shift:.3f})*{segment.speed.denominator}/{segment.speed.numerator}")
            .filter("fps", fps=str(rate), start_time=0, round="up")
            .filter("tpad", stop=-1, stop_mode="clone")  # the last picture stands to the end
            .filter("trim", end_frame=shown)
        )
        stream = self._conform(stream)
        if segment.hold:
            stream = stream.filter("tpad", stop=segment.hold, stop_mode="clone")
        out = stream.output(
            target, format="rawvideo", pix_fmt=self._target.pixel_format, fps_mode="passthrough"
        )
        return list(out.get_args())

    def _place_before(self, moment: Fraction) -> Fraction:
        """Where to seek to, in seconds, so that the keyframe before a moment is found."""
        if self._times is None:
            return moment
        times = self._times
        key = int(times.stamps[times.keys[times.key_before(times.position_at(moment))]])
        return max(Fraction(0), key * times.time_base - times.origin - _BEFORE_KEY)

    def _conform(self, stream: Any) -> Any:
        """Upright, in the output's size and colours, with bars where the shape differs."""
        target, declared = self._target, self._track.colour
        if self._track.mirrored:
            stream = stream.filter("hflip")
        for turn in _TURNS.get(self._track.rotation, ()):
            stream = stream.filter("transpose", turn)
        if target.tone_mapped:
            stream = (
                stream.filter("zscale", transfer="linear", npl=_HDR_WHITE)
                .filter("format", "gbrpf32le")
                .filter("zscale", primaries="bt709")
                .filter("tonemap", "mobius", desat=0)
                .filter("zscale", transfer="bt709", matrix="bt709", range="tv")
                .filter("format", target.pixel_format)
            )
        matrix = _SCALER_MATRICES.get(target.colour.matrix, target.colour.matrix)
        source_matrix = _SCALER_MATRICES.get(declared.matrix, declared.matrix)
        known = declared.matrix not in ("unknown", "gbr") and not target.tone_mapped
        stream = stream.filter(
            "scale",
            target.inner_width,
            target.inner_height,
            flags="bicubic+accurate_rnd+full_chroma_int",
            in_color_matrix=source_matrix if known else matrix,
            out_color_matrix=matrix,
            in_range="pc" if declared.range == "pc" and not target.tone_mapped else "auto",
            out_range="tv",
        ).filter("format", target.pixel_format)
        if (target.inner_width, target.inner_height) != (target.width, target.height):
            stream = stream.filter("pad", target.width, target.height, -1, -1, "black")
        return stream


def encode_command(picture: PictureFormat, options: dict[str, str], source: str, target: Path) -> list[str]:
    """Arguments for the encoder.

    Args:
        picture: what the output's picture is like.
        options: the encoder's own, from `encoder_options`.
        source: where plain pictures come from, such as ``pipe:7``.
        target: the MP4 to write.
    """
    use = ffmpeg.encoder_use(picture.encoder)
    stream = commands.input(
        source,
        format="rawvideo",
        pixel_format=picture.pixel_format,
        video_size=(picture.width, picture.height),
        framerate=str(picture.rate),
    ).filter(
        "setparams",
        color_primaries=picture.colour.primaries,
        color_trc=picture.colour.transfer,
        colorspace=picture.colour.matrix,
        range=picture.colour.range,
    )
    for name, *values in use.upload:
        stream = stream.filter(name, *values)
    out = stream.output(
        str(target.absolute()),
        format="mp4",
        fps_mode="passthrough",
        video_track_timescale=timescale(picture.rate),
        **options,
    )
    return [*use.before_input, *out.get_args()]
