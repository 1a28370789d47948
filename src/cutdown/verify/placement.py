"""Where picture and sound of the output really are: measured at sampled segments, against the source."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np

from cutdown.narration import Narration
from cutdown.progress import Progress, unheard
from cutdown.recording import AudioTrack, Recording
from cutdown.store import Store
from cutdown.timebase import SAMPLE_RATE
from cutdown.timeline import FRAME_TOLERANCE, Segment, Sound, Timeline
from cutdown.verify.lags import (
    FARTHEST_FRAMES,
    FARTHEST_SECONDS,
    PictureLag,
    SoundLag,
    cut_lag,
    dropped_seconds,
    loudest_window,
    picture_lag,
    sound_lag,
)
from cutdown.verify.listen import LISTEN_RATE, Heard, SourceSound, Wave, read_narration
from cutdown.verify.look import Grey, Looker, grid_of, inner_share, source_looker
from cutdown.verify.packets import PictureTrack

MOST_SEGMENTS: Final = 24

_WINDOW: Final = 20  # output frames that are compared at once
_BEFORE: Final = 4  # output frames ahead of a cut
_LISTEN_SECONDS: Final = 2.0
_SEARCH_SECONDS: Final = 20.0  # of a segment's sound, for its loudest part
_ALIGNED: Final = 0.005  # seconds; blocks of 25 ms can be compared as they are
_FADE: Final = 0.03  # seconds beside a cut where two sounds may overlap
_MARGIN: Final = round(FARTHEST_SECONDS * LISTEN_RATE)


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
    """Measures segments of one output.

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
        self._narration, self._store = narration, store
        self._track = track

    def measure(
        self, packets: PictureTrack | None, heard: Heard | None, progress: Progress = unheard
    ) -> tuple[Placement, ...]:
        """Measure the sampled segments.

        Args:
            packets: the output's picture; None where it has none.
            heard: its sound; None where it has none.
            progress: told the share done.

        Raises:
            MediaError: a file cannot be decoded.
        """
        numbers = sampled(self._timeline.segments)
        pictures = self._pictures(numbers, packets, progress) if packets else {}
        sounds = self._sounds(numbers, heard) if heard else {}
        return tuple(
            _placement(
                self._timeline.segments[number],
                *pictures.get(number, (None, None)),
                *sounds.get(number, (None, None)),
                self._timeline.rate,
            )
            for number in numbers
        )

    def _pictures(
        self, numbers: Sequence[int], packets: PictureTrack, progress: Progress
    ) -> Mapping[int, tuple[PictureLag | None, int | None]]:
        picture = self._recording.picture
        if picture is None:
            return {}
        inside = inner_share(picture, packets.width, packets.height)
        found = {}
        with (
            source_looker(self._source, picture) as source,
            Looker(self._output, stream_index=0, grid=grid_of(picture), inside=inside) as output,
        ):
            for done, number in enumerate(numbers, 1):
                found[number] = self._picture(number, source, output, packets)
                progress(done / len(numbers))
        return found

    def _picture(
        self, number: int, source: Looker, output: Looker, packets: PictureTrack
    ) -> tuple[PictureLag | None, int | None]:
        """Look at the segment's start, and where its picture changes most if the start stands still."""
        segment = self._timeline.segments[number]
        moving = segment.frames - segment.hold
        count = min(_WINDOW, moving)
        seamless = number == 0 or _goes_on(self._timeline.segments[number - 1], segment)
        lag, cut = self._look(segment, 0, count, 0 if seamless else _BEFORE, source, output)
        if lag is None and moving > count:
            sizes = packets.sizes[segment.first_frame : segment.first_frame + moving][count:]
            if len(sizes):
                peak = count + int(sizes.argmax())
                first = min(max(count, peak - count // 2), moving - 1)
                lag, _ = self._look(segment, first, min(count, moving - first), 0, source, output)
        return lag, cut

    def _look(
        self, segment: Segment, first: int, count: int, before: int, source: Looker, output: Looker
    ) -> tuple[PictureLag | None, int | None]:
        """Compare output frames ``first`` to ``first + count`` of a segment with the source."""
        rate = self._timeline.rate
        farthest = max(1, int(FARTHEST_FRAMES / max(Fraction(1), segment.speed)))
        lags = range(-farthest, farthest + 1)

        def moment(offset: int) -> Fraction:
            return max(Fraction(0), (segment.source_frame + offset * segment.speed) / rate)

        theirs = source.between(moment(first - farthest), moment(first + count - 1 + farthest))
        begin = (segment.first_frame + first - before) / rate
        ours = output.between(begin, (segment.first_frame + first + count - 1) / rate)
        if not theirs or len(ours) != before + count:
            return None, None  # frames that are missing are the structure's fault, told there
        times = [time for time, _ in theirs]
        rows = np.array(
            [[_row(times, moment(first + j - lag)) for lag in lags] for j in range(count)], np.int64
        )
        frames, pictures = _stack(ours), _stack(theirs)
        cut = cut_lag(frames[:before], frames[before:], pictures[rows[:, farthest]]) if before else None
        return picture_lag(frames[before:], pictures, rows, lags), cut

    def _sounds(
        self, numbers: Sequence[int], heard: Heard
    ) -> Mapping[int, tuple[SoundLag | None, str | None]]:
        found = {}
        source = SourceSound(self._source, self._track.stream_index) if self._track else None
        try:
            for number in numbers:
                found[number] = self._sound(self._timeline.segments[number], heard, source)
        finally:
            if source:
                source.close()
        return found

    def _sound(
        self, segment: Segment, heard: Heard, source: SourceSound | None
    ) -> tuple[SoundLag | None, str | None]:
        """Match what sounds longest in the segment; None where it has only room tone or another tempo."""
        begin, end = (
            float(frame / self._timeline.rate) for frame in (segment.first_frame, segment.end_frame)
        )
        choice = _longest(self._timeline.sounds, begin, end)
        if choice is None:
            return None, None
        sound, start, stop = choice
        start, stop = start + _FADE, min(stop - _FADE, start + _SEARCH_SECONDS)
        if stop - start < 2 * _FADE:
            return None, sound.kind
        inside = sound.source_sample / SAMPLE_RATE + (start - sound.first_sample / SAMPLE_RATE)
        planned = self._planned(sound, inside, inside + stop - start, source)
        if planned is None:
            return None, sound.kind
        length = min(len(planned) - 2 * _MARGIN, round(_LISTEN_SECONDS * LISTEN_RATE))
        if length <= 0:
            return None, sound.kind
        at = loudest_window(planned[_MARGIN : len(planned) - _MARGIN], length)
        ours = heard.between(start, stop)
        lag = sound_lag(ours[at : at + length], planned[at : at + length + 2 * _MARGIN], _MARGIN)
        if lag and lag.found and abs(lag.seconds) < _ALIGNED:
            lag = lag._replace(dropped=dropped_seconds(ours, planned[_MARGIN : len(planned) - _MARGIN]))
        return lag, sound.kind

    def _planned(self, sound: Sound, start: float, end: float, source: SourceSound | None) -> Wave | None:
        """What should be heard, with the margin on both sides."""
        if sound.kind == "recording" and source:
            return source.between(start - FARTHEST_SECONDS, end + FARTHEST_SECONDS)
        if sound.kind == "narration" and sound.line is not None:
            line = read_narration(self._store.path(self._narration.lines[sound.line].sound))
            first, last = round(start * LISTEN_RATE), round(end * LISTEN_RATE)
            return np.pad(line, (_MARGIN, _MARGIN + max(0, last - len(line))))[first : last + 2 * _MARGIN]
        return None


def _goes_on(before: Segment, segment: Segment) -> bool:
    """Whether the source runs on unbroken from one segment to the next."""
    reached = before.source_frame + (before.frames - before.hold) * before.speed
    return before.hold == 0 and abs(reached - segment.source_frame) < 1


def _longest(sounds: Sequence[Sound], begin: float, end: float) -> tuple[Sound, float, float] | None:
    """The sound that can be matched and lasts longest within the stretch, and its overlap in seconds."""
    best: tuple[Sound, float, float] | None = None
    first = max(0, bisect_right(sounds, begin * SAMPLE_RATE, key=lambda sound: sound.first_sample) - 1)
    for sound in sounds[first:]:
        start, stop = sound.first_sample / SAMPLE_RATE, sound.end_sample / SAMPLE_RATE
        if start >= end:
            break
        start, stop = max(start, begin), min(stop, end)
        matched = sound.kind != "room" and sound.tempo == 1 and stop > start
        if matched and (best is None or stop - start > best[2] - best[1]):
            best = (sound, start, stop)
    return best


def _row(times: Sequence[Fraction], moment: Fraction) -> int:
    return max(0, bisect_right(times, moment + FRAME_TOLERANCE) - 1)


def _stack(frames: Sequence[tuple[Fraction, Grey]]) -> Grey:
    return np.stack([copy for _, copy in frames])


def _placement(
    segment: Segment,
    picture: PictureLag | None,
    cut: int | None,
    sound: SoundLag | None,
    kind: str | None,
    rate: Fraction,
) -> Placement:
    """Join both: among pictures that fit equally well, the one that agrees with the sound counts."""
    offset: float | None = None
    lags = picture.fits if picture and picture.found else (float(cut),) if cut is not None else ()
    if sound and sound.found and lags:
        offset = min((sound.seconds - lag / float(rate) for lag in lags), key=abs)
    return Placement(segment, picture, cut, sound, kind, offset)
