"""The benchmark itself: what it measures is real, and what it keeps can be read again."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from fractions import Fraction
from html.parser import HTMLParser
from pathlib import Path

import av
import jsonschema
import pytest
from media_kit import make_recording

from benchmarks import benchmark, history, pipeline_runs, render_race
from benchmarks.picture_quality import quality
from benchmarks.render_race import DECODE, ENCODE, LIMIT, OURS
from benchmarks.report import print_baseline, write_page
from benchmarks.slowed import burn
from benchmarks.standard_videos import StandardVideo, take
from benchmarks.yardstick import yardstick_seconds
from cutdown.errors import UsageError
from cutdown.media.probe import probe
from cutdown.metrics.baseline_form import PROCESS, Baseline, baseline_schema
from cutdown.metrics.processes import ProcessTree
from cutdown.metrics.regression import compare

SHORT = (StandardVideo("screencast-6", 6, "screencast"),)


@pytest.fixture(scope="module")
def state(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A state folder of its own for the videos and the history."""
    folder = tmp_path_factory.mktemp("state")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CUTDOWN_HOME", str(folder))
        patch.setattr(benchmark, "QUICK", SHORT)
        yield folder


@pytest.fixture(scope="module")
def measured(state: Path) -> Path:
    """A real measurement of a short screencast, by the command."""
    out = state / "base.json"
    assert benchmark.main(["--quick", "--runs", "1", "--out", str(out)]) == 0
    return out


def test_the_command_writes_what_the_published_schema_accepts(measured: Path) -> None:
    raw = json.loads(measured.read_text())
    jsonschema.Draft202012Validator(baseline_schema()).validate(raw)
    assert set(raw["hardware"]) == {"cpu", "ram", "storage"}
    assert raw["video"] == {"duration": 6.0, "resolution": "1920x1080", "fps": 30.0}
    assert raw["cost"] == {"total": 0.0}
    document = Baseline.read(measured)
    cold, warm = document.cases
    assert (cold.mode, warm.mode) == ("cold", "warm")
    assert document.performance.seconds()["phase4_assembly"] == cold.spread["phase4_assembly"].wall.median
    (run,) = cold.runs
    phases = [
        run.phases[name] for name in ("phase1_ingest", "phase2_director", "phase3_voice", "phase4_assembly")
    ]
    assert all(each.cpu > 0 for each in phases)
    assert sum(each.cpu for each in phases) < run.phases[PROCESS].cpu  # start-up comes on top
    assert sum(each.wall for each in phases) < run.phases[PROCESS].wall
    assert list(warm.runs[0].phases) == [PROCESS]  # nothing was worked for
    assert warm.runs[0].phases[PROCESS].cpu < run.phases[PROCESS].cpu / 2


def test_a_phase_slowed_for_real_is_named_by_the_check(measured: Path, state: Path) -> None:
    slowed = state / "slowed.json"
    options = ["--quick", "--runs", "1", "--slow-down", "phase4_assembly=1.5", "--out", str(slowed)]
    assert benchmark.main(options) == 0
    comparison = compare(Baseline.read(measured), Baseline.read(slowed))
    named = [row.phase for row in comparison.slower]
    assert "phase4_assembly" in named
    assert "phase1_ingest" not in named
    assert len(history.read()) == 1  # what was slowed on purpose is no part of it


def test_the_standard_videos_are_what_they_say_and_are_made_once(state: Path) -> None:
    video = StandardVideo("pattern-2", 2, "pattern")
    path = take(video)
    made = path.stat().st_mtime_ns
    assert take(video) == path
    assert path.stat().st_mtime_ns == made
    recording = probe(path)
    assert recording.picture is not None
    assert (recording.picture.width, recording.picture.height, recording.picture.rate) == (1920, 1080, 30)
    assert abs(recording.duration - 2) < Fraction(1, 20)
    with av.open(str(path)) as container:
        sound = b"".join(bytes(frame.to_ndarray()[0].tobytes()) for frame in container.decode(audio=0))
    import numpy as np

    heard = np.frombuffer(sound, np.float32)[4096:52096]
    loudest = np.argmax(np.abs(np.fft.rfft(heard))) * 48000 / len(heard)
    assert loudest == pytest.approx(440, abs=2)


