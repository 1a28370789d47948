"""The talk: stretches of sound with the words that were heard in each.

Recognised word times are rough (a word after a pause begins early, one before a pause ends
early), the edges of silence are exact. So the sound is taken from silence to silence, and the
words are laid into it. All times are integer milliseconds of the recording.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from typing import Final

from cutdown.signals import Signals
from cutdown.timebase import Span
from cutdown.transcript import Transcript, Word

PHRASE_PAUSE: Final = 200  # ms of silence that part two phrases; people pause so between clauses
_VOICE_EDGE: Final = 60  # ms by which the voice detector may be late or early
_VOICE_PAUSE: Final = 250  # ms without a voice that part two sounds where it never gets silent
_STRAY: Final = 700  # ms from any sound: a word there was imagined by the recogniser
_NOISE: Final = 500  # ms; a shorter sound without voice and words is a click or a creak


@dataclass(frozen=True)
class Sound:
    """Sound from silence to silence, with the words ``[first, last)`` heard in it."""

    start: int
    end: int
    first: int
    last: int
    voiced: bool

    @property
    def length(self) -> int:
        """Milliseconds."""
        return self.end - self.start


@dataclass(frozen=True)
class Talk:
    """All sounds of a recording that count, in order, and the phrases they form.

    ``phrases`` are half-open ranges of ``sounds`` without a pause of `PHRASE_PAUSE` in them.
    """

    words: tuple[Word, ...]
    sounds: tuple[Sound, ...]
    phrases: tuple[tuple[int, int], ...]
    duration: int

    def text(self, first: int, last: int) -> str:
        """The words of the sounds ``[first, last)``."""
        return " ".join(word.text.strip() for word in self.heard(first, last))

    def heard(self, first: int, last: int) -> tuple[Word, ...]:
        """The words of the sounds ``[first, last)`` themselves."""
        if first >= last:
            return ()
        return self.words[self.sounds[first].first : self.sounds[last - 1].last]

    def silence_before(self, sound: int) -> int:
        """Milliseconds of silence before a sound."""
        return self.sounds[sound].start - (self.sounds[sound - 1].end if sound else 0)

    def silence_after(self, sound: int) -> int:
        """Milliseconds of silence after a sound."""
        return self.next_start(sound) - self.sounds[sound].end

    def next_start(self, sound: int) -> int:
        """Where the next sound begins, or the recording ends."""
        return self.sounds[sound + 1].start if sound + 1 < len(self.sounds) else self.duration


def milliseconds(seconds: Fraction) -> int:
    """The nearest millisecond."""
    return round(seconds * 1000)


def lay_out(transcript: Transcript, signals: Signals) -> Talk:
    """Lay the words into the sounds."""
    duration = milliseconds(signals.duration)
    bare = _sounds(signals, duration)
    if not bare and transcript.words:
        bare = _sounds_of_words(transcript.words, duration)
    words, homes = _homes(transcript.words, bare)
    voices = [
        (milliseconds(s.start) - _VOICE_EDGE, milliseconds(s.end) + _VOICE_EDGE) for s in signals.speech
    ]
    voice_starts, voice_ends = [start for start, _ in voices], [end for _, end in voices]
    sounds = []
    word = 0
    for index, (start, end) in enumerate(bare):
        first = word
        while word < len(words) and homes[word] == index:
            word += 1
        near = voices[bisect_left(voice_ends, start) : bisect_right(voice_starts, end)]
        voiced = any(min(end, b) - max(start, a) >= min(100, (end - start) // 2) for a, b in near)
        if first < word or voiced or end - start >= _NOISE:
            sounds.append(Sound(start, end, first, word, voiced))
    return Talk(tuple(words), tuple(sounds), _phrases(sounds), duration)


def _phrases(sounds: Sequence[Sound]) -> tuple[tuple[int, int], ...]:
    cuts = [
        index
        for index in range(1, len(sounds))
        if sounds[index].start - sounds[index - 1].end >= PHRASE_PAUSE
    ]
    bounds = [0, *cuts, len(sounds)]
    return tuple((first, last) for first, last in pairwise(bounds) if last > first)


def _sounds(signals: Signals, duration: int) -> list[tuple[int, int]]:
    """Everything between silences; a voice's pauses also part what never gets silent."""
    if signals.noise_floor_db is None:
        return []
    quiet = [(milliseconds(s.start), milliseconds(s.end)) for s in signals.silences]
    quiet += _voice_pauses(signals.speech, duration)
    sounds = []
    at = 0
    for start, end in sorted(quiet):
        if start > at:
            sounds.append((at, start))
        at = max(at, end)
    if duration > at:
        sounds.append((at, duration))
    return sounds


def _voice_pauses(speech: Sequence[Span], duration: int) -> list[tuple[int, int]]:
    pauses = []
    at = 0
    for span in speech:
        start, end = milliseconds(span.start) - _VOICE_EDGE, milliseconds(span.end) + _VOICE_EDGE
        if start - at >= _VOICE_PAUSE:
            pauses.append((at, start))
        at = end
    if speech and duration - at >= _VOICE_PAUSE:
        pauses.append((at, duration))
    return pauses


def _sounds_of_words(words: Sequence[Word], duration: int) -> list[tuple[int, int]]:
    """Where nothing was measured, the words themselves, joined where they meet."""
    sounds: list[tuple[int, int]] = []
    for word in words:
        start, end = milliseconds(word.start), min(milliseconds(word.end), duration)
        if sounds and start - sounds[-1][1] < _VOICE_PAUSE:
            sounds[-1] = (sounds[-1][0], max(end, sounds[-1][1]))
        elif start < end:
            sounds.append((start, end))
    return sounds


def _homes(words: Sequence[Word], bare: Sequence[tuple[int, int]]) -> tuple[list[Word], list[int]]:
    """The words that belong to a sound, and the index of it, never going back.

    A word's end is the surer of its times, a little before it the word is surely sounding.
    """
    starts = [start for start, _ in bare]
    kept, homes = [], []
    at = 0
    for word in words:
        start, end = milliseconds(word.start), milliseconds(word.end)
        anchor = end - min(80, (end - start) * 3 // 10)
        index = max(at, bisect_right(starts, anchor) - 1)
        if not bare or index >= len(bare):
            continue
        if anchor > bare[index][1]:
            index = _nearest(bare, index, start, end, anchor)
        distance = max(bare[index][0] - end, start - bare[index][1], 0)
        if distance > _STRAY:
            continue
        at = index
        kept.append(word)
        homes.append(index)
    return kept, homes


def _nearest(bare: Sequence[tuple[int, int]], index: int, start: int, end: int, anchor: int) -> int:
    """Of the sounds around a silence, the one the word overlaps more, else the nearer one."""
    if index + 1 >= len(bare):
        return index
    here, there = bare[index], bare[index + 1]
    overlap_here = max(0, min(end, here[1]) - max(start, here[0]))
    overlap_there = max(0, min(end, there[1]) - max(start, there[0]))
    if overlap_here != overlap_there:
        return index if overlap_here > overlap_there else index + 1
    return index if anchor - here[1] <= there[0] - anchor else index + 1
