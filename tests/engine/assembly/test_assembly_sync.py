"""The output file itself is measured: is every frame the planned one, is every click at its flash?"""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest
from cutting_kit import (
    look_and_listen,
    plain_signals,
    planned_numbers,
    quiet_narration,
    some_cuts,
    timeline_of,
    worst_offset,
)
from media_kit import NTSC, describe, make_recording

from cutdown.assembly.render import render
from cutdown.settings import RenderOptions
from cutdown.store import Store
from cutdown.timebase import sample_of_frame


def measured(folder: Path, seconds: int, actions: int, *, late: int = 0) -> dict[str, object]:
    source = make_recording(folder / "talk.mp4", seconds=seconds, rate=NTSC, options={"preset": "veryfast"})
    recording = describe(source)
    assert recording.picture is not None
    frames = recording.picture.frames
    cuts = some_cuts(frames, actions, seed=7)
    planned = timeline_of(recording, NTSC, cuts)
    store = Store(folder / "store")
    rendered = render(
        source, recording, timeline_of(recording, NTSC, cuts, late=late),
        quiet_narration(store, folder, 60), plain_signals(recording), RenderOptions(), store,
        track=None, scratch=folder,
    )  # fmt: skip
    seen = look_and_listen(rendered.path)
    worst, pairs = worst_offset(seen, planned)
    wanted = planned_numbers(planned, frames)
    starts = [segment.first_frame for segment in planned.segments]
    return {
        "worst": worst,
        "pairs": pairs,
        "frames": len(seen.numbers) - planned.frames,
        "wrong starts": sum(seen.numbers[at] != wanted[at] for at in starts),
        "wrong": sum(a != b for a, b in zip(seen.numbers, wanted, strict=True)),
        "samples": seen.samples - sample_of_frame(planned.frames, NTSC),
        "kinds": {cut.type for cut in cuts},
    }


def assert_in_step(found: dict[str, object], *, pairs: int) -> None:
    assert found["kinds"] == {"keep", "cut", "speedup", "rewrite"}
    assert found["pairs"] >= pairs
    assert found["frames"] == 0
    assert found["wrong starts"] == 0
    assert found["wrong"] == 0
    assert 0 <= found["samples"] < 2048  # the last AAC packet is filled up
    assert found["worst"] <= float(1 / NTSC)


def test_cuts_stay_in_step(tmp_path: Path) -> None:
    assert_in_step(measured(tmp_path, 40, 12), pairs=8)


@pytest.mark.slow
def test_a_shift_of_two_frames_is_seen(tmp_path: Path) -> None:
    found = measured(tmp_path, 20, 8, late=2)
    assert found["worst"] > float(Fraction(3, 2) / NTSC)
    assert found["wrong starts"] > 0
    with pytest.raises(AssertionError):
        assert_in_step(found, pairs=1)


@pytest.mark.slow
def test_twenty_minutes_and_110_actions_stay_in_step(tmp_path: Path) -> None:
    found = measured(tmp_path, 1200, 110)
    print(found)
    assert_in_step(found, pairs=200)
