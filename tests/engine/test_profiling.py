"""Profiles of a run: real profilers over real work, files where they are promised."""

import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cutdown.cli import build_app, start
from cutdown.job import Job, Outcome
from cutdown.media import ffmpeg
from cutdown.profiling import profiled

TONE = ["-f", "lavfi", "-i", "sine=duration=0.2", "-f", "null", "-"]


def outcome(job: Job) -> Outcome:
    return Outcome(video_id="ab", run_id="r", folder=job.folder, source_seconds=60, output_seconds=20)


def spin_for_a_while() -> None:
    until = time.process_time() + 0.3
    while time.process_time() < until:
        pass


def spin_and_fail() -> None:
    spin_for_a_while()
    raise ZeroDivisionError


def hold_thirty_megabytes() -> None:
    block = np.ones(30_000_000, dtype=np.uint8)
    assert block.sum() == 30_000_000


def optimize(work: Callable[[], Any], talk: Path, out: Path, *profiles: str) -> int:
    def run(job: Job) -> Outcome:
        work()
        return outcome(job)

    options = [part for name in profiles for part in ("--profile", name)]
    return start(build_app(run), ["optimize", str(talk), "--out", str(out), *options])


@pytest.fixture
def talk(tmp_path: Path) -> Path:
    path = tmp_path / "talk.mp4"
    path.write_bytes(b"nothing reads it")
    return path


def test_a_cpu_profile_names_the_call_that_took_the_time_and_asks_nobody(tmp_path: Path, talk: Path) -> None:
    assert optimize(spin_for_a_while, talk, tmp_path / "out", "cpu") == 0
    page = (tmp_path / "out" / "profile-cpu.html").read_text(encoding="utf-8")
    assert "spin_for_a_while" in page
    assert "fonts.googleapis.com" not in page


def test_a_memory_profile_names_the_call_that_held_the_memory(
    tmp_path: Path, talk: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert optimize(hold_thirty_megabytes, talk, tmp_path / "out", "memory") == 0
    page = (tmp_path / "out" / "profile-memory.html").read_text(encoding="utf-8")
    assert "hold_thirty_megabytes" in page
    assert 'src="http' not in page
    assert "Wrote" not in capsys.readouterr().out


def test_every_ffmpeg_leaves_its_report_in_order_and_none_afterwards(tmp_path: Path) -> None:
    def work() -> None:
        ffmpeg.run(TONE)
        ffmpeg.run([*TONE[:-3], "-af", "volume=0.5", *TONE[-3:]])

    profiled(["ffmpeg"], tmp_path / "out", work)
    ffmpeg.run(TONE)
    reports = sorted((tmp_path / "out" / "profile-ffmpeg").iterdir())
    assert [report.name for report in reports] == ["001.log", "002.log"]
    assert "volume=0.5" not in reports[0].read_text()
    assert "volume=0.5" in reports[1].read_text()
    assert "Command line:" in reports[1].read_text()


def test_a_run_that_fails_leaves_its_profile_all_the_same(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError):
        profiled(["cpu"], tmp_path / "out", spin_and_fail)
    assert "spin_for_a_while" in (tmp_path / "out" / "profile-cpu.html").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", ["cpu", "memory", "ffmpeg"])
def test_a_folder_that_takes_no_profile_is_one_line(
    tmp_path: Path, talk: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    (tmp_path / "file").write_text("")
    assert optimize(lambda: None, talk, tmp_path / "file" / "out", name) == 2
    told = " ".join(capsys.readouterr().err.split())
    assert "cannot write the profile to" in told
    assert "choose another --out" in told


@pytest.mark.parametrize(("name", "library"), [("cpu", "pyinstrument"), ("memory", "memray")])
def test_a_profiler_that_is_not_installed_is_told_with_its_remedy_before_any_work(
    tmp_path: Path,
    talk: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    library: str,
) -> None:
    monkeypatch.setitem(sys.modules, library, None)
    assert optimize(lambda: pytest.fail("ran"), talk, tmp_path / "out", name) == 2
    message = " ".join(capsys.readouterr().err.split())
    assert f"needs {library}; add it with CUTDOWN_EXTRAS=profile ./run.sh" in message
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("profiles", "message"),
    [
        (("cpu", "memory"), "run them one after the other"),
        (("cheap", "best"), "--profile takes one set of options, not cheap and best"),
        (("fast",), "no profile named 'fast'; choose from best, cheap, offline, or measure the run with cpu, memory, ffmpeg"),
    ],
)  # fmt: skip
def test_profiles_that_do_not_go_together_are_one_line(
    tmp_path: Path, talk: Path, capsys: pytest.CaptureFixture[str], profiles: tuple[str, ...], message: str
) -> None:
    assert optimize(lambda: pytest.fail("ran"), talk, tmp_path / "out", *profiles) == 2
    assert message in " ".join(capsys.readouterr().err.split())


def test_a_set_of_options_and_a_profiler_go_together(tmp_path: Path, talk: Path) -> None:
    seen = []

    def run(job: Job) -> Outcome:
        seen.append(job.options.director.llm)
        return outcome(job)

    app = build_app(run)
    arguments = ["optimize", str(talk), "--out", str(tmp_path / "out")]
    assert start(app, [*arguments, "--profile", "cheap", "--profile", "ffmpeg"]) == 0
    assert seen[0].startswith("openai")
