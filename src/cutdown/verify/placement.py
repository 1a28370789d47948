"""Where picture and sound of the output really are: measured at sampled segments, against the source."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from fractions import Fraction
from itertools import chain, count
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np

from cutdown.narration import Narration
from cutdown.progress import Progress, unheard
from cutdown.recording import AudioTrack, Recording
from cutdown.services.loop import side_by_side
from cutdown.store import Store
from cutdown.timeline import Segment, Timeline
from cutdown.verify.lags import FARTHEST_FRAMES, PictureLag, SoundLag, cut_lag, picture_lag
from cutdown.verify.listen import Heard
from cutdown.verify.look import Grey, Looker, grid_of, inner_share, source_looker
from cutdown.verify.packets import PictureTrack
from cutdown.verify.sound_places import SoundPlace, SoundPlaces

MOST_SEGMENTS: Final = 24

_WINDOW: Final = 20  # output frames that are compared at once
_BEFORE: Final = 4  # output frames ahead of a cut
_LOOKERS: Final = 2  # at a time, each with its own decoders: one alone would be the last to finish


class PicturePlace(NamedTuple):
    """Where the picture of one segment is."""

    lag: PictureLag | None
    cut: int | None
    """Frames that the segment's first picture comes late."""


class Placement(NamedTuple):
    """What was measured at one segment; None for what could not be measured there."""

    segment: Segment
    picture: PictureLag | None
    cut: int | None
    """Frames that the segment's first picture comes late."""
    sound: SoundLag | None
    sound_kind: str | None
    offset: float | None
    """Sound lag less picture lag, in seconds; above 0 where the sound comes late."""


