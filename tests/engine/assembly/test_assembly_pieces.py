"""Pieces cover a timeline exactly, and their names change with what they show."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest
from media_kit import describe, make_recording

from cutdown.assembly.engines import engine_named
from cutdown.assembly.picture_format import picture_format
from cutdown.assembly.pieces import runs, split
from cutdown.errors import UsageError
from cutdown.recording import Colour, Picture
from cutdown.settings import RenderOptions
from cutdown.timeline import Segment, Timeline

RATE = Fraction(30)


def timeline(*segments: tuple[int, int, Fraction, int]) -> Timeline:
    made, at = [], 0
    for source, frames, speed, hold in segments:
        made.append(
            Segment(
                action="a", type="keep", first_frame=at, frames=frames,
                source_frame=source, speed=speed, hold=hold,
            )
        )  # fmt: skip
        at += frames
    return Timeline(recording_sha256="0" * 64, rate=RATE, segments=tuple(made), sounds=())


def test_pieces_show_what_the_timeline_says() -> None:
    planned = timeline(
        (7, 2000, Fraction(1), 0),
        (5000, 1, Fraction(3), 0),
        (9000, 1900, Fraction(9, 10), 1500),
        (20_000, 777, Fraction(64), 5),
    )
    pieces = split(planned)
    assert all(piece.frames <= 600 for piece in pieces)
    shown = []
    for piece in pieces:
        moments = piece.moments(RATE)
        shown += moments + [moments[-1]] * piece.hold
    assert shown == [
        segment.source_moment(offset, RATE)
        for segment in planned.segments
        for offset in range(segment.frames)
    ]


@pytest.mark.parametrize("workers", [1, 2, 4])
def test_runs_share_the_work_and_end_together(workers: int) -> None:
    costs = [float(5 + 13 * number % 17) for number in range(200)]
    found = runs(costs, workers)
    assert [at for run in found for at in run] == list(range(200))
    shares = [sum(costs[at] for at in run) for run in found]
    assert len(found) < 32 * workers
    busy = [0.0] * workers
    for share in shares:  # each takes the next when it is done
        busy[busy.index(min(busy))] += share
    assert max(busy) - min(busy) <= 2 * sum(costs) / 32 / workers + max(costs)


def test_a_few_pieces_are_shared_out_one_by_one() -> None:
    assert runs([1.0, 1.0, 1.0], 2) == [range(1), range(1, 2), range(2, 3)]
    assert runs([], 2) == []


def test_a_name_tells_all_that_decides_the_look(tmp_path: Path) -> None:
    recording = describe(make_recording(tmp_path / "a.mp4", seconds=1))
    assert recording.picture is not None
    form = picture_format(recording.picture, RenderOptions(), RATE)
    piece = split(timeline((0, 20, Fraction(1), 0)))[0]
    other = describe(make_recording(tmp_path / "b.mp4", seconds=2))
    names = {
        piece.key(recording, form),
        piece.key(other, form),
        piece.key(recording, form.model_copy(update={"crf": 24})),
        piece._replace(speed=Fraction(2)).key(recording, form),
        piece._replace(hold=1).key(recording, form),
        piece._replace(start=Fraction(1, 2)).key(recording, form),
    }
    assert len(names) == 6
    assert piece.key(recording, form) in names


def picture(width: int, height: int, **more: object) -> Picture:
    return Picture(
        stream_index=0, codec="h264", pixel_format="yuv420p", width=width, height=height,
        display_width=width, display_height=height, pixel_aspect=1, rate=30, variable_rate=False,
        frames=1, start=0, **more,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("size", "asked", "frame", "inner"),
    [
        ((1920, 1080), None, (1920, 1080), (1920, 1080)),
        ((1920, 1080), "720p", (1280, 720), (1280, 720)),
        ((1080, 1920), "720p", (720, 1280), (720, 1280)),
        ((854, 480), "720p", (1280, 720), (1280, 720)),
        ((1366, 768), "1280x720", (1280, 720), (1280, 720)),
        ((1024, 768), "1280x720", (1280, 720), (960, 720)),
        ((1920, 1080), "640x480", (640, 480), (640, 360)),
    ],
)
def test_sizes(
    size: tuple[int, int], asked: str | None, frame: tuple[int, int], inner: tuple[int, int]
) -> None:
    form = picture_format(picture(*size), RenderOptions(resolution=asked), RATE)
    assert (form.width, form.height) == frame
    assert (form.inner_width, form.inner_height) == inner


def test_odd_sizes_asked_for_are_refused() -> None:
    with pytest.raises(UsageError, match="use 1280x720"):
        picture_format(picture(1920, 1080), RenderOptions(resolution="1281x720"), RATE)


def test_colours_are_carried_over_and_hdr_is_not() -> None:
    wide = Colour(primaries="bt2020", transfer="bt2020-10", matrix="bt2020nc", range="tv")
    assert picture_format(picture(1920, 1080, colour=wide), RenderOptions(), RATE).colour == wide
    bright = wide.model_copy(update={"transfer": "smpte2084"})
    form = picture_format(picture(1920, 1080, colour=bright), RenderOptions(), RATE)
    assert form.tone_mapped
    assert form.colour.transfer == "bt709"
    assert picture_format(picture(640, 480), RenderOptions(), RATE).colour.matrix == "smpte170m"
    assert picture_format(picture(1280, 720), RenderOptions(), RATE).colour.matrix == "bt709"


def test_engines_by_name() -> None:
    assert engine_named("pyav") is not None
    with pytest.raises(UsageError, match="choose from pyav"):
        engine_named("vlc")
