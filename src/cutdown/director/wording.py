"""Words compared the way a listener would: by their letters, forgiving what was misheard."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

from rapidfuzz.distance import Levenshtein

_NOT_LETTERS: Final = re.compile(r"[^\w']+|_")
_SENTENCE_END: Final = re.compile(r"[.?!…。？！]['\")\]]*$")


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
