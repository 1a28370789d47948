"""A recording whose every frame carries its own number, and what an output shows of it.

Times that a container states can be right while the picture is wrong; a number drawn into the picture cannot. It
is a bar code of black and white fields, wide enough to survive any encoder, over a picture that changes in every frame.
Its sound never repeats either, so that it can be told anywhere whether sound and picture belong together.
"""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Final

import av
import numpy as np
from av.audio.frame import AudioFrame
from av.video.frame import VideoFrame
from numpy.typing import NDArray

from cutdown.timebase import Frozen
from cutdown.timeline import FRAME_TOLERANCE, Timeline

WIDTH: Final = 640
HEIGHT: Final = 360
RATE: Final = 30
_BITS: Final = 20  # ten hours at 30 frames a second
_FIELD: Final = WIDTH // _BITS
_BAR_TOP: Final = HEIGHT * 3 // 4
_DARK, _LIGHT = 30, 220
_SOUND_RATE: Final = 48_000
_SYLLABLE: Final = 4_000  # samples of noise at one level: a twelfth of a second


class Placed(Frozen):
    """Where the frames of an output came from, against where its timeline wants them from."""

    planned: int
    """Frames that the output should have."""
    written: int
    """Frames that it has."""
    exact: int
    """Frames that show the planned one."""
    segments: int
    exact_starts: int
    """Segments whose first frame is the planned one."""
    worst: int
    """The largest distance to the planned frame, in source frames."""

    @property
    def is_exact(self) -> bool:
        """Whether every frame is the planned one, and there are as many."""
        return self.exact == self.planned == self.written


def make(target: Path, seconds: int) -> None:
    """Write the recording: 640x360, 30 frames a second, noise of changing loudness."""
    chance = np.random.default_rng(0)
    with av.open(str(target), "w") as file:
        options = {"preset": "ultrafast", "crf": "20", "g": "250"}
        track = file.add_stream("libx264", rate=RATE, options=options)
        track.width, track.height, track.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        sound = file.add_stream("aac", rate=_SOUND_RATE, layout="mono")
        for second in range(seconds):
            for number in range(second * RATE, (second + 1) * RATE):
                file.mux(track.encode(_picture(number)))
            levels = np.repeat(chance.uniform(0.002, 0.2, _SOUND_RATE // _SYLLABLE), _SYLLABLE)
            noise = (chance.normal(0, 1, _SOUND_RATE) * levels).astype(np.float32)
            frame = AudioFrame.from_ndarray(noise[None, :], format="fltp", layout="mono")
            frame.sample_rate, frame.pts = _SOUND_RATE, second * _SOUND_RATE
            frame.time_base = Fraction(1, _SOUND_RATE)
            file.mux(sound.encode(frame))
        file.mux(track.encode(None))
        file.mux(sound.encode(None))


def _picture(number: int) -> VideoFrame:
    planes = np.full((HEIGHT * 3 // 2, WIDTH), 128, np.uint8)
    planes[:_BAR_TOP] = (np.arange(WIDTH, dtype=np.int64) + 7 * number) % 160 + 40
    for bit in range(_BITS):
        planes[_BAR_TOP:HEIGHT, bit * _FIELD : (bit + 1) * _FIELD] = _LIGHT if number >> bit & 1 else _DARK
    return VideoFrame.from_ndarray(planes, format="yuv420p")


def place(output: Path, timeline: Timeline) -> Placed:
    """Read the numbers of an output, in the recording's own size.

    Args:
        output: what was made of the numbered recording.
        timeline: what should be shown, at the recording's rate.
    """
    with av.open(str(output)) as container:
        shown = [_number(frame) for frame in container.decode(video=0)]
    wanted = [
        int((segment.source_moment(offset, timeline.rate) + FRAME_TOLERANCE) * timeline.rate)
        for segment in timeline.segments
        for offset in range(segment.frames)
    ]
    distances = [abs(one - other) for one, other in zip(shown, wanted, strict=False)]
    starts = [segment.first_frame for segment in timeline.segments]
    return Placed(
        planned=len(wanted),
        written=len(shown),
        exact=distances.count(0),
        segments=len(starts),
        exact_starts=sum(at < len(distances) and distances[at] == 0 for at in starts),
        worst=max(distances, default=0),
    )


def _number(frame: VideoFrame) -> int:
    plane = frame.planes[0]
    luma: NDArray[np.uint8] = np.frombuffer(memoryview(plane), np.uint8).reshape(
        plane.height, plane.line_size
    )
    row = luma[(_BAR_TOP + HEIGHT) // 2]
    centres = range(_FIELD // 2, _FIELD * _BITS, _FIELD)
    return sum(1 << bit for bit, x in enumerate(centres) if int(row[x - 2 : x + 3].mean()) > 128)