def sampled(segments: Sequence[Segment], most: int = MOST_SEGMENTS) -> list[int]:
    """Numbers of the segments that are measured: the first, the last, and others spread evenly.

    Three of four are at the recording's own speed, where sound can be matched to it.
    """
    if len(segments) <= most:
        return list(range(len(segments)))
    plain = [number for number, segment in enumerate(segments) if segment.speed == 1]
    other = [number for number, segment in enumerate(segments) if segment.speed != 1]
    room = most - 2
    few = max(room - len(plain), min(len(other), room // 4))
    chosen = {0, len(segments) - 1, *_spread(other, few), *_spread(plain, room - few)}
    return sorted(chosen)


def _spread(numbers: Sequence[int], count: int) -> list[int]:
    if count >= len(numbers):
        return list(numbers)
    return [numbers[(2 * index + 1) * len(numbers) // (2 * count)] for index in range(count)]


class Placements:
    """Measures segments of one output; its pictures and its sounds can be measured at the same time.

    Args:
        output: the video.
        source: the recording.
        recording: what it is.
        timeline: what was planned.
        narration: its lines.
        store: holds their sound.
        track: sound track of the source that was used; None where it has none.
    """

    def __init__(
        self,
        output: Path,
        source: Path,
        recording: Recording,
        timeline: Timeline,
        narration: Narration,
        store: Store,
        track: AudioTrack | None,
    ) -> None:
        self._output, self._source = output, source
        self._recording, self._timeline = recording, timeline
        self._sounds = SoundPlaces(source, timeline, narration, store, track)
        self._numbers = sampled(timeline.segments)
        self._segments = [timeline.segments[number] for number in self._numbers]

    def pictures(self, packets: PictureTrack | None, progress: Progress = unheard) -> Sequence[PicturePlace]:
        """Where the pictures of the sampled segments are.

        Args:
            packets: the output's picture; None where it has none.
            progress: told the share done.

        Raises:
            MediaError: a file cannot be decoded.
        """
        picture = self._recording.picture
        if picture is None or packets is None:
            return [PicturePlace(None, None)] * len(self._numbers)
        done = count(1)

        def look_at(numbers: Sequence[int]) -> list[PicturePlace]:
            inside = inner_share(picture, packets.width, packets.height)
            found = []
            with (
                source_looker(self._source, picture) as source,
                Looker(self._output, stream_index=0, grid=grid_of(picture), inside=inside) as output,
            ):
                for number in numbers:
                    found.append(self._picture(number, source, output, packets))
                    progress(next(done) / len(self._numbers))
            return found

        share = -(-len(self._numbers) // _LOOKERS)
        shares = [self._numbers[at : at + share] for at in range(0, len(self._numbers), share)]
        return list(chain.from_iterable(side_by_side(look_at, shares, width=_LOOKERS)))

    def sounds(self, heard: Heard | None) -> Sequence[SoundPlace]:
        """Where the sounds of the sampled segments are.

        Args:
            heard: the output's sound; None where it has none.

        Raises:
            MediaError: the source cannot be decoded.
        """
        if heard is None:
            return [SoundPlace(None, None)] * len(self._numbers)
        return self._sounds.measure(self._segments, heard)

    def joined(self, pictures: Sequence[PicturePlace], sounds: Sequence[SoundPlace]) -> tuple[Placement, ...]:
        """What `pictures` and `sounds` found, segment by segment."""
        return tuple(
            _placement(segment, picture, sound, self._timeline.rate)
            for segment, picture, sound in zip(self._segments, pictures, sounds, strict=True)
        )

    def _picture(self, number: int, source: Looker, output: Looker, packets: PictureTrack) -> PicturePlace:
        """Look at the segment's start, and where its picture changes most if the start stands still."""
        segment = self._timeline.segments[number]
        moving = min(segment.frames - segment.hold, segment.frames - segment.dissolve)
        count = min(_WINDOW, moving)
        # A cut that is dissolved into has no frame at which the picture changes; only what follows is looked at.
        earlier = self._timeline.segments[number - 1]
        seamless = number == 0 or earlier.dissolve > 0 or _goes_on(earlier, segment)
        lag, cut = self._look(segment, 0, count, 0 if seamless else _BEFORE, source, output)
        if lag is None and moving > count:
            sizes = packets.sizes[segment.first_frame : segment.first_frame + moving][count:]
            if len(sizes):
                peak = count + int(sizes.argmax())
                first = min(max(count, peak - count // 2), moving - 1)
                lag, _ = self._look(segment, first, min(count, moving - first), 0, source, output)
        return PicturePlace(lag, cut)

    def _look(
        self, segment: Segment, first: int, count: int, before: int, source: Looker, output: Looker
    ) -> PicturePlace:
        """Compare output frames ``first`` to ``first + count`` of a segment with the source."""
        rate = self._timeline.rate
        farthest = max(1, int(FARTHEST_FRAMES / max(Fraction(1), segment.speed)))
        lags = range(-farthest, farthest + 1)

        def moment(offset: int) -> Fraction:
            return max(Fraction(0), (segment.source_frame + offset * segment.speed) / rate)

        # Of the source only what is planned at one of the lags: a segment sped up passes by far more.
        theirs = source.at_each([moment(first + j) for j in range(-farthest, count + farthest)])
        begin = (segment.first_frame + first - before) / rate
        ours = output.between(begin, (segment.first_frame + first + count - 1) / rate)
        if not theirs or len(ours) != before + count:
            return PicturePlace(None, None)  # frames that are missing are the structure's fault, told there
        rows = np.array([[j - lag + farthest for lag in lags] for j in range(count)], np.int64)
        frames, pictures = np.stack([copy for _, copy in ours]), np.stack(theirs)
        cut = self._cut(segment, frames, before, pictures[rows[:, farthest]], source) if before else None
        return PicturePlace(picture_lag(frames[before:], pictures, rows, lags), cut)

    def _cut(self, segment: Segment, frames: Grey, before: int, planned: Grey, source: Looker) -> int | None:
        """How late the segment's first picture comes, against how late the plan itself shows it.

        What comes before a cut may look like what follows it: then the plan, too, seems to cut early.
        """
        lag = cut_lag(frames[:before], frames[before:], planned)
        if lag is None or lag >= 0:
            return lag
        earlier = [
            source.at(planned_moment(self._timeline, segment.first_frame - before + number))
            for number in range(before)
        ]
        looks = [look for look in earlier if look is not None]
        expected = cut_lag(np.stack(looks), planned, planned) if len(looks) == before else None
        return None if expected is None else lag - expected


def planned_moment(timeline: Timeline, frame: int) -> Fraction:
    """Seconds of the source that an output frame should show."""
    number = bisect_right(timeline.segments, frame, key=lambda segment: segment.first_frame) - 1
    segment = timeline.segments[max(0, number)]
    return segment.source_moment(frame - segment.first_frame, timeline.rate)


def _goes_on(before: Segment, segment: Segment) -> bool:
    """Whether the source runs on unbroken from one segment to the next."""
    reached = before.source_frame + (before.frames - before.hold) * before.speed
    return before.hold == 0 and abs(reached - segment.source_frame) < 1


def _placement(segment: Segment, picture: PicturePlace, sound: SoundPlace, rate: Fraction) -> Placement:
    """Join both: among pictures that fit equally well, the one that agrees with the sound counts."""
    offset: float | None = None
    seen, heard = picture.lag, sound.lag
    lags = seen.fits if seen and seen.found else (float(picture.cut),) if picture.cut is not None else ()
    if heard and heard.found and lags:
        offset = min((heard.seconds - lag / float(rate) for lag in lags), key=abs)
    return Placement(segment, seen, picture.cut, heard, sound.kind, offset)
