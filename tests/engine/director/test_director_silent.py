"""Recordings in which nobody speaks: whatever is shown in them is seen in the short version too."""

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from av.video.frame import PictureType
from film_kit import film
from numpy.typing import NDArray
from screens_kit import Look, looks, missing, screens, seen_through

from cutdown.assembly.render import render
from cutdown.director.offline import OfflineDirector
from cutdown.fitting import build_timeline, output_rate
from cutdown.media.measure import measure_signals
from cutdown.media.probe import probe
from cutdown.narration import Narration
from cutdown.plan import EditPlan
from cutdown.recording import Recording
from cutdown.settings import DirectorOptions, RenderOptions
from cutdown.signals import Signals
from cutdown.store import Store
from cutdown.timeline import Timeline
from cutdown.transcript import Transcript

RECORDINGS = (
    "chart-builder-table.mp4",
    "debugpy-edit-mode.webm",
    "df.mp4",
    "intro.mp4",
    "lazy-execution.mp4",
    "mcp-server.mp4",
    "remote-storage.mp4",
    "sql-validate-mode.mp4",
)
HELD = Fraction(5)  # seconds that each screen of a recording is made to stand longer


def plan_of(recording: Recording, signals: Signals, **options: object) -> tuple[EditPlan, Timeline]:
    """What the offline director and the fitting make of a recording without sound."""
    nothing = Transcript(language="und", model="none", duration=recording.duration, words=(), segments=())
    plan = OfflineDirector().plan(recording, nothing, signals, DirectorOptions.model_validate(options))
    assert recording.picture is not None
    timeline = build_timeline(plan, None, recording, signals, rate=output_rate(recording, None))
    return plan, timeline


def measured(path: Path) -> tuple[Recording, Signals]:
    recording = probe(path)
    return recording, measure_signals(path, recording, None)


def seen(source: list[Look], timeline: Timeline) -> list[Look]:
    """What the output shows, by where each of its frames lies in the source."""

    def moment_of(at: Fraction) -> Fraction:
        frame = int(at * timeline.rate)
        segment = next(s for s in timeline.segments if frame < s.end_frame)
        return segment.source_moment(frame - segment.first_frame, timeline.rate)

    return seen_through(source, timeline.duration, moment_of)


def held(path: Path, target: Path, moments: list[Fraction]) -> Path:
    """A copy in which the picture stands still for `HELD` after each of some moments."""
    with av.open(str(path)) as source, av.open(str(target), "w") as copy:
        written: Any = copy.add_stream("libx264", options={"preset": "ultrafast"})
        first = source.streams.video[0]
        written.width, written.height = first.width // 2 * 2, first.height // 2 * 2
        written.pix_fmt, written.time_base = "yuv420p", Fraction(1, 90_000)
        written.codec_context.time_base = written.time_base
        for frame in source.decode(first):
            moment = Fraction(frame.pts * frame.time_base)
            moment += HELD * sum(moment > one for one in moments)
            shown = frame.reformat(width=written.width, height=written.height, format="yuv420p")
            shown.pts, shown.time_base = round(moment * 90_000), written.time_base
            shown.pict_type = PictureType.NONE
            copy.mux(written.encode(shown))
        copy.mux(written.encode(None))
    return target


@pytest.mark.parametrize("name", RECORDINGS)
def test_every_screen_of_a_real_recording_is_seen(shared_data: Path, name: str) -> None:
    path = shared_data / "video" / f"screen_{name}"
    source = looks(path)
    assert len(screens(source)) >= 2
    known = measured(path)
    for options in ({}, {"target_ratio": 0.6}):
        _, timeline = plan_of(*known, **options)
        assert missing(source, seen(source, timeline)) == []


@pytest.mark.parametrize("name", ["intro.mp4", "df.mp4"])
def test_screens_that_stand_for_long_are_cut_short_and_still_seen(
    shared_data: Path, tmp_path: Path, name: str
) -> None:
    original = shared_data / "video" / f"screen_{name}"
    stand = [screen.at + Fraction(3, 10) for screen in screens(looks(original))]
    path = held(original, tmp_path / "held.mp4", stand)
    source = looks(path)
    plan, timeline = plan_of(*measured(path))
    assert missing(source, seen(source, timeline)) == []
    cut = sum(action.duration for action in plan.actions if action.type == "cut")
    assert cut >= Fraction(1, 2) * HELD * len(stand)


def test_every_screen_is_in_the_rendered_file(shared_data: Path, tmp_path: Path) -> None:
    original = shared_data / "video" / "screen_df.mp4"
    path = held(original, tmp_path / "held.mp4", [s.at + Fraction(3, 10) for s in screens(looks(original))])
    recording, signals = measured(path)
    plan, timeline = plan_of(recording, signals)
    assert any(action.type == "cut" for action in plan.actions)
    rendered = render(
        path, recording, timeline, Narration(provider="none", voice="none", language="und", lines=()),
        signals, RenderOptions(), Store(tmp_path / "store"),
        track=None, scratch=tmp_path,
    )  # fmt: skip
    assert missing(looks(path), looks(rendered.path)) == []


Picture = NDArray[np.uint8]


def a_menu(picture: Picture, at: float) -> None:
    """Four states, each of which comes at once and stands for six seconds."""
    state = int(at / 6)
    for line in range(3 + 4 * state):
        picture[20 + 20 * line : 30 + 20 * line, 40 : 200 + 90 * (state % 3)] = 200


def a_page_in_between(picture: Picture, at: float) -> None:
    """A page that opens at once, stands for a second and a half and is gone again."""
    if 8 <= at < 9.5:
        picture[60:300, 100:540] = 180
    else:
        a_menu(picture, 0)


@pytest.mark.parametrize(("draw", "count"), [(a_menu, 4), (a_page_in_between, 2)])
def test_states_that_come_at_once_are_seen_and_their_waits_cut(
    tmp_path: Path, draw: Callable[[Picture, float], None], count: int
) -> None:
    path = film(tmp_path / "film.mp4", 24, draw)
    source = looks(path)
    assert len(screens(source)) == count
    plan, timeline = plan_of(*measured(path))
    assert missing(source, seen(source, timeline)) == []
    assert plan.planned_duration < Fraction(2, 3) * plan.duration


def test_a_plan_that_cuts_a_screen_is_found_out(tmp_path: Path) -> None:
    path = film(tmp_path / "film.mp4", 24, a_menu)
    source = looks(path)
    without_the_second = seen_through(source, Fraction(16), lambda at: at if at < 6 else at + 6)
    assert missing(source, without_the_second) == [6]
