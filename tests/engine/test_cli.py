"""The command line: one-line errors with the right exit code, options that reach the job."""

from __future__ import annotations

import errno
import io
import os
import sys
from fractions import Fraction
from pathlib import Path

import pytest

from cutdown.cli import build_app, start
from cutdown.errors import BudgetError, MediaError, ProviderError
from cutdown.job import Job, Outcome


def outcome(job: Job) -> Outcome:
    return Outcome(
        video_id="ab",
        run_id="r",
        folder=job.folder,
        video="talk.mp4",
        files=("talk.mp4",),
        source_seconds=60,
        output_seconds=20,
    )


class Recorder:
    """A runner that does nothing but remember its job."""

    def __init__(self, error: Exception | None = None, **changes: object) -> None:
        self.jobs: list[Job] = []
        self.error = error
        self.changes = changes

    def __call__(self, job: Job) -> Outcome:
        self.jobs.append(job)
        if self.error:
            raise self.error
        return outcome(job).model_copy(update=self.changes)


@pytest.fixture
def talk(tmp_path: Path) -> Path:
    path = tmp_path / "my 'talk' ü.mp4"
    path.write_bytes(b"-")
    return path


def run(runner: Recorder, *arguments: str | Path) -> int:
    return start(build_app(runner), [str(argument) for argument in arguments])


def test_options_reach_the_job(talk: Path, tmp_path: Path) -> None:
    runner = Recorder()
    code = run(
        runner, "optimize", talk, "--out", tmp_path / "out", "--target-ratio", "0.3", "--fps", "30000/1001",
        "--narration", "full", "--voice", "kokoro", "--whisper-model", "tiny.en", "--glossary", "kubectl, npm", "--preview",
    )  # fmt: skip
    assert code == 0
    job = runner.jobs[0]
    assert job.source == talk
    assert job.options.director.target_ratio == 0.3
    assert job.options.render.fps == Fraction(30000, 1001)
    assert (job.options.voice.voice, job.options.director.narration) == ("kokoro", "full")
    assert job.options.speech.glossary == "kubectl, npm"
    assert job.effective_options.render.preset == "ultrafast"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--target-ratio", "3"], ["--target-ratio", "'3'", "less than or equal to 1"]),
        (["--target-ratio", "0.3", "--target-seconds", "9"], ["--target-ratio or --target-seconds"]),
        (["--crf", "best"], ["--crf", "'best'"]),
        (["--fps", "fast"], ["--fps", "30000/1001"]),
        (["--resolution", "big"], ["--resolution", "'big'", "1280x720"]),
        (["--bitrate", "2500"], ["--bitrate", "'2500'", "2500k"]),
        (["--bitrate", "0.0k"], ["--bitrate", "'0.0k'", "2500k"]),
        (["--target-seconds", "inf"], ["--target-seconds", "finite"]),
        (["--budget", "inf"], ["--budget", "finite"]),
        (["part 2.mp4"], ["'part 2.mp4'", "quotes"]),
        (["--narration", "all"], ["narration", "none", "full"]),
        (["--resolutin", "720p"], ["--resolutin", "--resolution"]),
        (["--out"], ["--out"]),
    ],
)
def test_a_wrong_option_is_one_line(
    talk: Path, arguments: list[str], words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    runner = Recorder()
    assert run(runner, "optimize", talk, *arguments) == 2
    assert runner.jobs == []
    message = capsys.readouterr().err.strip()
    assert message.startswith("error: ")
    assert "\n" not in message
    for word in words:
        assert word in message


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (MediaError("broken"), 2),
        (ProviderError("away"), 3),
        (BudgetError("spent"), 4),
        (OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)), 6),
        (PermissionError(errno.EACCES, os.strerror(errno.EACCES), "/srv/state"), 6),
        (KeyboardInterrupt(), 130),
    ],
)
def test_every_kind_of_fault_has_its_exit_code(
    talk: Path, error: Exception, code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(Recorder(error), "optimize", talk) == code
    assert "Traceback" not in capsys.readouterr().err


def test_what_the_system_refuses_is_told_with_its_place_and_a_remedy(
    talk: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run(Recorder(OSError(errno.EROFS, os.strerror(errno.EROFS), "/srv/state")), "optimize", talk)
    message = " ".join(capsys.readouterr().err.split())
    assert "Read-only file system: '/srv/state'; check that you may read and write there" in message


def test_a_fault_of_the_program_is_not_told_as_a_mistake(talk: Path) -> None:
    with pytest.raises(ConnectionRefusedError):
        run(Recorder(ConnectionRefusedError(errno.ECONNREFUSED, "refused")), "optimize", talk)


def test_a_name_that_no_system_takes_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(Recorder(), "optimize", "a" * 300 + ".mp4") == 2
    assert "use a shorter name" in capsys.readouterr().err


def test_an_option_that_is_no_field_is_named_too(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(Recorder(), "janitor", "--keep", "much") == 2
    assert "--keep 'much'" in capsys.readouterr().err


def test_a_missing_recording_is_told_before_any_work(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    runner = Recorder()
    assert run(runner, "optimize", tmp_path / "gone.mp4") == 2
    assert runner.jobs == []
    assert "gone.mp4" in capsys.readouterr().err


def test_the_recording_is_never_overwritten(talk: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(Recorder(), "optimize", talk, "--out", talk.parent) == 2
    assert "overwrite" in capsys.readouterr().err


@pytest.mark.parametrize(
    "arguments",
    [
        ["--out", "{folder}/../{name}"],
        ["--out", "{link}"],
        ["--metrics-output", "{talk}"],
        ["--log-json", "{link}/{file}"],
    ],
)
def test_no_way_leads_to_the_recording_being_overwritten(
    tmp_path: Path, arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    folder, link = tmp_path / "talks", tmp_path / "link"
    folder.mkdir()
    link.symlink_to(folder, target_is_directory=True)
    talk = folder / "talk.mp4"
    talk.write_bytes(b"precious")
    places = {"folder": folder, "name": folder.name, "link": link, "talk": talk, "file": talk.name}
    runner = Recorder()
    assert run(runner, "optimize", talk, *(argument.format(**places) for argument in arguments)) == 2
    assert runner.jobs == []
    assert talk.read_bytes() == b"precious"
    assert "'talk.mp4'" in capsys.readouterr().err


def test_a_terminal_that_cannot_show_a_word_shows_the_rest(
    talk: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written = io.BytesIO()
    monkeypatch.setattr("sys.stdout", io.TextIOWrapper(written, encoding="latin-1"))
    assert run(Recorder(), "optimize", talk, "--out", tmp_path / "日本") == 0
    sys.stdout.flush()
    assert b"/??" in written.getvalue()


def test_a_failed_check_exits_5_and_says_where_the_file_is(
    talk: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    runner = Recorder(passed=False, failed_checks=("sync",), video="talk.failed.mp4")
    assert run(runner, "optimize", talk) == 5
    message = capsys.readouterr().err
    assert "sync" in message
    assert "talk.failed.mp4" in message
