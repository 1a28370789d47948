"""The measure of the fitting, on real speech really fitted; the other ways beside it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from director_kit import Script

from benchmarks.evaluate import main
from benchmarks.fit_cases import _with_rewrites, find_videos
from cutdown.errors import UsageError


def test_made_rewrites_are_fitted_within_the_bounds(
    shared_data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "talk.mp4").symlink_to(shared_data / "video" / "talking_720p30.mp4")
    monkeypatch.setenv("CUTDOWN_HOME", str(tmp_path / "home"))
    out = tmp_path / "figures.json"
    with pytest.raises(SystemExit) as stopped:
        main(["fit", str(tmp_path), "--rewrites", "16", "--model", "tiny.en", "--json", str(out)])
    assert not stopped.value.code
    report = json.loads(out.read_text())
    ours, by_line, stretched = report["figures"]
    assert ours["lines"] == 16
    assert ours["solved_promised"] >= 0.95
    assert (ours["words_lost"], ours["overlaps"], ours["holds_moving"]) == (0, 0, 0)
    assert ours["voice_most"] <= 1.1
    assert ours["discomfort"] <= by_line["discomfort"]
    assert stretched["voice_most"] > 1.1  # the measure tells what is out of bounds
    assert stretched["flagged"] > ours["flagged"]
    ratios = [line["ratio"] for line in report["lines"]]
    assert min(ratios) < 0.8
    assert max(ratios) > 1.6


def test_lines_over_a_recording_in_another_language_are_spoken_in_the_voice_s_own() -> None:
    german = Script().say("Heute sehen wir uns die Einstellungen an.", 500).plan("de")
    slot = (german.actions[0].start, german.actions[0].end)
    assert _with_rewrites(german, {slot: "The menu opens."}).language == "en"


@pytest.mark.parametrize(("made", "fault"), [(False, "there is no folder"), (True, "no recording in")])
def test_a_folder_that_cannot_be_used_is_told(tmp_path: Path, made: bool, fault: str) -> None:
    folder = tmp_path / "recordings"
    if made:
        folder.mkdir()
        (folder / "notes.txt").write_text("none")
    with pytest.raises(UsageError, match=fault):
        find_videos(folder)
