"""A fixed piece of work: how fast this machine is at this moment.

Shared machines change their speed by a third from one minute to the next (other tenants, clocks, a
busy sibling of the same core), CPU seconds included. Two benchmarks are comparable only as far as
that is known: each run stands beside a yardstick taken just before it. Whoever changes the work makes
older baselines incomparable.
"""

from __future__ import annotations

import functools
import time
from fractions import Fraction
from typing import Final

import av
import numpy as np
from av.video.codeccontext import VideoCodecContext
from av.video.frame import VideoFrame

_SIZE: Final = (1280, 720)
_FRAMES: Final = 60  # half a CPU second to one: long against the clock, short against a run
_REPEATS: Final = 3  # the middle one counts


@functools.cache
def _pictures() -> tuple[VideoFrame, ...]:
    width, height = _SIZE
    noise = np.random.default_rng(1)
    ground = noise.integers(16, 235, (height * 3 // 2, width), dtype=np.uint8)
    ground = np.repeat(np.repeat(ground[::8, ::8], 8, axis=0), 8, axis=1)[: height * 3 // 2, :width]
    return tuple(
        VideoFrame.from_ndarray(np.roll(ground, (2 * number, 3 * number), (0, 1)), format="yuv420p")
        for number in range(8)
    )


def _once() -> float:
    """Encode, as assembly does, which takes most of a run; CPU seconds."""
    context = av.CodecContext.create("libx264", "w")
    assert isinstance(context, VideoCodecContext)
    context.width, context.height = _SIZE
    context.pix_fmt, context.time_base, context.thread_count = "yuv420p", Fraction(1, 30), 1
    context.options = {"preset": "superfast", "crf": "23"}
    pictures = _pictures()
    began = time.process_time()
    for number in range(_FRAMES):
        picture = pictures[number % len(pictures)]
        picture.pts = number
        context.encode(picture)
    context.encode(None)
    return time.process_time() - began


def yardstick_seconds() -> float:
    """CPU seconds of the fixed work, now."""
    return sorted(_once() for _ in range(_REPEATS))[_REPEATS // 2]
