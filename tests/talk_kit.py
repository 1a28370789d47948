"""A short talk over a moving picture, spoken by the local voice."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from media_kit import bar_code

from cutdown.voice.hibari import HibariVoice

LINES = (
    "First we open the settings and look for the list of users.",
    "Um, here you can see that every user has a role of their own.",
    "At the end we save the page and close the window again.",
)
_RATE = 24_000


def make_talk(
    path: Path, lines: tuple[str, ...] = LINES, *, size: tuple[int, int] = (640, 360), fps: int = 30
) -> Path:
    """Write the talk; every frame differs from the one before."""
    voice = HibariVoice()
    gap = np.zeros(_RATE // 2, np.float32)
    sound = np.concatenate([part for line in lines for part in (gap, 2 * voice.say(line).samples)] + [gap])
    noise = np.random.default_rng(0).integers(-12, 12, (size[1], size[0]))
    with av.open(str(path), "w") as out:
        picture = out.add_stream("libx264", rate=fps, options={"preset": "ultrafast", "crf": "20"})
        picture.width, picture.height, picture.pix_fmt = *size, "yuv420p"
        speech = out.add_stream("aac", rate=_RATE, layout="mono")
        block = av.AudioFrame.from_ndarray(np.clip(sound, -1, 1)[None, :], format="fltp", layout="mono")
        block.sample_rate, block.time_base = _RATE, Fraction(1, _RATE)
        for number in range(len(sound) * fps // _RATE):
            luma = bar_code(number, *size) + np.roll(noise, 7 * number, axis=1)
            frame = av.VideoFrame.from_ndarray(np.clip(luma, 0, 255).astype(np.uint8), format="gray")
            frame.pts, frame.time_base = number, Fraction(1, fps)
            out.mux(picture.encode(frame.reformat(format="yuv420p")))
        out.mux(picture.encode(None))
        out.mux(speech.encode(block))
        out.mux(speech.encode(None))
    return path
