"""What a language's speakers say beside the matter, and how an utterance is recognised as such."""

from __future__ import annotations

import functools
import itertools
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from importlib.resources import files
from typing import Any, Final

import yaml
from rapidfuzz import process
from rapidfuzz.distance import Levenshtein

from cutdown.director.wording import Weights, letters, plain

_BOOKS: Final = {"en": "english.yaml"}  # a new language: one file beside this one, one line here
_CHOICE: Final = re.compile(r"\(([^()]*)\)")
ASIDE_LIKENESS: Final = 0.855  # "close this window" is .83 from "close this chat window"
MARK_LIKENESS: Final = 0.65  # enough where the sentence begins again after it
_SURE_LENGTH: Final = 8  # letters; a shorter utterance has to match to the letter


class Sentences:
    """Sentences that an utterance is compared with, by letters.

    Args:
        sentences: each in letters alone.
        least: likeness below which nobody asks; it counts as 0.
    """

    def __init__(self, sentences: Iterable[str] = (), least: float = 1.0) -> None:
        self._least = least
        self._by_length: dict[int, list[str]] = {}
        for sentence in dict.fromkeys(sentences):
            self._by_length.setdefault(len(sentence), []).append(sentence)

    def likeness(self, text: str) -> float:
        """How well a whole utterance reads as one of the sentences, 0 to 1."""
        heard = letters(text)
        count = len(heard)
        if count < _SURE_LENGTH:
            return float(heard in self._by_length.get(count, ()))
        best = 0.0
        for length in range(int(count * self._least), int(count / self._least) + 2):
            found = process.extractOne(
                heard,
                self._by_length.get(length, ()),
                scorer=Levenshtein.normalized_similarity,
                score_cutoff=max(self._least, best),
            )
            best = max(best, float(found[1])) if found else best
        return best


@dataclass(frozen=True)
class Phrasebook:
    """The lists of one language; all empty where the language has none."""

    hesitations: frozenset[str] = frozenset()
    misheard_hesitations: frozenset[str] = frozenset()
    empty_phrases: frozenset[str] = frozenset()
    marks: Sentences = field(default_factory=Sentences)
    weak_marks: frozenset[str] = frozenset()
    answers: frozenset[str] = frozenset()
    asides: Sentences = field(default_factory=Sentences)
    stammered: frozenset[str] = frozenset()
    unfinished: frozenset[str] = frozenset()
    weights: Weights = field(default_factory=Weights)
    sure_marks: Sentences = field(default_factory=Sentences)
    steps: Sentences = field(default_factory=Sentences)

    def likeness_to_mark(self, text: str) -> float:
        """How well a whole utterance reads as a spoken edit mark; 0 where it hardly does."""
        return self.marks.likeness(text)

    def takes_back(self, text: str) -> float:
        """How well a whole utterance reads as a mark whatever follows; 0 where it reads as a step that is shown as well."""
        sure = self.sure_marks.likeness(text)
        return sure if sure > self.steps.likeness(text) else 0.0

    def corrects_nothing(self, text: str) -> bool:
        """Whether an utterance that may be a mark is said between two sentences about two things as well."""
        if self.is_weak_mark(text):
            return letters(text) in self.answers
        return self.takes_back(text) == 0.0

    def likeness_to_aside(self, text: str) -> float:
        """How well a whole utterance reads as an interruption or housekeeping; 0 where it hardly does."""
        return self.asides.likeness(text)

    def is_weak_mark(self, text: str) -> bool:
        """Whether an utterance takes something back, if what follows says so too."""
        return letters(text) in self.weak_marks


@functools.cache
def phrasebook(language: str) -> Phrasebook:
    """The phrasebook of a language (ISO 639-1), empty where there is none."""
    name = _BOOKS.get(language)
    if name is None:
        return Phrasebook()
    raw: dict[str, Any] = yaml.safe_load((files("cutdown.director") / name).read_text(encoding="utf-8"))
    stammered = frozenset(plain(text) for text in raw["stammered"])
    return Phrasebook(
        hesitations=frozenset(plain(text) for text in raw["hesitations"]),
        misheard_hesitations=frozenset(plain(text) for text in raw["misheard_hesitations"]),
        empty_phrases=frozenset(plain(text) for text in raw["empty_phrases"]),
        marks=Sentences(_lettered([*raw["marks"], *raw["marks_or_steps"]]), MARK_LIKENESS),
        sure_marks=Sentences(_lettered(raw["marks"]), MARK_LIKENESS),
        steps=Sentences(_lettered(raw["marks_or_steps"]), MARK_LIKENESS),
        weak_marks=frozenset(_lettered(raw["weak_marks"])),
        answers=frozenset(_lettered(raw["answers"])),
        asides=Sentences(_lettered(raw["asides"]), ASIDE_LIKENESS),
        stammered=stammered,
        unfinished=frozenset(plain(text) for text in raw["unfinished"]),
        weights=Weights(
            light=stammered,
            negations=frozenset(plain(text) for text in raw["negations"]),
            opposites=frozenset(frozenset(plain(text).split()) for text in raw["opposites"]),
        ),
    )


def spellings(pattern: str) -> Iterator[str]:
    """Every sentence that a pattern with choices stands for."""
    match = _CHOICE.search(pattern)
    if match is None:
        yield " ".join(pattern.split())
        return
    for choice in match[1].split("|"):
        yield from spellings(pattern[: match.start()] + choice + pattern[match.end() :])


def _lettered(patterns: Iterable[str]) -> tuple[str, ...]:
    sentences = itertools.chain.from_iterable(spellings(pattern) for pattern in patterns)
    return tuple(dict.fromkeys(letters(sentence) for sentence in sentences))
