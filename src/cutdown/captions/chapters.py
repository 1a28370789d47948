"""Chapters of the output: where one topic ends and another begins, and what each is about."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from importlib import resources
from itertools import pairwise
from typing import Final

from cutdown.captions.words import SpokenWord, share_out, spoken_words
from cutdown.plan import EditPlan
from cutdown.timeline import Chapter, Timeline
from cutdown.transcript import Transcript

SHORTEST: Final = Fraction(30)  # s of a chapter; shorter ones are no help in finding a place
DIVIDED_FROM: Final = Fraction(60)  # s of output; below that one chapter is all
USUAL: Final = Fraction(90)  # s of a chapter where topics allow: a few for each screen of a player's list
_HOUR: Final = 3600
TITLE: Final = 48  # characters, what players show of a title

_TITLE_WITHIN: Final = 8  # sentences; a chapter says early what it is about
_WINDOW: Final = Fraction(40)  # s on either side of a border that are compared
_BREATH: Final = Fraction(7, 10)  # s; a pause that long ends a sentence even without a full stop
_LONG_PAUSE: Final = Fraction(3)  # s; more says no more
_SENTENCE_END: Final = (".", "!", "?", "。", "！", "？")
_LONGEST_SENTENCE: Final = 40  # words
_OPENING: Final = re.compile(
    r"(?i)^(?:so|now|okay|ok|well|alright|all right|right|and|but|then|next|first|basically|um|uh|hi|hello|"
    r"let's|let us|let me|we can|we will|we'll|we are going to|i'm going to|i am going to|you can|here|there)\b[,\s]*"
)
_POINTING: Final = re.compile(r"(?i)(?:i|you|we|he|she|it|they|this|that|these|those)\b")
_HALF_SAID: Final = 0.6  # of a title that begins within a sentence, or with a word that points at another one
_CLAUSE: Final = re.compile(r"[,;:.!?。！？]|\s+(?:because|which|so that|and then|but|where|when)\s")


@cache
def _plain_words() -> frozenset[str]:
    """English words that are in every talk and so tell nothing about a topic."""
    return frozenset(
        resources.files(__package__).joinpath("plain_words.txt").read_text(encoding="utf-8").split()
    )


@dataclass(frozen=True)
class _Sentence:
    words: tuple[SpokenWord, ...]
    pause: Fraction
    """Seconds without a word before it."""

    @property
    def start(self) -> Fraction:
        return self.words[0].start

    @property
    def text(self) -> str:
        return " ".join(word.text for word in self.words)

    @property
    def terms(self) -> list[str]:
        return _terms(self.text)


def _terms(text: str) -> list[str]:
    """The words of a text that say what it is about, in small letters."""
    found = re.findall(r"[^\W_]+(?:['’-][^\W_]+)*", text.lower())
    return [term for term in found if term not in _plain_words()]


def chapters(plan: EditPlan, timeline: Timeline, transcript: Transcript) -> tuple[Chapter, ...]:
    """Chapters over the whole output, without gaps.

    A border lies where a sentence begins, the words on both sides differ most and the speaker
    pauses. Each chapter lasts at least 30 s; an output under a minute has one; one in which
    nobody speaks has none.

    Args:
        plan: holds the narration that is spoken anew.
        timeline: the output.
        transcript: of the recording.
    """
    sentences = _sentences(_all_words(plan, timeline, transcript))
    if not sentences:
        return ()
    borders = _borders(sentences, timeline.duration)
    everywhere = Counter(term for sentence in sentences for term in set(sentence.terms))
    edges = [Fraction(0), *(sentences[at].start for at in borders), timeline.duration]
    cuts = [0, *borders, len(sentences)]
    taken: set[str] = set()
    made: list[Chapter] = []
    for number, (first, last) in enumerate(pairwise(cuts)):
        title = _title(sentences[first:last], everywhere, len(sentences), taken)
        taken.add(title)
        made.append(Chapter(start=edges[number], end=edges[number + 1], title=title))
    return tuple(made)


def to_text(made: Sequence[Chapter]) -> str:
    """A line a chapter, its start and its title, in the form that video sites read in a description."""
    lines = []
    for chapter in made:
        minutes, seconds = divmod(int(chapter.start), 60)
        hours, minutes = divmod(minutes, 60)
        clock = f"{hours}:{minutes:02}:{seconds:02}" if made[-1].start >= _HOUR else f"{minutes}:{seconds:02}"
        lines.append(f"{clock} {chapter.title}\n")
    return "".join(lines)


def _all_words(plan: EditPlan, timeline: Timeline, transcript: Transcript) -> list[SpokenWord]:
    """Words heard, with the plan's narration spread over the segments that it is spoken in."""
    words = spoken_words(timeline, transcript, None)
    narration = {action.id: action.narration for action in plan.actions if action.narration}
    for name, text in narration.items():
        own = [segment for segment in timeline.segments if segment.action == name]
        if own:
            start, end = own[0].first_frame / timeline.rate, own[-1].end_frame / timeline.rate
            words.extend(share_out(text.split(), start, end))
    return sorted(words, key=lambda word: word.start)


