"""Words compared the way a listener would: by their letters, forgiving what was misheard."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Final

from rapidfuzz.distance import Levenshtein

from cutdown.transcript import Word

_NOT_LETTERS: Final = re.compile(r"[^\w']+|_")
_SENTENCE_END: Final = re.compile(r"[.?!…。？！]['\")\]]*$")

HEARD: Final = 0.6  # a recogniser's probability above which an exchanged word is believed
SURELY_HEARD: Final = 0.9
_OTHER_WORD: Final = 0.5  # likeness of letters under which nobody misheard one for the other
_SAME_WORD: Final = 0.85  # above it they are forms of one word


def plain(text: str) -> str:
    """Lower case, without accents' compositions, punctuation or hyphens; apostrophes stay."""
    text = unicodedata.normalize("NFKC", text).replace("’", "'").casefold()
    return _NOT_LETTERS.sub(" ", text).strip()


def letters(text: str) -> str:
    """Only what is pronounced: plain text without spaces and apostrophes."""
    return plain(text).replace(" ", "").replace("'", "")


def ends_sentence(text: str) -> bool:
    """Whether a word carries the punctuation that ends a sentence."""
    return bool(_SENTENCE_END.search(text.strip()))


def likeness(first: str, second: str) -> float:
    """How alike two strings are, 0 to 1, by edit distance over the longer one."""
    if not first and not second:
        return 1.0
    return 1.0 - Levenshtein.distance(first, second) / max(len(first), len(second))


def begins_like(take: str, whole: str) -> float:
    """How well ``take`` reads as the beginning of ``whole``, 0 to 1.

    The beginning may be up to a fifth longer or shorter than the take, because the same words
    are not always heard the same way.
    """
    if not take:
        return 0.0
    slack = max(2, len(take) // 5)
    costs = (
        Levenshtein.distance(take, whole[:length])
        for length in range(max(1, len(take) - slack), min(len(whole), len(take) + slack) + 1)
    )
    return max(0.0, 1.0 - min(costs, default=len(take)) / len(take))


def shares_beginning(first: str, second: str) -> float:
    """How well the shorter of the two reads as the beginning of the longer one, 0 to 1."""
    return begins_like(*sorted((first, second), key=len))


def shared_words(first: Sequence[Word], second: Sequence[Word]) -> float:
    """Share of the words of both texts that they have in common in their order, 0 to 1."""
    one, other = [plain(word.text) for word in first], [plain(word.text) for word in second]
    return SequenceMatcher(None, one, other, autojunk=False).ratio()


@dataclass(frozen=True)
class Weights:
    """What words of a language weigh where two texts are else alike; all in plain letters."""

    light: frozenset[str] = frozenset()
    """Carry no weight."""
    negations: frozenset[str] = frozenset()
    """Turn a text into its contrary: "it can be done", "it can't be done"."""
    opposites: frozenset[frozenset[str]] = frozenset()
    """Pairs that say the contrary of each other, light as they are: "on" and "off"."""


def contrasts(
    first: Sequence[Word], second: Sequence[Word], weights: Weights, *, sure: float = HEARD
) -> bool:
    """Whether two texts that are else alike differ in a word of weight ("the first case", "the second case").

    Args:
        first: words as recognised.
        second: the other text's.
        weights: of the language's words.
        sure: a recogniser's probability from which on an exchanged word is believed.
    """
    if _denies(first, second, weights) or _denies(second, first, weights):
        return True
    one, other = [plain(word.text) for word in first], [plain(word.text) for word in second]
    for kind, a, b, c, d in SequenceMatcher(None, one, other, autojunk=False).get_opcodes():
        if kind != "replace" or likeness("".join(one[a:b]), "".join(other[c:d])) >= _SAME_WORD:
            continue
        pairs = zip(first[a:b], second[c:d], strict=False)
        if any(_is_other(left, right, weights, sure) for left, right in pairs):
            return True
    return False


def _denies(words: Sequence[Word], others: Sequence[Word], weights: Weights) -> bool:
    """Whether more negations were surely heard in some words than perhaps in the others."""
    surely, perhaps = (
        [word for word in text if plain(word.text) in weights.negations] for text in (words, others)
    )
    return sum(word.probability >= HEARD for word in surely) > len(perhaps)


def _is_other(left: Word, right: Word, weights: Weights, least: float) -> bool:
    one, other = plain(left.text), plain(right.text)
    sure = min(left.probability, right.probability)
    if sure < least:
        return False
    if frozenset((one, other)) in weights.opposites or (len(one) == len(other) == 1 and one != other):
        return True  # "option A", "option B"
    if one in weights.light or other in weights.light:
        return False
    alike = likeness(one, other)
    return alike < _OTHER_WORD or (sure >= SURELY_HEARD and alike < _SAME_WORD)
