"""The words that are heard in the output, at the output's time."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from fractions import Fraction
from typing import Final, NamedTuple

from cutdown.narration import Narration, NarrationLine, shares
from cutdown.timebase import SAMPLE_RATE
from cutdown.timeline import Sound, Timeline
from cutdown.transcript import Transcript, Word

HALF: Final = Fraction(1, 2)
STRETCHED: Final = Fraction(3, 10)  # s of a long word; recognisers stretch words over the pauses beside them
_LONGEST_WORD: Final = Fraction(30)  # s; bounds the search, far above what any recogniser gives
_RESUMED: Final = re.compile(r"['’-]\w")  # Whisper gives "o'clock" and "post-process" in two parts
_NO_PAUSE: Final = Fraction(1, 10)  # s between two parts of one word


class SpokenWord(NamedTuple):
    """One word with its punctuation, and when it is heard, in seconds of the output."""

    text: str
    start: Fraction
    end: Fraction


def spoken_words(timeline: Timeline, transcript: Transcript, narration: Narration | None) -> list[SpokenWord]:
    """Every word that is heard in the output, in order.

    A recorded word counts as heard where one sound plays at least half of it, or 0.3 s of it; a
    word cut shorter is dropped. Words of narration share out their line's time by their letters.

    Args:
        timeline: the output.
        transcript: of the recording.
        narration: the lines that the timeline refers to; None leaves their words out.
    """
    heard: list[SpokenWord] = []
    starts = [word.start for word in transcript.words]
    for sound in timeline.sounds:
        if sound.kind == "recording":
            heard.extend(_recorded(sound, transcript.words, starts))
        elif sound.kind == "narration" and narration is not None and sound.line is not None:
            heard.extend(_narrated(sound, narration.lines[sound.line]))
    return heard


def share_out(words: Sequence[str], start: Fraction, end: Fraction) -> list[SpokenWord]:
    """Words spread over a stretch of time by their letters and the pauses after them."""
    bounds = [start + (end - start) * share for share in shares(words)]
    return [SpokenWord(*word) for word in zip(words, bounds, bounds[1:], strict=False)]


def _recorded(sound: Sound, words: Sequence[Word], starts: Sequence[Fraction]) -> list[SpokenWord]:
    begin = Fraction(sound.source_sample, SAMPLE_RATE)
    end = begin + sound.samples * sound.tempo / SAMPLE_RATE
    at = Fraction(sound.first_sample, SAMPLE_RATE)
    heard: list[SpokenWord] = []
    first = bisect_left(starts, begin - _LONGEST_WORD)
    for word in words[first : bisect_left(starts, end)]:
        low, high = max(word.start, begin), min(word.end, end)
        if high - low < min(HALF * word.duration, STRETCHED):
            continue
        text = word.text.strip()
        start, stop = (at + (moment - begin) / sound.tempo for moment in (low, high))
        if heard and _RESUMED.match(text) and start - heard[-1].end < _NO_PAUSE:
            heard[-1] = SpokenWord(heard[-1].text + text, heard[-1].start, stop)
        else:
            heard.append(SpokenWord(text, start, stop))
    return heard


def _narrated(sound: Sound, line: NarrationLine) -> Iterable[SpokenWord]:
    start = Fraction(sound.first_sample, SAMPLE_RATE)
    return share_out(line.text.split(), start, Fraction(sound.end_sample, SAMPLE_RATE))
