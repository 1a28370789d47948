"""A plan is shown and asked about in the terminal."""

from __future__ import annotations

import io
from fractions import Fraction
from pathlib import Path

import pytest

from cutdown.cli import build_app, start
from cutdown.job import Job, Outcome
from cutdown.plan import EditAction, EditPlan


class Typed(io.StringIO):
    """A terminal in which somebody types."""

    def isatty(self) -> bool:
        return True


class Runner:
    """Writes a plan on a dry run, as every run does, and remembers its jobs."""

    def __init__(self) -> None:
        self.jobs: list[Job] = []

    def __call__(self, job: Job) -> Outcome:
        self.jobs.append(job)
        keep = EditAction(id="a001", type="keep", start=Fraction(0), end=Fraction(60), reason="said well")
        plan = EditPlan(
            recording_sha256="0" * 64, duration=Fraction(60), director="offline/2", actions=(keep,)
        )
        job.folder.mkdir(exist_ok=True)
        (job.folder / "plan.json").write_text(plan.to_json())
        return Outcome(video_id="ab", run_id="r", folder=job.folder, source_seconds=Fraction(60))


def review(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, typed: io.StringIO, out: str = "out"
) -> tuple[int, list[Job]]:
    talk = tmp_path / "talk.mp4"
    talk.write_bytes(b"-")
    monkeypatch.setattr("sys.stdin", typed)
    runner = Runner()
    code = start(build_app(runner), ["optimize", str(talk), "--out", str(tmp_path / out), "--review"])
    return code, runner.jobs


@pytest.mark.parametrize("typed", ["y\n", "what?\nYES\n"])
def test_yes_renders_what_was_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, typed: str) -> None:
    code, jobs = review(tmp_path, monkeypatch, Typed(typed))
    assert code == 0
    assert [(job.dry_run, job.plan) for job in jobs] == [(True, None), (False, None)]


def test_the_folder_may_be_called_anything(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    code, _jobs = review(tmp_path, monkeypatch, Typed("y\n"), "[draft] [x][")
    assert code == 0
    assert "[draft] [x][" in "".join(capsys.readouterr().err.splitlines())


def test_a_plan_that_was_changed_meanwhile_is_rendered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    code, jobs = review(tmp_path, monkeypatch, Typed("c\n"))
    assert code == 0
    assert jobs[-1].plan == tmp_path / "out" / "plan.json"


@pytest.mark.parametrize(("typed", "said"), [("n\n", "nothing was rendered"), ("", "no answer came")])
def test_no_renders_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], typed: str, said: str
) -> None:
    code, jobs = review(tmp_path, monkeypatch, Typed(typed))
    assert code == 1
    assert [job.dry_run for job in jobs] == [True]
    assert said in capsys.readouterr().err


def test_where_nobody_can_answer_nothing_is_begun(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    code, jobs = review(tmp_path, monkeypatch, io.StringIO("y\n"))
    assert (code, jobs) == (2, [])
    assert "--review asks in a terminal" in capsys.readouterr().err
