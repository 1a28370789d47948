"""Makes a line shorter by what a listener misses least, before it is spoken."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from cutdown.voice import Pace
from cutdown.voice.forecast import spoken_seconds

TOLERATED: Final = 1.25  # times its slot; the fitting finds a quarter in slack, stillness and pace
_LEAST_KEPT: Final = 0.5  # of the words; a line cut deeper no longer says what was meant

_ASIDE: Final = re.compile(r"\s*\([^()]*\)|\s+[–—]\s[^–—.!?]*\s[–—](?=\s)")
_LEADING: Final = re.compile(
    r"(?i)(?:^|(?<=[.!?]\s))(?:(?:so|now|okay|ok|well|alright|all right|basically|actually|right|and|but|anyway|"
    r"of course|as you can see|you see|you know|let's see|in other words),?\s+)+(?=\w)"
)
_FILLER: Final = re.compile(
    r"(?i),?\s+\b(?:basically|actually|really|just|simply|very|quite|essentially|obviously|literally|"
    r"you know|i mean|kind of|sort of|a little bit|in order(?= to))\b,?(?=\s)"
)


def shortened(text: str, slot: float, pace: Pace) -> str:
    """The text, or less of it where it is forecast to overrun its slot by more than a quarter.

    Leaves out asides, then leading connectives, then fillers, each only if still needed, and
    never more than half of the words. What is left may still be too long.

    Args:
        text: the narration of one line.
        slot: seconds of picture it has.
        pace: of the voice that will speak it.
    """
    best = text
    for shorter in _steps(text):
        if spoken_seconds(best, pace) <= slot * TOLERATED:
            break
        if len(shorter.split()) >= _LEAST_KEPT * len(text.split()):
            best = shorter
    return best


def _steps(text: str) -> Iterator[str]:
    for expression in (_ASIDE, _LEADING, _FILLER):
        text = _tidy(expression.sub("", text))
        yield text


def _tidy(text: str) -> str:
    text = re.sub(r"\s+([,.;:!?])", r"\1", " ".join(text.split()))
    return re.sub(r"(^|[.!?]\s)([a-z])", lambda match: match[1] + match[2].upper(), text)
