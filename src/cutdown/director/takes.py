"""Takes: what a speaker said again, and so took back.

A take is recognised by what follows it: the same beginning, spoken again. The last complete
take stays. A spoken mark between the two ("scratch that") makes it certain; without a mark the
beginning has to be clearer.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from cutdown.director.phrasebook import MARK_LIKENESS, Phrasebook
from cutdown.director.talk import Talk
from cutdown.director.wording import (
    SURELY_HEARD,
    begins_like,
    contrasts,
    ends_sentence,
    letters,
    plain,
    shared_words,
    shares_beginning,
)
from cutdown.transcript import Word

Kind = Literal["mark", "retake", "aside"]

_SURE_MARK: Final = 0.82  # a mark by itself
_ISOLATION: Final = 220  # ms of silence around a mark that counts by itself
_MARK_PHRASES: Final = 3
_MARK_WORDS: Final = 9

_TAKEN_UP: Final = 0.62  # likeness of two beginnings with a mark between them
_TAKEN_UP_UNMARKED: Final = 0.8
_TAKEN_UP_AT_LENGTH: Final = 0.75  # by chance one pair of sentences in a hundred begins so alike
_AT_LENGTH: Final = 20  # letters
_TAKEN_UP_ODDLY: Final = 0.78  # with an utterance between them that no phrasebook knows
_LONGEST_TAKE: Final = 25_000  # ms that one attempt may last
_LONGEST_BREAK: Final = 4_000  # ms of silence between an attempt and the next
_RESTART_PAUSE: Final = 220  # ms of silence before a sentence is begun again
_FEW_WORDS: Final = 4  # fewer may repeat by chance: "click save. click save as"
_FEW_LETTERS: Final = 10
_FEWEST_LETTERS: Final = 6
_FIRST_LETTERS: Final = 10  # a beginning has to be alike in its first words already
_SAME_START: Final = 0.5
_SAME_START_SHIFTED: Final = 0.85
_LOST_LETTERS: Final = 4  # of a first word that went missing
_SURELY_SAME: Final = 0.9
_SENTENCE_PAUSE: Final = 430  # ms; two whole sentences that begin alike follow each other quicker
_SHARED_WORDS: Final = (
    0.51  # more than half of a whole sentence's words come again in its next take, misheard as it may be
)
_SHORT_BREAK: Final = 1_500  # ms after which two or three words are no longer a false start
_STOPS: Final = (",", ";", ":", "，", "、", "；", "：")  # a take that ends without one may end in half a word
_COMPARED: Final = 240  # letters of a beginning that are compared


@dataclass(frozen=True)
class Slip:
    """Sounds ``[first, last)`` that are taken back, with why in words for a person."""

    first: int
    last: int
    kind: Kind
    reason: str
    confidence: float
    note: str


def runs(talk: Talk, first: int, most: int) -> Iterator[tuple[int, str]]:
    """The utterances that begin with a phrase: where each ends, and its text."""
    for last in range(first + 1, min(first + most, len(talk.phrases)) + 1):
        yield last, _text(talk, first, last)


def _text(talk: Talk, first: int, last: int) -> str:
    return talk.text(talk.phrases[first][0], talk.phrases[last - 1][1]) if first < last else ""


def _starts_alike(take: str, following: str) -> bool:
    """Whether two takes begin alike; the recogniser may have lost either one's first word."""
    start, there = take[:_FIRST_LETTERS], following[: _FIRST_LETTERS + 2]
    if begins_like(start, there) >= _SAME_START:
        return True
    return any(
        begins_like(take[lost : lost + _FIRST_LETTERS], there) >= _SAME_START_SHIFTED
        or begins_like(start, following[lost : lost + _FIRST_LETTERS + 2]) >= _SAME_START_SHIFTED
        for lost in range(1, _LOST_LETTERS + 1)
    )


