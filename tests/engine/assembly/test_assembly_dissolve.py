"""Dissolves: the frames before a cut are mixed, all others are whole and on their place."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from cutting_kit import planned_numbers
from media_kit import describe, luma_of, make_recording, numbers_in

from cutdown.assembly.dissolve import mixed
from cutdown.assembly.engines import engine_named
from cutdown.assembly.picture_format import picture_format
from cutdown.settings import RenderOptions
from cutdown.store import Store
from cutdown.timeline import Segment, Timeline

RATE = Fraction(30)


def timeline(sha256: str, *, dissolve: int, hold: int = 0) -> Timeline:
    """Frames 10 to 40, a jump, and 70 to 100."""
    segments = (
        Segment(
            action="a", type="keep", first_frame=0, frames=30 + hold, source_frame=10, speed=1,
            hold=hold, dissolve=dissolve,
        ),
        Segment(action="b", type="keep", first_frame=30 + hold, frames=30, source_frame=70, speed=1),
    )  # fmt: skip
    return Timeline(recording_sha256=sha256, rate=RATE, segments=segments, sounds=())


def drawn(tmp_path: Path, *, dissolve: int, hold: int = 0) -> tuple[Path, Timeline]:
    source = make_recording(tmp_path / "source.mp4", seconds=4, sound=False)
    recording = describe(source)
    planned = timeline(recording.sha256, dissolve=dissolve, hold=hold)
    assert recording.picture is not None
    target = tmp_path / f"out-{dissolve}.mp4"
    engine_named("pyav").draw(
        source, recording, planned, picture_format(recording.picture, RenderOptions(crf=10), RATE), target,
        store=Store(tmp_path / "store"), scratch=tmp_path, progress=lambda _: None,
    )  # fmt: skip
    return target, planned


def lumas(path: Path) -> list[np.ndarray]:
    with av.open(str(path)) as container:
        return [luma_of(frame).astype(int).copy() for frame in container.decode(video=0)]


@pytest.mark.parametrize("hold", [0, 5])
def test_the_last_frames_give_way_and_nothing_else_changes(tmp_path: Path, hold: int) -> None:
    soft, planned = drawn(tmp_path, dissolve=3, hold=hold)
    cut = 30 + hold
    numbers = numbers_in(soft)
    expected = planned_numbers(planned, 120)
    assert len(numbers) == planned.frames
    assert numbers[: cut - 3] == expected[: cut - 3]
    assert numbers[cut:] == expected[cut:]  # the stretch after the cut begins on its frame
    hard, _ = drawn(tmp_path, dissolve=0, hold=hold)
    ours, plain = lumas(soft), lumas(hard)
    into = plain[cut]
    for number in range(3):
        share = (number + 1) / 4
        wanted = (1 - share) * plain[cut - 3 + number] + share * into
        assert np.abs(ours[cut - 3 + number] - wanted).mean() < 3


def test_mixing_is_exact_and_the_same_on_every_machine() -> None:
    one, other = (av.VideoFrame(64, 32, "yuv420p") for _ in range(2))
    for frame, value in ((one, 40), (other, 200)):
        for plane in frame.planes:
            plane.update(bytes([value]) * plane.buffer_size)
    half = mixed(one, other, 128)
    assert set(luma_of(half).ravel().tolist()) == {120}
    assert set(luma_of(mixed(one, other, 0)).ravel().tolist()) == {40}
    assert set(luma_of(mixed(one, other, 64)).ravel().tolist()) == {80}
