"""What the packets of a picture tell without decoding: their number, size and place.

A packet in which nothing changes is small, but how small differs from file to file, so sizes
are compared with those of stretches that were looked at.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import av
import numpy as np

from cutdown.media.changes import LEAST_CHANGE, Change
from cutdown.recording import Picture

LOOKS_PER_SECOND: Final = 5

# Decoded for each second of recording. Screen pictures cost 0.37 to 0.73 ns a pixel (1080p30 and 720p20,
# x264), so this is 0.004 to 0.007 CPU seconds, where transcribing that second costs 0.1 to 0.15.
PIXELS_A_SECOND: Final = 10_000_000
CALM_FRAMES: Final = 12.0  # a second; above that, frames that no other needs are not decoded
_LEAST_STRETCH: Final = 0.6  # seconds; a shorter silence is never dead time
_LEAST_EXAMPLES: Final = 20  # still looks needed before packet sizes are believed
_BELIEF: Final = 0.97  # share of looks with packets so small that were still

Stretch = tuple[float, float]


@dataclass(frozen=True)
class Packet:
    """One frame's bytes: its moment in seconds, and whether it stands alone or no other needs it."""

    moment: float
    size: int
    key: bool
    skippable: bool


def read_packets(path: Path, picture: Picture) -> list[Packet]:
    """Every packet of the picture in order of its moment; reading them costs next to nothing."""
    with av.open(str(path)) as container:
        stream = container.streams[picture.stream_index]
        origin = (container.start_time or 0) / 1_000_000
        packets = [
            Packet(
                float(packet.pts * packet.time_base) - origin,
                packet.size,
                packet.is_keyframe,
                packet.is_disposable,
            )
            for packet in container.demux(stream)
            if packet.pts is not None and packet.time_base is not None and packet.size
        ]
    return sorted(packets, key=lambda packet: packet.moment)


def affordable(
    packets: Sequence[Packet], silences: Sequence[Stretch], pixels: int, duration: float
) -> list[Stretch]:
    """The silent stretches to decode, longest first until the pixels are spent, in order."""
    skips = len(packets) > CALM_FRAMES * duration
    moments = np.array([p.moment for p in packets if not (skips and p.skippable)])
    keys = np.array([packet.moment for packet in packets if packet.key])
    budget = PIXELS_A_SECOND * duration
    chosen = []
    for start, end in sorted(silences, key=lambda s: (s[0] - s[1], s[0])):
        if end - start < _LEAST_STRETCH:
            break
        before = keys[keys <= start]
        first, last = np.searchsorted(moments, [before[-1] if before.size else 0.0, end])
        cost = float(pixels * (last - first))
        if cost <= budget:
            budget -= cost
            chosen.append((start, end))
    return sorted(chosen)


def judge_by_packets(packets: Sequence[Packet], seen: Sequence[Change], duration: float) -> list[Change]:
    """Judge what was not looked at by the size of its packets.

    The largest packet size is found under which nearly every look that was taken was still; where
    no such size exists, everything unseen counts as active, so that nothing that may move is cut.

    Args:
        packets: all packets of the picture, in order; keyframes say nothing about change.
        seen: changes from looks.
        duration: of the recording, in seconds.
    """
    moments = np.array([packet.moment for packet in packets if not packet.key])
    sizes = np.array([packet.size for packet in packets if not packet.key], dtype=np.int64)

    def largest(start: float, end: float) -> int:
        first, last = np.searchsorted(moments, [start + 1e-4, end + 1e-4])
        return int(sizes[first:last].max()) if last > first else 0

    examples = sorted((largest(c.start, c.end), c.share) for c in seen)
    limit = _still_size(examples)
    step = 1 / LOOKS_PER_SECOND
    covered = _covered(seen)
    changes = []
    for index in range(int(duration / step)):
        start, end = index * step, (index + 1) * step
        if any(first <= start and end <= last for first, last in covered(start)):
            continue
        size = largest(start, end)
        if size > limit:
            share = max((s for other, s in examples if other <= size), default=0.0)
            changes.append(Change(start, end, max(share, LEAST_CHANGE)))
    return changes


def _still_size(examples: Sequence[tuple[int, float]]) -> int:
    """The largest packet size that means stillness; 0 (no packet at all) where none does."""
    still, limit = 0, 0
    for count, (size, share) in enumerate(examples, start=1):
        still += share < LEAST_CHANGE
        if count < len(examples) and examples[count][0] == size:
            continue  # packets of one size are judged together
        if still >= _LEAST_EXAMPLES and still / count >= _BELIEF:
            limit = size
    return limit


def _covered(seen: Sequence[Change]) -> Callable[[float], list[Stretch]]:
    """A look-up: the stretch of looks around a moment, if any."""
    joined: list[list[float]] = []
    for change in seen:
        if joined and change.start <= joined[-1][1] + 1e-6:
            joined[-1][1] = change.end
        else:
            joined.append([change.start, change.end])
    starts = [start for start, _ in joined]

    def around(moment: float) -> list[Stretch]:
        index = int(np.searchsorted(starts, moment + 1e-9)) - 1
        return [(joined[index][0], joined[index][1])] if index >= 0 else []

    return around