def _sentences(words: Sequence[SpokenWord]) -> list[_Sentence]:
    sentences: list[_Sentence] = []
    gathered: list[SpokenWord] = []
    pause = Fraction(0)
    for word in words:
        gap = word.start - gathered[-1].end if gathered else Fraction(0)
        ended = gathered and (
            gathered[-1].text.endswith(_SENTENCE_END) or gap >= _BREATH or len(gathered) >= _LONGEST_SENTENCE
        )
        if ended:
            sentences.append(_Sentence(tuple(gathered), pause))
            gathered, pause = [], gap
        gathered.append(word)
    return [*sentences, _Sentence(tuple(gathered), pause)] if gathered else sentences


def _borders(sentences: Sequence[_Sentence], duration: Fraction) -> list[int]:
    """Indices of the sentences that begin a chapter, the first one's aside: the best borders first."""
    if duration < DIVIDED_FROM:
        return []
    wanted = max(1, round(duration / USUAL)) - 1 or 1
    ranked = sorted(range(1, len(sentences)), key=lambda at: (-_change(sentences, at), at))
    chosen: list[int] = []
    for at in ranked:
        moment = sentences[at].start
        edges = [Fraction(0), duration, *(sentences[other].start for other in chosen)]
        if all(abs(moment - edge) >= SHORTEST for edge in edges):
            chosen.append(at)
        if len(chosen) == wanted:
            break
    return sorted(chosen)


def _change(sentences: Sequence[_Sentence], at: int) -> float:
    """How much a topic changes before a sentence: unlikeness of the words around, and the pause."""
    moment = sentences[at].start
    before = Counter(
        term for sentence in sentences[:at] if sentence.start >= moment - _WINDOW for term in sentence.terms
    )
    after = Counter(
        term for sentence in sentences[at:] if sentence.start < moment + _WINDOW for term in sentence.terms
    )
    shared = sum(before[term] * after[term] for term in before)
    size = math.sqrt(sum(n * n for n in before.values()) * sum(n * n for n in after.values()))
    likeness = shared / size if size else 0.0
    return 1 - likeness + 0.5 * float(min(sentences[at].pause, _LONG_PAUSE) / _LONG_PAUSE)


def _title(sentences: Sequence[_Sentence], everywhere: Counter[str], count: int, taken: set[str]) -> str:
    """The clause that tells most about the chapter, among its first sentences."""
    here = Counter(term for sentence in sentences for term in sentence.terms)

    def tells(title: str, index: int, part: int) -> float:
        words = title.split()
        weight = sum(
            math.log(1 + here[term]) * math.log(1 + count / everywhere[term])
            for term in set(_terms(title))
            if everywhere[term]  # a title may end within a word
        )
        brevity = math.sqrt(len(words) + 4) * (1 if len(words) > 1 else 2)
        whole = 1.0 if part == 0 and not _POINTING.match(title) else _HALF_SAID
        return whole * weight / brevity / (1 + index / 4)

    titles = [
        (title, index, part)
        for index, sentence in enumerate(sentences[:_TITLE_WITHIN])
        for part, clause in enumerate(_CLAUSE.split(sentence.text))
        if (title := _shortened(clause))
    ]
    ranked = [title for title, *_ in sorted(titles, key=lambda option: -tells(*option))]
    return next((title for title in ranked if title not in taken), ranked[0] if ranked else "…")


def _shortened(text: str) -> str:
    """A clause without its opening words, at most as long as a title."""
    text, before = text.strip(), ""
    while text != before:
        before, text = text, _OPENING.sub("", text, count=1).strip()
    if len(text) > TITLE:
        text = text[: TITLE + 1].rpartition(" ")[0] or text[:TITLE]
        while len(words := text.split()) > 2 and words[-1].lower().strip(",") in _plain_words():
            text = " ".join(words[:-1])
    text = text.strip(" ,;:.-–—\"'")
    return text[:1].upper() + text[1:]
