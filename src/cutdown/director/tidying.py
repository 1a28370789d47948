"""Words inside a sentence that its speaker did not mean to say, told by the words alone.

Hesitations; empty phrases that the recogniser set apart by commas ("it is, like, fast", never "I like
it"); words and phrases said twice by accident; what was broken off and begun again. Where it is not sure, a word
stays: one that should have gone is heard, one that should have stayed is missed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Final, Literal

from cutdown.director.phrasebook import Phrasebook
from cutdown.director.wording import ends_sentence, plain
from cutdown.transcript import Word

Untidiness = Literal["filler", "repeat", "restart"]

SURE_WORD: Final = 0.3  # a recogniser's probability, where it wrote a hesitation: it rarely makes one up
_UNKNOWN_STAMMER: Final = 3  # letters, where no phrasebook knows the language
_LONGEST_PHRASE: Final = 4  # words of a phrase that is said twice
_LONGEST_START: Final = 6  # words of a beginning that is broken off
_BROKEN_OFF: Final = re.compile(r"(\w-|[–—]|…|\.\.\.)$")


def untidy(words: Sequence[Word], book: Phrasebook) -> Mapping[int, Untidiness]:
    """The words of one sentence that should not be there, by index, each with its kind."""
    texts = [word.text.strip() for word in words]
    found: dict[int, Untidiness] = {}
    for index, word in enumerate(words):
        if plain(word.text) in book.hesitations and word.probability >= SURE_WORD:
            found[index] = "filler"
    for span in _set_apart(texts, book):
        found.update(dict.fromkeys(span, "filler"))
    rest = [index for index in range(len(words)) if index not in found and plain(texts[index])]
    said = [texts[index] for index in rest]
    for span in _said_twice(said, book):
        found.update(dict.fromkeys((rest[place] for place in span), "repeat"))
    for span in _broken_off(said):
        found.update(dict.fromkeys((rest[place] for place in span), "restart"))
    return dict(sorted(found.items()))


def is_stammer(first: str, second: str, book: Phrasebook) -> bool:
    """Whether the second of two neighbouring words repeats the first by accident."""
    word = plain(first)
    if not word or word != plain(second) or ends_sentence(first) or not _is_word(word):
        return False
    if first.rstrip().endswith(",") and word not in book.unfinished:
        return False  # "I like it, it is fast"
    return word in book.stammered if book.stammered else len(word) <= _UNKNOWN_STAMMER


def _is_word(text: str) -> bool:
    return text.replace("'", "").isalpha()


def _set_apart(texts: Sequence[str], book: Phrasebook) -> Iterator[range]:
    """Empty phrases between two commas."""
    for phrase in sorted(book.empty_phrases):
        count = len(phrase.split())
        for first in range(1, len(texts) - count):
            between = texts[first - 1].endswith(",") and texts[first + count - 1].endswith(",")
            if between and plain(" ".join(texts[first : first + count])) == phrase:
                yield range(first, first + count)


def _said_twice(texts: Sequence[str], book: Phrasebook) -> Iterator[range]:
    """The first of two copies: of a word that people stammer, of a phrase with such a word in it."""
    words = [plain(text) for text in texts]
    at = 0
    while at < len(texts) - 1:
        length = next(
            (n for n in range(_LONGEST_PHRASE, 1, -1) if _is_repeated(texts, words, at, n, book)), 0
        )
        # "Leute, die die Seite sehen": without its phrasebook, nobody knows what a language doubles on purpose.
        if not length and book.stammered and is_stammer(texts[at], texts[at + 1], book):
            length = 1
        if length:
            yield range(at, at + length)
        at += length or 1


def _is_repeated(texts: Sequence[str], words: Sequence[str], at: int, count: int, book: Phrasebook) -> bool:
    first, second = words[at : at + count], words[at + count : at + 2 * count]
    if first != second or len(set(first)) == 1 or not all(map(_is_word, first)):
        return False
    if any(ends_sentence(text) for text in texts[at : at + count]):
        return False
    before = words[at - 1] if at else ""
    after = words[at + 2 * count] if at + 2 * count < len(words) else ""
    if first[-1] == before or first[0] == after:
        return False  # "again and again and again" is meant
    if texts[at + count - 1].endswith(",") and first[-1] not in book.unfinished:
        # So may "the page, the page of settings" be, and "if it is, it is fast"; with "you can, you can" one begins.
        begins = not at or ends_sentence(texts[at - 1])
        return begins and first[-1] in book.stammered
    return not book.stammered.isdisjoint(first)


def _broken_off(texts: Sequence[str]) -> Iterator[range]:
    """A beginning that ends in a dash, where its first word comes again right after the dash."""
    for index, text in enumerate(texts[:-1]):
        if not _BROKEN_OFF.search(text):
            continue
        cut, again = plain(text), plain(texts[index + 1])
        if text.endswith("-") and again.startswith(cut) and len(again) > len(cut):
            yield range(index, index + 1)
            continue
        for first in range(index, max(-1, index - _LONGEST_START), -1):
            if first < index and ends_sentence(texts[first]) and not _BROKEN_OFF.search(texts[first]):
                break
            if plain(texts[first]) == again:
                yield range(first, index + 1)
                break
