"""Comparing words that should be said with words that were heard, forgiving spelling: pure functions."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final, NamedTuple

from rapidfuzz import fuzz
from rapidfuzz.distance import Levenshtein

from cutdown.number_words import ONES, TENS

ALIKE: Final = 70.0  # of 100; "colour" and "color" are alike, "cat" and "dog" are not

_SIGNS: Final = {
    "%": " percent ",
    "&": " and ",
    "+": " plus ",
    "$": " dollar ",
    "€": " euro ",
    "=": " equals ",
}
_TOKEN: Final = re.compile(
    r"[0-9]{1,3}(?:[,\u202f\u00a0][0-9]{3})+(?![0-9])|[0-9]+|[^\W\d_]+(?:['’][^\W\d_]+)*"
)


class Comparison(NamedTuple):
    """Numbers of the expected words that were not heard, and of the heard ones nobody expected."""

    missing: tuple[int, ...]
    extra: tuple[int, ...]


def tokens(text: str) -> list[str]:
    """A text as bare spoken words: small letters, numbers spelled out, signs named, compounds split."""
    for sign, name in _SIGNS.items():
        text = text.replace(sign, name)
    found: list[str] = []
    for token in _TOKEN.findall(text.lower()):
        digits = re.sub(r"[,\u202f\u00a0]", "", token)
        if not digits.isdecimal():
            found.append(re.sub("['’]", "", token))
        elif len(digits) == len(token):
            found += _spelled(digits)
        else:
            found += _number(int(digits[:9]))
    return found


def _spelled(digits: str) -> list[str]:
    number = int(digits[:9])
    if len(digits) > 6 or (len(digits) > 1 and digits[0] == "0"):
        return [ONES[int(digit)] for digit in digits]
    if len(digits) == 4 and 1100 <= number <= 2099 and number % 1000 >= 10:
        return _below_hundred(number // 100) + _after_century(number % 100)
    return _number(number)


def _number(number: int) -> list[str]:
    if number < 1000:
        return _below_thousand(number)
    name, size = ("million", 1_000_000) if number >= 1_000_000 else ("thousand", 1000)
    rest = _number(number % size) if number % size else []
    return [*_number(number // size), name, *rest]


def _after_century(number: int) -> list[str]:
    if number == 0:
        return ["hundred"]
    return ["oh", ONES[number]] if number < 10 else _below_hundred(number)


def _below_thousand(number: int) -> list[str]:
    if number < 100:
        return _below_hundred(number)
    rest = _below_hundred(number % 100) if number % 100 else []
    return [ONES[number // 100], "hundred", *rest]


def _below_hundred(number: int) -> list[str]:
    if number < 20:
        return [ONES[number]]
    return [TENS[number // 10], *([ONES[number % 10]] if number % 10 else [])]


def compare(expected: Sequence[str], heard: Sequence[str]) -> Comparison:
    """Align two lists of words.

    A stretch that differs counts as the same where both sides, written together, are alike
    ("data base", "database"); else its words are matched one by one, in order.

    Args:
        expected: written words, each with its punctuation.
        heard: likewise.
    """
    ours = [(number, token) for number, word in enumerate(expected) for token in tokens(word)]
    theirs = [(number, token) for number, word in enumerate(heard) for token in tokens(word)]
    missing: set[int] = set()
    extra: set[int] = set()
    at = (0, 0)
    steps = Levenshtein.opcodes([token for _, token in ours], [token for _, token in theirs])
    same = [
        (step.src_start, step.dest_start, step.src_end, step.dest_end)
        for step in steps
        if step.tag == "equal"
    ]
    for left, right, left_end, right_end in [*same, (len(ours), len(theirs), 0, 0)]:
        unsaid, unplanned = _differing(ours[at[0] : left], theirs[at[1] : right])
        missing.update(unsaid)
        extra.update(unplanned)
        at = (left_end, right_end)
    return Comparison(tuple(sorted(missing)), tuple(sorted(extra)))


def _differing(
    left: Sequence[tuple[int, str]], right: Sequence[tuple[int, str]]
) -> tuple[set[int], set[int]]:
    ours, theirs = "".join(token for _, token in left), "".join(token for _, token in right)
    if ours and theirs and fuzz.ratio(ours, theirs) >= ALIKE:
        return set(), set()
    found: set[int] = set()
    at = 0
    matched: set[int] = set()
    for place, (_, token) in enumerate(left):
        for other in range(at, len(right)):
            if fuzz.ratio(token, right[other][1]) >= ALIKE:
                found.add(place)
                matched.add(other)
                at = other + 1
                break
    return (
        {number for place, (number, _) in enumerate(left) if place not in found},
        {number for place, (number, _) in enumerate(right) if place not in matched},
    )


def longest_run(numbers: Sequence[int]) -> int:
    """The most numbers that follow on one another."""
    best = run = 0
    before = None
    for number in numbers:
        run = run + 1 if before is not None and number == before + 1 else 1
        best, before = max(best, run), number
    return best
