"""Jump cuts made softer: where the picture jumps within a shot, it dissolves over a tenth of a second."""

from __future__ import annotations

from bisect import bisect_right
from fractions import Fraction
from itertools import pairwise
from typing import Final

from cutdown.signals import Signals
from cutdown.timeline import Segment, Timeline

_SECONDS: Final = Fraction(1, 10)  # three frames at 30 a second: seen as movement, not as two pictures
_FEWEST, _MOST = 2, 4  # frames; more is an effect
_SHORTEST: Final = 4  # times the dissolve; a shorter stretch would be nothing else
_ANOTHER_SHOT: Final = 0.5  # of the picture changes at once: another page or window, which one expects to cut
_FASTEST: Final = 2  # times as fast; what is sped up jumps from frame to frame by itself


def softened(timeline: Timeline, signals: Signals) -> Timeline:
    """The timeline with dissolves at its jump cuts.

    Nothing moves: the stretch after a cut is as it was, only the last frames before it are mixed with
    its first picture. Where the screen stood still over all that was left out, both sides look
    the same, and nothing is mixed.

    Args:
        timeline: of the output.
        signals: where the screen is still, and how much of it changes.
    """
    frames = max(_FEWEST, min(_MOST, round(_SECONDS * timeline.rate)))
    ends = [span.end for span in signals.screen]
    segments = []
    for segment, following in pairwise((*timeline.segments, None)):
        assert segment is not None
        if following is not None and _jumps(segment, following, frames, signals, ends, timeline.rate):
            segments.append(segment.model_copy(update={"dissolve": frames}))
        else:
            segments.append(segment)
    return timeline.model_copy(update={"segments": tuple(segments)})


def _jumps(
    segment: Segment, following: Segment, frames: int, signals: Signals, ends: list[Fraction], rate: Fraction
) -> bool:
    if min(segment.frames, following.frames) < _SHORTEST * frames:
        return False
    if segment.speed > _FASTEST or following.speed > _FASTEST:
        return False
    end = segment.source_frame + (segment.frames - segment.hold) * segment.speed
    left_out = sorted((Fraction(end), Fraction(following.source_frame)))
    if left_out[1] - left_out[0] < 1:
        return False
    start, stop = (tick / rate for tick in left_out)
    changed = 0.0
    for span in signals.screen[bisect_right(ends, start) :]:
        if span.start >= stop:
            break
        if not span.still:
            changed = max(changed, span.changed)
    return 0 < changed < _ANOTHER_SHOT
