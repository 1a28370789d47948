"""Where the output's sound really is: sampled segments matched to the source and to narration."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np

from cutdown.narration import Narration
from cutdown.recording import AudioTrack
from cutdown.store import Store
from cutdown.timebase import SAMPLE_RATE
from cutdown.timeline import Segment, Sound, Timeline
from cutdown.verify.lags import FARTHEST_SECONDS, SoundLag, dropped_seconds, loudest_window, sound_lag
from cutdown.verify.listen import LISTEN_RATE, Heard, SourceSound, Wave, read_narration

_ALIGNED: Final = 0.005  # seconds; blocks of 25 ms can be compared as they are
_LISTEN_SECONDS: Final = 2.0
_SEARCH_SECONDS: Final = 20.0  # of a segment's sound, for its loudest part
_FADE: Final = 0.03  # seconds beside a cut where two sounds may overlap
_MARGIN: Final = round(FARTHEST_SECONDS * LISTEN_RATE)


class SoundPlace(NamedTuple):
    """Where the sound of one segment is; None for what could not be measured."""

    lag: SoundLag | None
    kind: str | None


class SoundPlaces:
    """Matches the output's sound to what it was made from.

    Args:
        source: the recording.
        timeline: what was planned.
        narration: its lines.
        store: holds their sound.
        track: sound track of the source that was used; None where it has none.
    """

    def __init__(
        self, source: Path, timeline: Timeline, narration: Narration, store: Store, track: AudioTrack | None
    ) -> None:
        self._source, self._timeline = source, timeline
        self._narration, self._store = narration, store
        self._track = track

    def measure(self, segments: Sequence[Segment], heard: Heard) -> list[SoundPlace]:
        """Where the sound of each segment is, and of which kind it is.

        Raises:
            MediaError: the source cannot be decoded.
        """
        source = SourceSound(self._source, self._track.stream_index) if self._track else None
        try:
            return [self._sound(segment, heard, source) for segment in segments]
        finally:
            if source:
                source.close()

    def _sound(self, segment: Segment, heard: Heard, source: SourceSound | None) -> SoundPlace:
        """Match what sounds longest in the segment; None where it has only room tone or another tempo."""
        begin, end = (
            float(frame / self._timeline.rate) for frame in (segment.first_frame, segment.end_frame)
        )
        choice = _longest(self._timeline.sounds, begin, end)
        if choice is None:
            return SoundPlace(None, None)
        sound, start, stop = choice
        start, stop = start + _FADE, min(stop - _FADE, start + _SEARCH_SECONDS)
        if stop - start < 2 * _FADE:
            return SoundPlace(None, sound.kind)
        inside = sound.source_sample / SAMPLE_RATE + (start - sound.first_sample / SAMPLE_RATE)
        planned = self._planned(sound, inside, inside + stop - start, source)
        if planned is None:
            return SoundPlace(None, sound.kind)
        length = min(len(planned) - 2 * _MARGIN, round(_LISTEN_SECONDS * LISTEN_RATE))
        if length <= 0:
            return SoundPlace(None, sound.kind)
        at = loudest_window(planned[_MARGIN : len(planned) - _MARGIN], length)
        ours = heard.between(start, stop)
        lag = sound_lag(ours[at : at + length], planned[at : at + length + 2 * _MARGIN], _MARGIN)
        if lag and lag.found and abs(lag.seconds) < _ALIGNED:
            lag = lag._replace(dropped=dropped_seconds(ours, planned[_MARGIN : len(planned) - _MARGIN]))
        return SoundPlace(lag, sound.kind)

    def _planned(self, sound: Sound, start: float, end: float, source: SourceSound | None) -> Wave | None:
        """What should be heard, with the margin on both sides."""
        if sound.kind == "recording" and source:
            return source.between(start - FARTHEST_SECONDS, end + FARTHEST_SECONDS)
        if sound.kind == "narration" and sound.line is not None:
            line = read_narration(self._store.path(self._narration.lines[sound.line].sound))
            first, last = round(start * LISTEN_RATE), round(end * LISTEN_RATE)
            return np.pad(line, (_MARGIN, _MARGIN + max(0, last - len(line))))[first : last + 2 * _MARGIN]
        return None


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
