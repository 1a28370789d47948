"""Splits a timeline into pieces that are drawn, kept and joined one by one.

A piece is a segment of the timeline, or a part of a long one. Its name in the store tells
everything that decides how it looks, so that a changed plan draws only what changed, and an
interrupted run goes on with what it had finished.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fractions import Fraction
from itertools import pairwise
from typing import Final, NamedTuple

from cutdown.assembly.picture_format import PictureFormat
from cutdown.recording import Recording
from cutdown.store import hash_key
from cutdown.timeline import Segment, Timeline

PIECE_VERSION: Final = 4  # counted up when the same piece would be drawn otherwise
_LONGEST_SECONDS: Final = 20  # of output; what an interrupted run can lose
_OF_WHAT_IS_LEFT: Final = 1 / 3  # for each worker's next run, before it is divided by the workers
_SHORTEST: Final = (
    1 / 32
)  # of all work, also divided by the workers: a seek costs as much as some dozen frames


class Piece(NamedTuple):
    """``shown`` frames from a source tick on, ``speed`` ticks apart, then ``hold`` repeats.

    The last ``mixed`` of them give way to the picture at the source tick ``into``.
    """

    start: Fraction
    """In ticks of the output's rate."""
    speed: Fraction
    shown: int
    hold: int
    mixed: int = 0
    into: Fraction = Fraction(0)

    @property
    def frames(self) -> int:
        """Frames of the output."""
        return self.shown + self.hold

    @property
    def end(self) -> Fraction:
        """The source tick that would come next."""
        return self.start + self.shown * self.speed

    def moments(self, rate: Fraction) -> list[Fraction]:
        """Seconds of the source that its moving frames show."""
        return [(self.start + offset * self.speed) / rate for offset in range(self.shown)]

    def key(self, recording: Recording, picture: PictureFormat) -> str:
        """Its name in the store."""
        stream = recording.picture.stream_index if recording.picture else None
        return hash_key(
            "piece",
            PIECE_VERSION,
            recording.sha256,
            stream,
            picture.model_dump(mode="json"),
            [str(self.start), str(self.speed), self.shown, self.hold],
            *([self.mixed, str(self.into)] if self.mixed else ()),
        )


def split(timeline: Timeline) -> list[Piece]:
    """The pieces of a timeline in order; together they have its frames."""
    longest = max(1, round(_LONGEST_SECONDS * timeline.rate))
    pieces: list[Piece] = []
    for segment, following in pairwise((*timeline.segments, None)):
        assert segment is not None
        pieces += _split_segment(segment, longest)
        if segment.dissolve and following is not None:
            mixed = min(segment.dissolve, pieces[-1].frames - 1)
            pieces[-1] = pieces[-1]._replace(mixed=mixed, into=Fraction(following.source_frame))
    return pieces


def _split_segment(segment: Segment, longest: int) -> Iterable[Piece]:
    count = -(-segment.frames // longest)
    moving = segment.frames - segment.hold
    for number in range(count):
        first = segment.frames * number // count
        end = segment.frames * (number + 1) // count
        begin = min(first, moving - 1)
        shown = max(1, min(end, moving) - begin)
        yield Piece(
            start=segment.source_frame + begin * segment.speed,
            speed=segment.speed,
            shown=shown,
            hold=end - first - shown,
        )


def runs(costs: Sequence[float], workers: int) -> list[range]:
    """Share work out in runs of neighbours, to be taken in order: long ones first, short ones at the end.

    Each is a part of what is left (guided self-scheduling: Polychronopoulos and Kuck, 1987), so that workers read on without
    seeks for most of the way, and still end together.

    Args:
        costs: what each piece costs, in any unit.
        workers: who take runs, each its next one when it has done the last.
    """
    left = total = sum(costs)
    found: list[range] = []
    first, spent = 0, 0.0
    for at, cost in enumerate(costs):
        spent += cost
        if spent >= max(left * _OF_WHAT_IS_LEFT, total * _SHORTEST) / workers or at == len(costs) - 1:
            found.append(range(first, at + 1))
            first, left, spent = at + 1, left - spent, 0.0
    return found
