"""What a run leaves is of one run: all files, or those of before."""

from __future__ import annotations

from pathlib import Path

import pytest

from cutdown.job import Job
from cutdown.publish import _drop_what_is_replaced, write_together


def test_where_one_file_cannot_be_written_those_of_before_stay(tmp_path: Path) -> None:
    folder, video = tmp_path / "short", tmp_path / "made.mp4"
    video.write_bytes(b"first")
    write_together(folder, {"plan.json": "first", "report.html": "first"}, {"talk.mp4": video})
    with pytest.raises(OSError, match=r"."):
        write_together(folder, {"plan.json": "second"}, {"talk.mp4": tmp_path / "gone.mp4"})
    assert {path.name for path in folder.iterdir()} == {"plan.json", "report.html", "talk.mp4"}
    assert (folder / "plan.json").read_text() == "first"
    assert (folder / "talk.mp4").read_bytes() == b"first"


def test_the_video_appears_last(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    video = tmp_path / "made.mp4"
    video.write_bytes(b"-")
    named: list[str] = []
    replace = Path.replace

    def noted(path: Path, target: Path) -> Path:
        named.append(target.name)
        return replace(path, target)

    monkeypatch.setattr(Path, "replace", noted)
    write_together(tmp_path / "short", {"plan.json": "{}", "captions.srt": ""}, {"talk.mp4": video})
    assert named[-1] == "talk.mp4"
    assert set(named) == {"talk.mp4", "plan.json", "captions.srt"}


def test_chapters_of_another_plan_go(tmp_path: Path) -> None:
    job = Job(source=tmp_path / "talk.mov", out=tmp_path / "short")
    for name in ("chapters.txt", "talk.failed.mp4", "talk.mp4"):
        write_together(job.folder, {name: "before"}, {})
    _drop_what_is_replaced(job, "talk.mp4", {"plan.json": ""})
    assert [path.name for path in job.folder.iterdir()] == ["talk.mp4"]
    write_together(job.folder, {"chapters.txt": "now"}, {})
    _drop_what_is_replaced(job, "talk.mp4", {"chapters.txt": "now"})
    assert (job.folder / "chapters.txt").exists()
