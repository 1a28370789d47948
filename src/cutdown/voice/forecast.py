"""How long a line will take, told from its text before anything is synthesised."""

from __future__ import annotations

import re
from typing import Final
from unicodedata import east_asian_width

from cutdown.voice import Pace

_TOKEN: Final = re.compile(r"\d+(?:[.,]\d+)*|[^\W\d_]+(?:['’][^\W\d_]+)*|[%$€£&@+=/#]")
_VOWELS: Final = re.compile(r"[aeiouy]+")
_PAUSE: Final = re.compile(r"[,;:—–](?=\s)|\s-\s|\(")
_STOP: Final = re.compile(r"[.!?…]+[\"”’)\]]*\s+(?=\S)")
_HUNDRED: Final = 2  # "hun-dred"; "thousand" and "million" have as many
_DIGIT_SYLLABLES: Final = (2, 1, 1, 1, 1, 1, 1, 2, 1, 1)
_TEEN_SYLLABLES: Final = (1, 3, 1, 2, 2, 2, 2, 3, 2, 2)
_LONG_LETTER: Final = 3  # "double-u"
_OTHER_VOWELS: Final = re.compile(
    r"[аеёиоуыэюяіїєαεηιουωάέήίόύώϊϋΐΰ]"
)  # Cyrillic and Greek, none of them silent
_ABJAD: Final = re.compile(
    r"[\u0590-\u06ff]"
)  # Hebrew and Arabic write a consonant a syllable and few vowels
_SIGNS_A_SYLLABLE: Final = 2  # of an abjad


def spoken_seconds(text: str, pace: Pace) -> float:
    """Seconds that a voice of this pace needs for a text, without silence around it.

    Args:
        text: what the voice is given, after the pronunciation dictionary.
        pace: the voice's own, measured.
    """
    text = text.strip()
    return (
        pace.syllable * syllables(text)
        + pace.letter * sum(character.isalpha() for character in text)
        + pace.pause * len(_PAUSE.findall(text))
        + pace.stop * len(_STOP.findall(text))
    )


def syllables(text: str) -> int:
    """Syllables of a text, counted by rule: vowel groups, letters of acronyms, digits.

    The rules are for English; other scripts are counted well enough to tell a line from half or twice of it.
    """
    return sum(_of_token(token) for token in _TOKEN.findall(text))


def _of_token(token: str) -> int:
    if token[0].isdecimal():  # a "²" is a digit that no number is made of
        return _of_number(token)
    if not token[0].isalpha():
        return 2
    if not token.isascii() and (count := _of_other_script(token.lower())):
        return count
    plain = re.sub(r"['’]s?$", "", token)
    if len(plain) <= 5 and plain.isupper() and (len(plain) > 1 or plain not in "AI"):
        return sum(_LONG_LETTER if letter == "W" else 1 for letter in plain)
    return _of_word(plain.lower())


def _of_other_script(word: str) -> int:
    """Syllables of a word that is not in Latin letters, 0 of one that is; Chinese, Japanese and Korean have one a sign."""
    whole = "".join(sign for sign in word if east_asian_width(sign) == "W")
    rest = "".join(sign for sign in word if east_asian_width(sign) != "W")
    if whole:
        return len(whole) + (_of_token(rest) if rest[:1].isalpha() else 0)
    signs = len(_ABJAD.findall(word))
    return -(-signs // _SIGNS_A_SYLLABLE) if signs else len(_OTHER_VOWELS.findall(word))


def _of_word(word: str) -> int:
    count = len(_VOWELS.findall(word))
    count += len(
        re.findall(r"i[aou](?!us\b)|[aeo]ing|ee[aeo]", word.replace("tion", "shn").replace("sion", "shn"))
    )
    count += len(re.findall(r"tion|sion", word)) - len(re.findall(r"[ts]ion", word))
    if re.search(r"[^aeiouyl]e$|[^aeiou]les?$", word) and count > 1 and not re.search(r"[^aeiou]le$", word):
        count -= 1
    if re.search(r"[^aeioutd]ed$", word) and count > 1:
        count -= 1
    if re.search(r"[^aeiouscxzgh]es$", word) and count > 1:
        count -= 1
    return max(1, count)


def _of_number(token: str) -> int:
    whole, _, decimals = token.replace(",", "").partition(".")
    count = _of_whole(int(whole)) if len(whole) <= 12 else sum(_DIGIT_SYLLABLES[int(d)] for d in whole)
    if decimals:
        count += 1 + sum(_DIGIT_SYLLABLES[int(digit)] for digit in decimals if digit.isdecimal())
    return count


def _of_whole(number: int) -> int:
    if number < 10:
        return _DIGIT_SYLLABLES[number]
    if number < 20:
        return _TEEN_SYLLABLES[number - 10]
    if number < 100:
        tens, ones = divmod(number, 10)
        return 2 + (tens == 7) + (_DIGIT_SYLLABLES[ones] if ones else 0)
    for size in (10**9, 10**6, 10**3, 100):
        if number >= size:
            high, low = divmod(number, size)
            return _of_whole(high) + _HUNDRED + (_of_whole(low) if low else 0)
    raise AssertionError("unreachable: every number of 100 and more has a size")
