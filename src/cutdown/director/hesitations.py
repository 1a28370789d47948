"""Hesitations, empty phrases and stammered words: what a listener does not miss.

A hesitation that stands between two short silences can be cut without a trace. One that runs
into its neighbours cannot; its sentence is reported, so that it may be spoken anew.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal

from cutdown.director.phrasebook import Phrasebook
from cutdown.director.talk import Talk, milliseconds
from cutdown.director.tidying import SURE_WORD, is_stammer, untidy
from cutdown.director.wording import letters, plain
from cutdown.signals import Signals

_EDGE: Final = 55  # ms of silence on both sides without which a cut is heard
_CLEAR_EDGE: Final = 85  # ms, where the words alone do not prove a hesitation
_SHORTEST: Final = 140  # ms; shorter sounds are parts of words
_LONGEST: Final = 1_300  # ms of a drawn-out "um"
_LONGEST_MISHEARD: Final = 430  # ms
_LONGEST_UNHEARD: Final = 620  # ms
_WITHIN_SENTENCE: Final = 420  # ms of silence; a longer one separates sentences
_CLEAR_SPEECH_DB: Final = 25.0  # speech over silence; below, noise chops words into pieces
_CERTAIN: Final = 0.85  # a recogniser's probability of a word that is believed against the sound
_NOT_TOLD: Final = 1.0  # what a transcript without probabilities says of every word
_FEW_LETTERS: Final = 3  # of what a recogniser writes for "uh": and, our, per, a


@dataclass(frozen=True)
class Hesitation:
    """Sounds ``[first, last)`` to leave out."""

    first: int
    last: int
    kind: Literal["filler", "repeat"]
    reason: str
    confidence: float
    note: str


def find_hesitations(
    talk: Talk, signals: Signals, book: Phrasebook, gone: frozenset[int]
) -> tuple[Hesitation, ...]:
    """Hesitations that can be cut cleanly, in order.

    Args:
        talk: the sounds.
        signals: for how far the speech stands out of the noise.
        book: what the language's speakers say.
        gone: sounds that are left out anyway.
    """
    found: list[Hesitation] = []
    taken = set(gone)
    finders = (
        _phrases(talk, signals, book),
        _held(talk, signals, book),
        _unheard(talk, signals, book),
        _stammers(talk, book),
    )
    for finder in finders:
        for one in finder:
            sounds = range(one.first, one.last)
            if not taken.intersection(sounds):
                taken.update(sounds)
                found.append(one)
    return tuple(sorted(found, key=lambda hesitation: hesitation.first))


def is_empty(text: str, book: Phrasebook) -> bool:
    """Whether plain words are nothing but hesitation."""
    return text in book.hesitations or text in book.empty_phrases


def _silences(talk: Talk, first: int, last: int) -> tuple[int, int]:
    return talk.silence_before(first), talk.silence_after(last - 1)


def _phrases(talk: Talk, signals: Signals, book: Phrasebook) -> Iterator[Hesitation]:
    """What reads as a hesitation or an empty phrase and stands between silences.

    In noise, which chops words into pieces, one word that has a meaning too is not enough.
    """
    clear = _speaks_clearly(signals)
    for first in range(len(talk.sounds)):
        for last in range(first + 1, min(first + 3, len(talk.sounds)) + 1):
            text = plain(talk.text(first, last))
            before, after = _silences(talk, first, last)
            length = talk.sounds[last - 1].end - talk.sounds[first].start
            if min(before, after) < _EDGE or length > _LONGEST:
                continue
            if is_empty(text, book) and (clear or text in book.hesitations or " " in text):
                said = f"“{text}” stands between two silences"
                yield Hesitation(first, last, "filler", f"Filler: “{text}”", 0.95, said)
            elif (
                last == first + 1
                and text in book.misheard_hesitations
                and _is_doubted(talk.heard(first, last)[0].probability, clear=clear)
                and _SHORTEST <= length <= _LONGEST_MISHEARD
                and min(before, after) >= _CLEAR_EDGE - 10
                and max(before, after) <= _WITHIN_SENTENCE
            ):
                said = "a short sound between two silences in mid-sentence"
                yield Hesitation(first, last, "filler", "Filler: a sound of hesitation", 0.75, said)


def _is_doubted(probability: float, *, clear: bool) -> bool:
    """Whether a word may be a misheard hesitation; who speaks word by word says "red, or, blue" and means it."""
    if not clear:
        return probability < SURE_WORD
    return probability < _CERTAIN or probability == _NOT_TOLD


def _held(talk: Talk, signals: Signals, book: Phrasebook) -> Iterator[Hesitation]:
    """A vowel held between two silences in mid-sentence, to which no word or a short, doubtful one was heard."""
    if not book.hesitations:
        return
    held = [(milliseconds(hum.start), milliseconds(hum.end)) for hum in signals.hums]
    ends = [end for _, end in held]
    for index, sound in enumerate(talk.sounds):
        place = bisect_right(ends, sound.start)
        if place == len(held) or held[place][0] >= sound.end:
            continue
        before, after = _silences(talk, index, index + 1)
        words = talk.heard(index, index + 1)
        doubtful = all(w.probability < _CERTAIN and len(letters(w.text)) <= _FEW_LETTERS for w in words)
        if (
            len(words) < 2
            and doubtful
            and min(before, after) >= _EDGE
            and max(before, after) <= _WITHIN_SENTENCE
        ):
            said = "one vowel is held between two silences in mid-sentence"
            yield Hesitation(index, index + 1, "filler", "Filler: a sound of hesitation", 0.85, said)


def _unheard(talk: Talk, signals: Signals, book: Phrasebook) -> Iterator[Hesitation]:
    """A voice between two silences in mid-sentence, to which the recogniser heard no word."""
    if not book.hesitations or not _speaks_clearly(signals):
        return
    for index, sound in enumerate(talk.sounds):
        before, after = _silences(talk, index, index + 1)
        if (
            sound.first == sound.last
            and sound.voiced
            and _SHORTEST <= sound.length <= _LONGEST_UNHEARD
            and min(before, after) >= _EDGE
            and max(before, after) <= _WITHIN_SENTENCE
        ):
            said = "a voice without a word between two silences in mid-sentence"
            yield Hesitation(index, index + 1, "filler", "Filler: a sound of hesitation", 0.7, said)


def _speaks_clearly(signals: Signals) -> bool:
    if signals.speech_level_db is None or signals.noise_floor_db is None:
        return False
    return signals.speech_level_db - signals.noise_floor_db >= _CLEAR_SPEECH_DB


def _stammers(talk: Talk, book: Phrasebook) -> Iterator[Hesitation]:
    """A word that is said twice, where the first one has its own sound."""
    for index in range(len(talk.sounds) - 1):
        text = plain(talk.text(index, index + 1))
        following = talk.heard(index + 1, index + 2)
        if not following or talk.silence_before(index) < _EDGE or talk.silence_after(index) > 1000:
            continue
        if is_stammer(talk.text(index, index + 1), following[0].text, book):
            yield Hesitation(
                index, index + 1, "repeat", f"Repeated word: “{text}”", 0.85, f"“{text}” is said twice"
            )


def unclean_words(talk: Talk, first: int, last: int, book: Phrasebook) -> tuple[int, ...]:
    """Words of the sounds ``[first, last)`` that should not be there but cannot be cut out.

    Returns:
        Indexes into ``talk.words``.
    """
    if first >= last:
        return ()
    low = talk.sounds[first].first
    return tuple(low + index for index in untidy(talk.heard(first, last), book))