class TakeSearch:
    """The search for takes; phrases once taken back are not looked at again."""

    def __init__(self, talk: Talk, book: Phrasebook, gone: frozenset[int]) -> None:
        self._talk = talk
        self._book = book
        self._gone = set(gone)
        self._said = [self._matter(phrase) for phrase in range(len(talk.phrases))]

    def marked(self, *, known: bool) -> Iterator[Slip]:
        """Takes that a spoken mark takes back: one of the phrasebook's, or an unknown one."""
        floor = 0
        at = 0
        while at < len(self._talk.phrases):
            slip = None if at in self._gone else self._at_mark(at, floor, known=known)
            if slip is None:
                at += 1
                continue
            first, mark, last, likeness = slip
            yield self._slip(first, last, "mark", mark, likeness)
            floor = at = last

    def unmarked(self) -> Iterator[Slip]:
        """Sentences that were simply begun again."""
        at = 0
        while at < len(self._talk.phrases):
            found = None if at in self._gone else self._begun_again(at)
            if found is None:
                at += 1
                continue
            last, likeness = found
            yield self._slip(at, last, "retake", "", likeness)
            at = last

    def _slip(self, first: int, last: int, kind: Kind, mark: str, likeness: float) -> Slip:
        self._gone.update(range(first, last))
        sounds = self._talk.phrases[first][0], self._talk.phrases[last - 1][1]
        if kind == "retake":
            return Slip(
                *sounds,
                kind,
                "Sentence begun again: the last take stays",
                round(likeness, 2),
                "the next sentence begins with the same words",
            )
        return Slip(
            *sounds,
            kind,
            "Abandoned take, taken back by the speaker",
            round(max(0.7, likeness), 2),
            f"the speaker says “{plain(mark)}”" + (" and begins again" if likeness >= _TAKEN_UP else ""),
        )

    def _matter(self, phrase: int) -> str:
        """The letters of a phrase without hesitations and empty phrases."""
        first, last = self._talk.phrases[phrase]
        book = self._book
        heard = []
        for sound in range(first, last):
            text = plain(self._talk.text(sound, sound + 1))
            if text in book.empty_phrases or text in book.hesitations:
                continue
            heard += [word for word in text.split() if word not in book.hesitations]
        return letters(" ".join(heard))

    def _from(self, phrase: int, most: int) -> str:
        """What is said from a phrase on (also where it was taken back), up to a number of letters."""
        said = ""
        while phrase < len(self._said) and len(said) < most:
            said += self._said[phrase]
            phrase += 1
        return said[:most]

    def _between(self, first: int, last: int) -> str:
        return "".join(self._said[phrase] for phrase in range(first, last) if phrase not in self._gone)

    def _at_mark(self, at: int, floor: int, *, known: bool) -> tuple[int, str, int, float] | None:
        """Where a take begins, the mark after it, and where the next take begins."""
        best: tuple[int, str, int, float] | None = None
        for last, text in runs(self._talk, at, _MARK_PHRASES):
            if any(phrase in self._gone for phrase in range(at, last)) or len(text.split()) > _MARK_WORDS:
                break
            first, likeness = self._known(at, last, text, floor) if known else self._odd(at, last, floor)
            if first < at and (best is None or likeness > best[3]):
                best = (first, text, last, likeness)
        return best

    def _known(self, at: int, last: int, text: str, floor: int) -> tuple[int, float]:
        """The take that one of the phrasebook's marks takes back; ``at`` itself where there is none."""
        sureness = self._book.likeness_to_mark(text)
        if sureness >= MARK_LIKENESS or self._book.is_weak_mark(text):
            first, likeness = self._take_before(at, last, floor)
            # "Is the first one open? No. Is the second one open?"
            if likeness >= _TAKEN_UP and not (
                self._book.corrects_nothing(text) and self._is_parallel(first, at, last)
            ):
                return first, likeness
        if self._book.takes_back(text) >= _SURE_MARK and self._stands_alone(at, last):
            return self._sentence_before(at, floor), 0.0
        return at, 0.0

    def _odd(self, at: int, last: int, floor: int) -> tuple[int, float]:
        """The take before an unknown utterance that can only be a mark: the same words follow it."""
        best = (at, 0.0)
        if not self._stands_alone(at, last):
            return best
        following = self._from(last, _COMPARED)
        end = self._talk.sounds[self._talk.phrases[at][0]].start
        for first in range(at - 1, floor - 1, -1):
            start = self._talk.sounds[self._talk.phrases[first][0]].start
            if first in self._gone or end - start > _LONGEST_TAKE:
                break
            take = self._between(first, at)[:_COMPARED]
            few = len(_text(self._talk, first, at).split()) < _FEW_WORDS or len(take) < _FEW_LETTERS + 2
            if few or not _starts_alike(take, following) or self._is_parallel(first, at, last):
                continue
            likeness = begins_like(take, following)
            if likeness >= max(_TAKEN_UP_ODDLY, best[1]):
                best = (first, likeness)
        return best

    def _take_before(self, at: int, last: int, floor: int) -> tuple[int, float]:
        """The phrase before a mark from which on the speech is begun again after it."""
        best = (at, 0.0)
        end = self._talk.sounds[self._talk.phrases[at][0]].start
        for first in range(at - 1, floor - 1, -1):
            sound = self._talk.phrases[first][0]
            if first in self._gone or end - self._talk.sounds[sound].start > _LONGEST_TAKE:
                break
            take = self._between(first, at)[:_COMPARED]
            least = max(_FEWEST_LETTERS, len(take) * 7 // 20)
            likeness = max(
                (
                    shares_beginning(take, again)
                    for again in self._until_mark(last, len(take) + len(take) // 5 + 2)
                    if min(len(take), len(again)) >= min(least, len(take))
                ),
                default=0.0,
            )
            if likeness > best[1] + 0.02:
                best = (first, likeness)
        return best

    def _until_mark(self, phrase: int, most: int) -> Iterator[str]:
        """What is said from a phrase on, up to each pause before the next sure mark."""
        said = ""
        while phrase < len(self._said) and len(said) < most:
            if said and self._book.likeness_to_mark(_text(self._talk, phrase, phrase + 1)) >= MARK_LIKENESS:
                break
            said += self._said[phrase]
            phrase += 1
            yield said[:most]

    def _stands_alone(self, first: int, last: int) -> bool:
        sounds = self._talk.phrases[first][0], self._talk.phrases[last - 1][1] - 1
        return (
            self._talk.silence_before(sounds[0]) >= _ISOLATION
            and self._talk.silence_after(sounds[1]) >= _ISOLATION
        )

    def _sentence_before(self, at: int, floor: int) -> int:
        """The phrase with which the sentence before a mark begins."""
        first = at
        while first > floor and first - 1 not in self._gone:
            first -= 1
            sound = self._talk.phrases[first][0]
            before = self._talk.heard(sound - 1, sound) if sound else ()
            if not before or ends_sentence(before[-1].text) or self._talk.silence_before(sound) >= 700:
                break
        return first

    def _begun_again(self, at: int) -> tuple[int, float] | None:
        """The phrase with which the sentence that begins at a phrase is begun again."""
        start = self._talk.sounds[self._talk.phrases[at][0]].start
        for again in range(at + 1, len(self._talk.phrases)):
            sound = self._talk.phrases[again][0]
            if self._talk.sounds[sound].start - start > _LONGEST_TAKE + _LONGEST_BREAK:
                return None
            if _RESTART_PAUSE <= self._talk.silence_before(sound) <= _LONGEST_BREAK:
                likeness = self._likeness_again(at, again)
                if likeness >= _TAKEN_UP_AT_LENGTH:
                    return again, likeness
            if again in self._gone:
                return None
        return None

    def _likeness_again(self, at: int, again: int) -> float:
        """How well what was said up to ``again`` reads as the beginning of what follows."""
        take = self._between(at, again)[:_COMPARED]
        words = _text(self._talk, at, again).split()
        if len(words) < 2 or len(take) < _FEWEST_LETTERS:
            return 0.0
        following = self._from(again, _COMPARED)
        if not _starts_alike(take, following):
            return 0.0
        pause = self._talk.silence_before(self._talk.phrases[again][0])
        complete = ends_sentence(words[-1])
        if self._is_parallel(at, again, again) or (
            complete and (pause < _SENTENCE_PAUSE or self._is_another(at, again))
        ):
            return 0.0
        likeness = begins_like(take, following)
        if len(words) >= _FEW_WORDS and len(take) >= _FEW_LETTERS:
            enough = _TAKEN_UP_AT_LENGTH if len(take) >= _AT_LENGTH else _TAKEN_UP_UNMARKED
            return likeness if likeness >= enough else 0.0
        if (complete and len(words) < _FEW_WORDS - 1) or pause > _SHORT_BREAK:
            return 0.0
        return likeness if likeness > _SURELY_SAME else 0.0

    def _is_another(self, at: int, again: int) -> bool:
        """Whether a whole sentence and what follows it sound alike, but have few words in common."""
        talk = self._talk
        first = talk.heard(talk.phrases[at][0], talk.phrases[again][0])
        following = talk.heard(talk.phrases[again][0], len(talk.sounds))[: len(first)]
        return shared_words(first, following) < _SHARED_WORDS

    def _is_parallel(self, first: int, end: int, again: int) -> bool:
        """Whether phrases ``[first, end)`` and what follows from ``again`` on begin alike, but are about two things.

        Of what was broken off little is understood: words count where they were surely heard, as far as both go.
        """
        talk = self._talk
        take = self._words(talk.phrases[first][0], talk.phrases[end][0])
        following = self._words(talk.phrases[again][0], len(talk.sounds), most=len(take))
        if take and ends_sentence(take[-1].text):
            return contrasts(take, following, self._book.weights)
        if take and not take[-1].text.rstrip().endswith(_STOPS):
            begun = take[-1].probability < SURELY_HEARD or (
                len(following) == len(take) and plain(following[-1].text).startswith(plain(take[-1].text))
            )
            take = take[: len(take) - begun]
        both = next((place for place, word in enumerate(following, 1) if ends_sentence(word.text)), None)
        return contrasts(take[:both], following[:both], self._book.weights, sure=SURELY_HEARD)

    def _words(self, first: int, last: int, most: int | None = None) -> Sequence[Word]:
        """The words of the sounds ``[first, last)`` without hesitations."""
        heard = (
            word for word in self._talk.heard(first, last) if plain(word.text) not in self._book.hesitations
        )
        return tuple(itertools.islice(heard, most))
