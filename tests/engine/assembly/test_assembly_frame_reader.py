"""Frames are the ones that were asked for, in whatever order, and whatever was done with those before."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

from media_kit import describe, luma_of, make_recording, read_bar_code

from cutdown.assembly.frame_reader import FrameReader
from cutdown.assembly.frame_times import read_frame_times


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
