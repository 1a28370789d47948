"""Where the words of a line name what the picture shows at that moment.

A person who says "save" as a window closes has tied the two together. If the word is spoken
anew, it should still come with the window. Such a word is found where the screen changes after it
stood still, the recorded voice spoke within a short reach of that moment, and the new line has the same word.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from fractions import Fraction
from itertools import pairwise
from typing import Final

from cutdown.fitting.limits import SYNC_REACH
from cutdown.narration import NarrationLine, shares
from cutdown.plan import EditAction
from cutdown.signals import Signals
from cutdown.timebase import frame_at
from cutdown.transcript import Transcript, Word

_LETTERS: Final = 4  # shorter words name nothing: "the", "and", "now"
_STOOD: Final = Fraction(1, 2)  # s of still screen before a change that is an event of its own
_BARE: Final = re.compile(r"[^\w]+")


@dataclass(frozen=True)
class Anchor:
    """A word of a line, and the tick of the source at which the picture shows what it names."""

    word: str
    samples: Fraction
    """From the line's first sample to the middle of the word, unhurried."""
    tick: int


class Namer:
    """Finds the anchors of lines.

    Args:
        transcript: of the recording; without it nothing is found.
        signals: when its screen changes.
        rate: of the output.
    """

    def __init__(self, transcript: Transcript | None, signals: Signals, rate: Fraction) -> None:
        self._words = transcript.words if transcript is not None else ()
        self._starts = [word.start for word in self._words]
        self._rate = rate
        self._changes = [
            after.start
            for before, after in pairwise(signals.screen)
            if before.still and not after.still and before.duration >= _STOOD
        ]

    def anchors(self, actions: Sequence[EditAction], line: NarrationLine) -> tuple[Anchor, ...]:
        """The anchors of one line, in order, at most one for each change of the picture."""
        found: list[Anchor] = []
        said = [word for action in actions for word in self._within(action)]
        texts = line.text.split()
        middles = _middles(texts, line.samples)
        pairs = _same_words(said, texts)
        for action in actions:
            for change in self._changes[bisect_left(self._changes, action.start) :]:
                if change >= action.end:
                    break
                near = min(pairs, key=lambda pair: _distance(pair[0], change), default=None)
                if near is None or _distance(near[0], change) > SYNC_REACH:
                    continue
                tick = frame_at(change, self._rate)
                anchor = Anchor(texts[near[1]].strip(".,;:!?"), middles[near[1]], tick)
                if not found or (anchor.samples > found[-1].samples and tick > found[-1].tick):
                    found.append(anchor)
        return tuple(found)

    def _within(self, action: EditAction) -> Iterable[Word]:
        for word in self._words[bisect_left(self._starts, action.start) :]:
            if word.start >= action.end:
                return
            yield word


def _distance(word: Word, moment: Fraction) -> Fraction:
    return max(word.start - moment, moment - word.end, Fraction(0))


def _same_words(said: Sequence[Word], texts: Sequence[str]) -> list[tuple[Word, int]]:
    """Words that were said and are said again, in the same order; none that names nothing."""
    ours, theirs = [_bare(word.text) for word in said], [_bare(text) for text in texts]
    blocks = SequenceMatcher(None, ours, theirs, autojunk=False).get_matching_blocks()
    return [
        (said[block.a + place], block.b + place)
        for block in blocks
        for place in range(block.size)
        if len(ours[block.a + place]) >= _LETTERS
    ]


def _bare(text: str) -> str:
    return _BARE.sub("", text).lower()


def _middles(texts: Sequence[str], samples: int) -> list[Fraction]:
    bounds = shares(texts)
    return [samples * (start + end) / 2 for start, end in pairwise(bounds)]
