"""What a language's speakers say beside the matter, and how an utterance is recognised as such."""

from __future__ import annotations

import functools
import itertools
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from importlib.resources import files
from typing import Any, Final

import yaml
from rapidfuzz import process
from rapidfuzz.distance import Levenshtein

from cutdown.director.wording import letters, plain

_BOOKS: Final = {"en": "english.yaml"}  # a new language: one file beside this one, one line here
_CHOICE: Final = re.compile(r"\(([^()]*)\)")
_LEAST: Final = 0.6  # likeness; below it nothing is worth comparing to the end
_SURE_LENGTH: Final = 8  # letters; a shorter utterance has to match to the letter


@dataclass(frozen=True)
class Phrasebook:
    """The lists of one language; all empty where the language has none."""

    hesitations: frozenset[str] = frozenset()
    misheard_hesitations: frozenset[str] = frozenset()
    empty_phrases: frozenset[str] = frozenset()
    marks: tuple[str, ...] = ()
    weak_marks: frozenset[str] = frozenset()
    asides: tuple[str, ...] = ()
    stammered: frozenset[str] = frozenset()

    def likeness_to_mark(self, text: str) -> float:
        """How well a whole utterance reads as a spoken edit mark, 0 to 1."""
        return _best(text, self.marks)

    def likeness_to_aside(self, text: str) -> float:
        """How well a whole utterance reads as an interruption or housekeeping, 0 to 1."""
        return _best(text, self.asides)

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
    return Phrasebook(
        hesitations=frozenset(plain(text) for text in raw["hesitations"]),
        misheard_hesitations=frozenset(plain(text) for text in raw["misheard_hesitations"]),
        empty_phrases=frozenset(plain(text) for text in raw["empty_phrases"]),
        marks=_lettered(raw["marks"]),
        weak_marks=frozenset(_lettered(raw["weak_marks"])),
        asides=_lettered(raw["asides"]),
        stammered=frozenset(plain(text) for text in raw["stammered"]),
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
    unique = dict.fromkeys(itertools.chain.from_iterable(spellings(pattern) for pattern in patterns))
    return tuple(dict.fromkeys(letters(sentence) for sentence in unique))


def _best(text: str, sentences: tuple[str, ...]) -> float:
    heard = letters(text)
    if not heard or not sentences:
        return 0.0
    if len(heard) < _SURE_LENGTH:
        return float(heard in sentences)
    found = process.extractOne(
        heard, sentences, scorer=Levenshtein.normalized_similarity, score_cutoff=_LEAST
    )
    return float(found[1]) if found else 0.0
