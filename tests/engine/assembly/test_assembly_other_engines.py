"""The engines beside the default one show the same timeline."""

from fractions import Fraction
from pathlib import Path

import av
import pytest
from cutting_kit import Cut, some_cuts, timeline_of
from media_kit import NTSC, make_recording, numbers_in

from cutdown.assembly.encoder_options import encoder_options
from cutdown.assembly.engines import engine_named, source_second
from cutdown.assembly.picture_format import picture_format
from cutdown.errors import MediaError, UsageError
from cutdown.media.probe import probe
from cutdown.progress import unheard
from cutdown.settings import RenderOptions
from cutdown.store import Store
from cutdown.timeline import FRAME_TOLERANCE, Timeline


def draw(
    engine: str, path: Path, timeline: Timeline, folder: Path, options: RenderOptions | None = None
) -> Path:
    recording = probe(path)
    assert recording.picture is not None
    picture = picture_format(recording.picture, options or RenderOptions(), timeline.rate)
    folder.mkdir(exist_ok=True)
    target = folder / f"{engine} «é» it's.mp4"
    shares: list[float] = []
    drawn = engine_named(engine).draw(
        path,
        recording,
        timeline,
        picture,
        target,
        store=Store(folder / "store"),
        scratch=folder,
        progress=shares.append,
    )
    assert drawn.rendering_time > 0
    assert shares == sorted(shares)
    assert shares[-1] == 1.0
    return target


def planned(timeline: Timeline, times: list[Fraction]) -> list[int]:
    """The source frame that each output frame shows, by the timeline's own rule."""
    moments = [source_second(timeline, frame) + FRAME_TOLERANCE for frame in range(timeline.frames)]
    return [max(0, sum(time <= moment for time in times) - 1) for moment in moments]


def test_ffmpeg_puts_every_frame_where_it_belongs(tmp_path: Path):
    path = make_recording(
        tmp_path / "x.mp4", seconds=12, rate=NTSC, sound=False, options={"g": "50", "bf": "2"}
    )
    timeline = timeline_of(probe(path), NTSC, some_cuts(350, 8, seed=1))
    shown = numbers_in(draw("ffmpeg", path, timeline, tmp_path / "out"))
    assert shown == planned(timeline, [number / NTSC for number in range(400)])


def test_ffmpeg_keeps_the_frame_that_stands_where_the_rate_varies(tmp_path: Path):
    gaps = [Fraction(1, 60), Fraction(1, 3), Fraction(1, 20), Fraction(1, 2)]
    times = [Fraction(0)]
    for number in range(39):
        times.append(times[-1] + gaps[number % 4])
    path = make_recording(
        tmp_path / "v.mkv", seconds=4, rate=Fraction(10), sound=False, time_of=lambda number: times[number]
    )
    cuts = [
        Cut("keep", 41),
        Cut("cut", 33),
        Cut("speedup", 60, Fraction(3, 2)),
        Cut("cut", 7),
        Cut("rewrite", 50, Fraction(9, 10), 5),
    ]
    timeline = timeline_of(probe(path), Fraction(30), cuts)
    assert numbers_in(draw("ffmpeg", path, timeline, tmp_path / "out")) == planned(timeline, times)
