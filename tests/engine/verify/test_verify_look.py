"""Pictures are looked at where they are, whatever the container's own seek does."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from media_kit import describe, make_recording

from cutdown.media import ffmpeg
from cutdown.media.stillness import _looks
from cutdown.verify.listen import SourceSound
from cutdown.verify.look import Looker, source_looker

RATE = 30


def opened(source: Path) -> Looker:
    picture = describe(source).picture
    assert picture is not None
    return source_looker(source, picture)


@pytest.fixture(scope="module")
def stream(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Without an index, and with a keyframe every 25 frames."""
    return make_recording(
        tmp_path_factory.mktemp("look") / "talk.ts", seconds=3, size=(160, 90), sound=False, options={"g": "25"}
    )  # fmt: skip


def test_a_stream_without_an_index_is_looked_at_where_it_was_asked_for(stream: Path) -> None:
    with opened(stream) as looker:
        moments = [moment for moment, _ in looker.between(Fraction(2), Fraction(21, 10))]
        assert moments == pytest.approx([2, 2 + 1 / RATE, 2 + 2 / RATE, 2 + 3 / RATE], abs=0.001)
        assert looker.at(Fraction(29, 10)) is not None  # behind the last keyframe


def test_stillness_too_begins_to_look_where_it_was_asked_for(stream: Path) -> None:
    picture = describe(stream).picture
    assert picture is not None
    moments = [moment for moment, _ in _looks(stream, picture, (2.0, 2.9))]
    assert moments[0] == pytest.approx(1.8, abs=0.01)
    assert max(after - before for before, after in pairwise(moments)) < 0.25


def test_of_what_lies_between_the_moments_nothing_is_copied(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = make_recording(tmp_path / "talk.mp4", seconds=3, size=(160, 90), sound=False)
    moments = [Fraction(-1, 10), Fraction(0), Fraction(1, 2), Fraction(1, 2), Fraction(2), Fraction(9)]
    with opened(source) as looker:
        wanted = [looker.at(max(Fraction(0), moment)) for moment in moments[:-1]] + [
            looker.at(Fraction(89, 30))
        ]
        copies = []
        real = Looker._copy
        monkeypatch.setattr(Looker, "_copy", lambda self, frame: copies.append(1) or real(self, frame))
        looks = looker.at_each(moments)
    assert [(look == other).all() for look, other in zip(looks, wanted, strict=True)] == [True] * 6
    assert len(copies) <= len(moments)


def test_sound_is_heard_although_a_seek_ends_inside_a_packet(tmp_path: Path) -> None:
    source = tmp_path / "talk.mpg"
    ffmpeg.run(
        ["-f", "lavfi", "-i", "testsrc=size=160x90:rate=25:duration=5", "-f", "lavfi", "-i", "sine=duration=5",
         "-c:v", "mpeg2video", "-b:v", "1M", "-c:a", "mp2", str(source)]
    )  # fmt: skip
    with SourceSound(source, describe(source).audio[0].stream_index) as sound:
        for start in (0.5, 1.3, 2.1, 2.9, 3.7, 4.3):
            assert np.abs(sound.between(start, start + 0.3)).max() > 0.05


def test_of_av1_other_pictures_than_keyframes_are_seen_after_keyframes(tmp_path: Path) -> None:
    made = make_recording(tmp_path / "talk.mp4", seconds=2, sound=False)
    source = tmp_path / "talk.mkv"
    ffmpeg.run(["-i", str(made), "-c:v", "libsvtav1", "-preset", "10", "-g", "60", str(source)])
    with opened(source) as looker:
        assert len(list(looker.keyframes([0.0]))) == 1
        early, late = looker.at(Fraction(2, 5)), looker.at(Fraction(8, 5))
    assert early is not None
    assert late is not None
    assert np.abs(early - late).max() > 50
