"""Words put right: one after the other, none empty, none that nobody said."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import pairwise
from typing import Final

from cutdown.timebase import exact_seconds
from cutdown.transcript import TranscriptSegment, Word

SHORTEST: Final = Fraction(1, 50)  # seconds; Whisper's own grid of 20 ms

_FASTEST_SPEECH: Final = 12  # words a second; auctioneers say 6
_MANY: Final = 5  # fewer words may come short because their times err


@dataclass(frozen=True)
class HeardWord:
    """A word as the model gave it, placed in the recording, in seconds."""

    start: Fraction
    end: Fraction
    text: str
    probability: float


@dataclass(frozen=True)
class HeardSegment:
    """Words that came together, with what the model thinks of them."""

    words: tuple[HeardWord, ...]
    no_speech: float
    """Probability that nobody speaks in the window."""
    average_log_probability: float
    compression: float
    """How often the text repeats itself: gzip's ratio."""


def is_invented(segment: HeardSegment) -> bool:
    """Whether a segment is what Whisper says when nobody speaks.

    The window sounds empty to the model and it is unsure of the words, or of every one of them;
    or there are more words than a mouth could say in the time.
    """
    if not any(any(sign.isalnum() for sign in word.text) for word in segment.words):
        return True
    length = segment.words[-1].end - segment.words[0].start
    if len(segment.words) >= _MANY and len(segment.words) > length * _FASTEST_SPEECH:
        return True
    unsure = segment.average_log_probability < -0.8
    improbable = max(word.probability for word in segment.words) < 0.3
    return segment.no_speech > 0.6 and (unsure or improbable)


def order(words: Sequence[HeardWord], duration: Fraction) -> list[HeardWord]:
    """Make words follow each other within the recording, each at least 20 ms long.

    Overlaps end where the next word starts; what is too short takes room from the silence
    after it, then from its neighbours.
    """
    room = duration / max(len(words), 1)
    shortest = exact_seconds(min(SHORTEST, room / 2)) or room
    ends = [
        min(word.end, after.start) if after.start > word.start else word.end
        for word, after in pairwise(words)
    ]
    ends += [word.end for word in words[-1:]]
    at = Fraction(0)
    forward: list[HeardWord] = []
    for word, end in zip(words, ends, strict=True):
        start = max(word.start, at)
        at = max(end, start + shortest)
        forward.append(replace(word, start=start, end=at))
    limit = duration
    backward: list[HeardWord] = []
    for word in reversed(forward):
        end = min(word.end, limit)
        limit = min(word.start, end - shortest)
        backward.append(replace(word, start=limit, end=end))
    return backward[::-1]


def to_transcript_words(
    segments: Sequence[HeardSegment], duration: Fraction
) -> tuple[tuple[Word, ...], tuple[TranscriptSegment, ...]]:
    """The words that were really said, in order, and how they came together."""
    kept = [segment for segment in segments if segment.words and not is_invented(segment)]
    heard = order([word for segment in kept for word in segment.words], duration)
    words = tuple(
        Word(
            start=word.start,
            end=word.end,
            text=word.text,
            probability=round(min(max(word.probability, 0.0), 1.0), 4),
        )
        for word in heard
    )
    bounds: list[TranscriptSegment] = []
    first = 0
    for segment in kept:
        bounds.append(TranscriptSegment(first=first, end=first + len(segment.words)))
        first += len(segment.words)
    return words, tuple(bounds)
