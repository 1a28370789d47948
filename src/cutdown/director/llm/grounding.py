"""Whether new narration says only what was said: its numbers, names and commands have to occur in the words it replaces."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from cutdown.number_words import ONES, TENS

_TOKEN: Final = re.compile(r"`[^`]+`|[^\s,;!?()“”\"…]+")
_NUMBER: Final = re.compile(r"\d[\d,]*(?:\.\d+)?")
_UNITS: Final = {word: value for value, word in enumerate(ONES)} | {"first": 1, "second": 2, "third": 3}
_TENS: Final = {word: 10 * value for value, word in enumerate(TENS) if value > 1}
_SIZES: Final = {"hundred": 100, "thousand": 1000, "million": 1_000_000, "billion": 1_000_000_000}
_COMMAND: Final = re.compile(
    r"[a-z][A-Z]|[A-Za-z0-9][_./=:@\\-]+[A-Za-z0-9]|^--?[A-Za-z]|^\.[a-z]|^[A-Z]{2,}s?$|`"
)
_HYPHENATED: Final = re.compile(r"[A-Za-z]+(?:-[A-Za-z]+)+")
_ALWAYS_CAPITAL: Final = frozenset({"i", "i'm", "i'll", "i've", "i'd", "a"})


def unfounded(narration: str, source: str) -> tuple[str, ...]:
    """What narration names that its source does not, in order of appearance.

    Args:
        narration: the new text.
        source: what was said in the words that it replaces.

    Returns:
        Numbers by their value, commands and names by their letters; an empty tuple where all is founded.
    """
    said, numbers = _letters(source), set(_numbers(source))
    missing: list[str] = []
    for number in _numbers(narration):
        if number not in numbers and number not in missing:
            missing.append(number)
    for name in _names(narration):
        letters = _letters(name)
        stem = letters.removesuffix("s")
        if letters and letters not in said and not (len(stem) > 2 and stem in said) and name not in missing:
            missing.append(name)
    return tuple(missing)


def _letters(text: str) -> str:
    """Small letters and digits alone: "Node JS" is heard for "node.js"."""
    return "".join(sign for sign in text.casefold() if sign.isalnum())


def _numbers(text: str) -> Iterator[str]:
    """Values of all numbers, written in digits or in English words; "one" alone is rather a word."""
    for match in _NUMBER.finditer(text):
        yield _canonical(match[0].replace(",", ""))
    total = current = 0
    found: list[str] = []
    for word in [*re.findall(r"[a-z]+", text.casefold().replace("-", " ")), ""]:
        if word in _UNITS or word in _TENS:
            current += _UNITS.get(word, _TENS.get(word, 0))
            found.append(word)
        elif word in _SIZES and found:
            size = _SIZES[word]
            if size == 100:
                current *= size
            else:
                total, current = total + max(current, 1) * size, 0
            found.append(word)
        elif word != "and" or not found:
            if found and found not in (["one"], ["first"], ["second"], ["third"]):
                yield str(total + current)
            total, current, found = 0, 0, []


def _canonical(number: str) -> str:
    return number.rstrip("0").rstrip(".") if "." in number else number.lstrip("0") or "0"


def _names(text: str) -> Iterator[str]:
    """Commands, identifiers and capitalised words that do not begin a sentence."""
    begins = True
    for token in _TOKEN.findall(text):
        bare = token.strip("`'’.:").removesuffix("'s").removesuffix("’s")
        is_command = _COMMAND.search(token.rstrip(".:")) is not None and not _plainly_hyphenated(bare)
        is_name = not begins and bare[:1].isupper() and bare.casefold() not in _ALWAYS_CAPITAL
        if bare and _NUMBER.fullmatch(bare) is None and (is_command or is_name):
            yield bare
        begins = token.endswith((".", "!", "?", ":")) or (begins and not bare)


def _plainly_hyphenated(word: str) -> bool:
    return _HYPHENATED.fullmatch(word) is not None and word.islower()
