"""What a job finds wrong with its folder before any work."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from cutdown.errors import UsageError
from cutdown.job import Job
from cutdown.pipeline import prepare
from cutdown.store import Store


@pytest.fixture
def talk(tmp_path: Path) -> Path:
    path = tmp_path / "talk.mp4"
    path.write_bytes(b"-")
    return path


def test_a_folder_below_a_file_is_told_before_the_recording_is_looked_at(talk: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"talk\.mp4' is a file; --out needs a folder"):
        prepare(Job(source=talk, out=talk / "short"), Store(tmp_path / "store"))


@pytest.mark.skipif(sys.platform == "darwin", reason="its file systems take UTF-8 alone")
def test_a_name_that_cannot_be_written_down_is_told(tmp_path: Path) -> None:
    talk = tmp_path / os.fsdecode(b"caf\xe9.mp4")
    talk.write_bytes(b"-")
    with pytest.raises(UsageError, match=r"caf\\xe9\.mp4' is not UTF-8 text; rename it"):
        Job(source=talk).check()


def test_a_folder_that_may_not_be_written_is_told_before_any_work(
    talk: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Path] = []

    def refused(place: Path, _mode: int) -> bool:
        asked.append(place)
        return False

    monkeypatch.setattr(os, "access", refused)
    with pytest.raises(UsageError, match=r"you may not write to .*; choose another --out"):
        prepare(Job(source=talk, out=tmp_path / "new" / "short"), Store(tmp_path / "store"))
    assert asked == [tmp_path]  # the nearest folder that is there


def test_an_example_that_nobody_would_follow_is_told(talk: Path, tmp_path: Path) -> None:
    example = tmp_path / "plan.json"
    example.write_text("{}")
    with pytest.raises(UsageError, match="--like is for a language model"):
        prepare(Job(source=talk, out=tmp_path / "short", like=example), Store(tmp_path / "store"))
