"""Films drawn frame by frame, for what the screen does."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.video.frame import VideoFrame
from numpy.typing import NDArray

RATE = 10
Draw = Callable[[NDArray[np.uint8], float], None]


def film(path: Path, seconds: float, draw: Draw, width: int = 640, height: int = 360) -> Path:
    """A film at 10 frames a second, drawn frame by frame on a dark screen."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=RATE, options={"preset": "ultrafast", "g": "50"})
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        for number in range(round(seconds * RATE)):
            picture = np.full((height, width), 30, np.uint8)
            draw(picture, number / RATE)
            frame = VideoFrame.from_ndarray(picture, format="gray").reformat(format="yuv420p")
            frame.pts, frame.time_base = number, Fraction(1, RATE)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def letters(picture: NDArray[np.uint8], count: int) -> None:
    """The first letters of a text: blocks in lines of 50."""
    for number in range(count):
        row, column = divmod(number, 50)
        picture[20 + 22 * row : 34 + 22 * row, 10 + 12 * column : 18 + 12 * column] = 220