def test_burning_uses_what_it_should_and_the_yardstick_is_steady() -> None:
    before = ProcessTree().read(fresh=True).cpu
    burn(0.4, 2)
    assert ProcessTree().read(fresh=True).cpu - before == pytest.approx(0.4, abs=0.1)
    one, other = yardstick_seconds(), yardstick_seconds()
    assert one == pytest.approx(other, rel=0.5)


class _Links(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found += [value or "" for name, value in attrs if name in ("src", "href")]
        if tag in ("script", "link", "iframe"):
            self.found.append(tag)


def test_the_trend_shows_every_measurement_and_asks_nobody(measured: Path, state: Path) -> None:
    document = Baseline.read(measured)
    assert document.made is not None
    later = document.model_copy(
        update={"made": document.made.model_copy(update={"at": datetime(2030, 5, 6, tzinfo=UTC)})}
    )
    page = history.trend_page([document, later])
    links = _Links()
    links.feed(page)
    assert links.found == []
    assert "http" not in page
    assert page.count("<svg") == 2  # cold and warm
    assert "2030-05-06" in page
    assert re.search(r"phase4_assembly: [\d.]+ s", page)
    assert benchmark.main(["--trend"]) == 0
    assert (state / "benchmark" / "trend.html").read_text().count("<svg") == 2


def test_tables_go_between_the_marks_of_a_page_and_the_rest_stays(measured: Path, tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("above\n<!-- whole job -->\nyesterday\n<!-- end of whole job -->\nbelow\n")
    document = Baseline.read(measured)
    for _ in range(2):  # a second time changes nothing
        write_page(page, "whole job", lambda console, box: print_baseline(console, document, box=box))
        text = page.read_text()
        assert text.startswith("above\n<!-- whole job -->\n\n")
        assert text.endswith("\n<!-- end of whole job -->\nbelow\n")
        assert "yesterday" not in text
        rows = [line for line in text.splitlines() if line.startswith("|")]
        assert len({line.count("|") for line in rows}) == 1
        assert sum("screencast-6 cold" in line for line in rows) == 6  # four phases, total, process
        assert document.hardware.cpu in text
    with pytest.raises(UsageError, match="has no '<!-- rendering -->'"):
        write_page(page, "rendering", lambda console, box: None)


def test_a_history_with_a_broken_line_is_still_read(measured: Path) -> None:
    count = len(history.read())
    with history.file().open("a") as file:
        file.write("{broken\n")
    assert len(history.read()) == count


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--runs", "0"], "--runs 0 measures nothing"),
        (["--against", "imovie"], "cannot measure against 'imovie'; choose from moviepy, ffmpeg"),
        (["--slow-down", "phase9=2"], "--slow-down 'phase9=2' is not PHASE=SHARE"),
        (["--slow-down", "phase4_assembly=much"], "is not PHASE=SHARE"),
        (["--sideways"], "--sideways"),
    ],
)
def test_a_senseless_option_is_one_line_and_code_2(
    words: list[str], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert benchmark.main(words) == 2
    error = capsys.readouterr().err
    assert told in " ".join(error.split())
    assert "Traceback" not in error


def test_what_cannot_be_written_is_told_before_anything_is_measured(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(benchmark, "measure_baseline", lambda *_: pytest.fail("measured"))
    (tmp_path / "page.md").write_text("no marks\n")
    for words, told in (
        (["--page", str(tmp_path / "page.md")], "has no '<!-- whole job -->'"),
        (["--page", str(tmp_path / "none.md")], "cannot read the page"),
        (["--out", str(tmp_path)], "--out needs a file"),
        (["--out", str(tmp_path / "page.md" / "base.json")], "choose another --out"),
    ):
        out = [] if "--out" in words else ["--out", str(tmp_path / "base.json")]
        assert benchmark.main([*words, *out]) == 2
        assert told in " ".join(capsys.readouterr().err.split())
    assert [each.name for each in tmp_path.iterdir()] == ["page.md"]


def test_a_run_that_is_measured_finds_no_shared_store(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CUTDOWN_STORE", str(tmp_path / "shared"))
    monkeypatch.chdir(tmp_path)
    program = "import benchmarks\nfrom cutdown.settings import shared_store\nassert shared_store() is None"
    pipeline_runs._timed([sys.executable, "-c", program], tmp_path / "state")


def test_no_history_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("CUTDOWN_HOME", str(tmp_path))
    assert benchmark.main(["--trend"]) == 2
    assert "there is no measurement in" in capsys.readouterr().err


@pytest.fixture(scope="module")
def contest(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, render_race.Contest]:
    folder = tmp_path_factory.mktemp("race")
    path = make_recording(folder / "source.mp4", seconds=20, size=(640, 360), rate=Fraction(30))
    video = StandardVideo("small", 20, "pattern")
    return path, render_race._contest(video, path, 1, ("moviepy",), folder, lambda _what: None)


def test_every_contestant_of_the_race_works(contest: tuple[Path, render_race.Contest]) -> None:
    _, race = contest
    assert set(race.took) == {OURS, "moviepy", DECODE, ENCODE, LIMIT}
    assert all(each.wall > 0 and each.cpu > 0 for runs in race.took.values() for each in runs)
    (limit,), (decode,), (encode,) = (race.took[name] for name in (LIMIT, DECODE, ENCODE))
    assert limit.cpu == decode.cpu + encode.cpu
    assert race.ratio("moviepy", "cpu") > 1  # it decodes everything in between and encodes every frame
    assert race.ratio(OURS, "wall") == 1


def test_quality_sees_a_frame_too_late_and_does_not_punish_what_is_right(
    contest: tuple[Path, render_race.Contest], tmp_path: Path
) -> None:
    path, race = contest
    right = race.quality[OURS]
    assert right.psnr > 35
    recording = probe(path)
    timeline = render_race.timeline_of(recording.sha256, float(recording.duration), Fraction(30))
    shifted = timeline.model_copy(
        update={
            "segments": tuple(
                segment.model_copy(update={"source_frame": segment.source_frame + 8})
                for segment in timeline.segments
            )
        }
    )
    from cutdown.assembly.engines import engine_named
    from cutdown.assembly.picture_format import picture_format
    from cutdown.settings import RenderOptions
    from cutdown.store import Store

    assert recording.picture is not None
    engine_named("pyav").draw(
        path, recording, shifted, picture_format(recording.picture, RenderOptions(preset="ultrafast"), timeline.rate),
        tmp_path / "late.mp4", store=Store(tmp_path / "store"), scratch=tmp_path, progress=lambda _share: None,
    )  # fmt: skip
    assert quality(path, recording, timeline, tmp_path / "late.mp4").psnr < right.psnr - 5


def test_the_race_timeline_is_the_same_for_the_same_length_and_mixes_speeds() -> None:
    one = render_race.timeline_of("0" * 64, 1800, Fraction(30))
    assert one == render_race.timeline_of("0" * 64, 1800, Fraction(30))
    assert len(one.segments) == 45
    assert float(one.duration) == pytest.approx(180, rel=0.02)
    assert {float(segment.speed) for segment in one.segments} == {1.0, 4.0, 8.0}
    ends = [segment.source_frame + segment.frames * segment.speed for segment in one.segments]
    starts = [segment.source_frame for segment in one.segments]
    assert all(end <= start for end, start in zip(ends, starts[1:], strict=False))
    assert ends[-1] <= 54_000
