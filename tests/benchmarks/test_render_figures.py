"""The figures about rendering can be trusted: frames are counted, bounds are kept, exponents are slopes."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest

from benchmarks import numbered, render_race
from benchmarks.picture_quality import Quality
from benchmarks.race_report import TARGETS
from benchmarks.render_job import with_sound
from benchmarks.render_race import LIMIT, OURS, SEEK, Contest, Took, timeline_of
from benchmarks.render_scaling import ACTIONS, changed, run_job
from benchmarks.scaling_form import slope
from cutdown.assembly.pieces import split
from cutdown.media.probe import probe
from cutdown.timeline import Timeline

SECONDS = 12


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Timeline]:
    """A numbered recording, and 45 actions of it."""
    path = tmp_path_factory.mktemp("numbered") / "in.mp4"
    numbered.make(path, SECONDS)
    planned = timeline_of(
        probe(path).sha256, SECONDS, Fraction(numbered.RATE), actions=ACTIONS, kept=Fraction(3, 4)
    )
    return path, with_sound(planned)


def test_frames_are_counted_and_a_shift_of_one_is_seen(
    recording: tuple[Path, Timeline], tmp_path: Path
) -> None:
    path, timeline = recording
    (tmp_path / "timeline.json").write_text(timeline.model_dump_json())
    render_race.run_contestant(OURS, path, tmp_path)
    placed = numbered.place(tmp_path / f"{OURS}.mp4", timeline)
    assert placed.is_exact
    assert (placed.segments, placed.exact_starts, placed.worst) == (ACTIONS, ACTIONS, 0)
    late = [each.model_copy(update={"source_frame": each.source_frame + 1}) for each in timeline.segments]
    shifted = numbered.place(tmp_path / f"{OURS}.mp4", timeline.model_copy(update={"segments": tuple(late)}))
    assert (shifted.exact, shifted.exact_starts, shifted.worst) == (0, 0, 1)


def test_ffmpeg_as_scripts_use_it_shows_about_the_same(
    recording: tuple[Path, Timeline], tmp_path: Path
) -> None:
    path, timeline = recording
    few = Timeline(
        recording_sha256=timeline.recording_sha256,
        rate=timeline.rate,
        segments=timeline.segments[:6],
        sounds=(),
    )
    (tmp_path / "timeline.json").write_text(few.model_dump_json())
    took = render_race.run_contestant(SEEK, path, tmp_path)
    assert took.cpu > 0
    placed = numbered.place(tmp_path / f"{SEEK}.mp4", few)
    assert abs(placed.written - placed.planned) <= len(few.segments)
    assert placed.worst <= 2 * 8  # a frame or two of the fastest speed


def test_one_changed_action_of_45_draws_one_piece_again(
    recording: tuple[Path, Timeline], tmp_path: Path
) -> None:
    path, timeline = recording
    first = run_job(path, timeline, tmp_path, certify=True)
    assert first.pieces == len(set(split(timeline))) == ACTIONS
    assert first.placed is not None
    assert first.placed.passed
    assert first.placed.frames.is_exact
    second = run_job(path, changed(timeline), tmp_path)
    assert second.pieces == 1


def test_an_exponent_is_the_slope_in_logarithms() -> None:
    assert slope([(1, 3), (10, 30), (100, 300)]) == pytest.approx(1)
    assert slope([(1, 7), (10, 7), (100, 7)]) == pytest.approx(0)
    assert slope([(2, 4), (4, 16)]) == pytest.approx(2)


def test_a_target_that_is_missed_says_so() -> None:
    def took(cpu: float, wall: float) -> tuple[Took, ...]:
        return (Took(cpu=cpu, wall=wall, memory=1),)

    contest = Contest(
        video="made", actions=1, source_seconds=1, output_seconds=1,
        took={OURS: took(2, 1), "moviepy": took(12, 5), LIMIT: took(1.6, 0.5)},
        quality={
            OURS: Quality(vmaf=96, psnr=50, size_mb=1), "moviepy": Quality(vmaf=95.5, psnr=50, size_mb=1),
        },
    )  # fmt: skip
    told = {target.what: target.told(contest) for target in TARGETS}
    assert told["CPU of MoviePy, ours = 1"] == "6.00"
    assert told["wall time of MoviePy, ours = 1"] == "5.00 (missed)"
    assert told["VMAF, ours less MoviePy's"] == "0.50"
    assert told["CPU of ours, limit = 1"] == "1.25"
    assert told["wall time of ours, limit = 1"] == "2.00 (missed)"
    assert told["CPU of ffmpeg-seek, ours = 1"] == "not measured"
    busy = tuple(took.model_copy(update={"others": 0.5}) for took in contest.took["moviepy"])
    contest = contest.model_copy(update={"took": contest.took | {"moviepy": busy, OURS: busy}})
    assert TARGETS[1].told(contest) == "1.00 (machine busy)"
    assert TARGETS[0].told(contest) == "1.00 (missed)"
