"""Frames are the ones that were asked for, in whatever order, and whatever was done with those before."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import av
import pytest
from media_kit import describe, luma_of, make_recording, read_bar_code

from cutdown.assembly.frame_reader import FrameReader
from cutdown.assembly.frame_times import read_frame_times
from cutdown.media import ffmpeg


def numbers_at(source: Path, wanted: list[int]) -> list[int]:
    """The numbers on the frames at some places of a recording."""
    picture = describe(source).picture
    assert picture is not None
    with closing(FrameReader(source, picture, read_frame_times(source, picture))) as reader:
        reader.expect(wanted)
        return [read_bar_code(luma_of(frame)) for frame in reader.frames(wanted)]


def test_the_reader_goes_back_although_an_encoder_renumbered_what_it_gave(tmp_path: Path) -> None:
    source = make_recording(tmp_path / "talk.mp4", seconds=4, options={"preset": "ultrafast", "g": "30"})
    picture = describe(source).picture
    assert picture is not None
    with closing(FrameReader(source, picture, read_frame_times(source, picture))) as reader:
        for wanted in ([100, 101], [40, 45], [102], [7, 8]):
            reader.expect(wanted)
            seen = []
            for frame in reader.frames(wanted):
                seen.append(read_bar_code(luma_of(frame)))
                frame.pts = 3  # as an encoder does, which counts its own
            assert seen == wanted


@pytest.mark.parametrize("b_frames", ["0", "2"])
def test_a_trimmed_recording_that_begins_inside_a_group_of_pictures(tmp_path: Path, b_frames: str) -> None:
    whole = make_recording(
        tmp_path / "whole.mp4", seconds=2, size=(160, 90), options={"g": "30", "bf": b_frames}
    )
    source = tmp_path / "trimmed.mp4"
    ffmpeg.run(["-ss", "0.5", "-i", str(whole), "-c", "copy", str(source)])
    assert numbers_at(source, [*range(12), 14, 20]) == [*range(15, 27), 29, 35]
    assert numbers_at(source, [7, 40]) == [22, 55]


def test_frames_before_the_first_keyframe_that_lost_what_they_were_made_from(tmp_path: Path) -> None:
    whole = make_recording(
        tmp_path / "whole.mkv", seconds=3, size=(160, 90), sound=False,
        options={"preset": "veryfast", "x264-params": "open-gop=1:keyint=30:min-keyint=30:scenecut=0:bframes=3:b-adapt=0"},
    )  # fmt: skip
    source = tmp_path / "late.mkv"
    with av.open(str(whole)) as given, av.open(str(source), "w") as out:
        stream = given.streams.video[0]
        track = out.add_stream_from_template(stream, opaque=True)
        keys = 0
        for packet in given.demux(stream):
            keys += packet.is_keyframe
            if packet.size and keys > 1:
                packet.stream = track
                out.mux(packet)
    assert numbers_at(source, [0, 1, 2, 3, 40]) == [30, 30, 31, 32, 69]


def test_a_seek_in_a_stream_without_an_index_does_not_read_it_from_its_beginning(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = make_recording(
        tmp_path / "talk.ts", seconds=3, size=(160, 90), options={"preset": "veryfast", "g": "25", "bf": "3"}
    )
    monkeypatch.setattr(FrameReader, "_seek_by_reading", lambda *_: pytest.fail("read from the beginning"))
    assert numbers_at(source, [80, 20, 60, 30]) == [80, 20, 60, 30]


def test_frames_of_av1_that_no_other_needs_are_there_when_they_are_wanted(tmp_path: Path) -> None:
    made = make_recording(tmp_path / "talk.mp4", seconds=2, sound=False)
    source = tmp_path / "talk.mkv"
    ffmpeg.run(["-i", str(made), "-c:v", "libsvtav1", "-preset", "10", "-crf", "20", str(source)])
    wanted = [*range(1, 60, 7), 3, 5]  # not the first one, so that it is passed over
    assert numbers_at(source, wanted) == wanted
