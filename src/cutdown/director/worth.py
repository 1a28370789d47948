"""What a sentence is worth, and which sentences fill a length best.

A sentence is worth the rarity of its words within the recording (tf-idf, summed over its
different words), more at the beginning and the end, less where a later one says the same. Against
human extracts of meetings such a sum finds more of what people chose than centrality does.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from rapidfuzz import fuzz

from cutdown.director.wording import plain

_EDGE_BONUS: Final = 2.0  # the first and the last sentence open and close the matter
_NEAR_EDGE_BONUS: Final = 1.15
_SAME: Final = 88.0  # token-set likeness, of 100, at which a later sentence says the same
_SAME_PENALTY: Final = 0.2
_STEP: Final = 100  # ms; the grid on which lengths are added up
_MOST_SLOTS: Final = 4_000  # coarser for a long output, so that memory stays small


@dataclass(frozen=True)
class Spoken:
    """What is said between two moments, in milliseconds of the recording."""

    text: str
    start: int
    end: int


def worths(spoken: Sequence[Spoken]) -> list[float]:
    """The worth of each sentence, at least a little for each."""
    texts = [one.text for one in spoken]
    bags = [Counter(plain(text).split()) for text in texts]
    spread = Counter(word for bag in bags for word in bag)
    count = len(bags)
    values = []
    for index, bag in enumerate(bags):
        value = sum(math.log(1 + count / spread[word]) * _weight(word) for word in bag)
        if index in (0, count - 1):
            value *= _EDGE_BONUS
        elif index in (1, count - 2):
            value *= _NEAR_EDGE_BONUS
        if any(fuzz.token_set_ratio(texts[index], later) >= _SAME for later in texts[index + 1 : index + 40]):
            value *= _SAME_PENALTY
        values.append(max(value, 0.01))
    return values


def _weight(word: str) -> float:
    """Short words carry grammar rather than matter."""
    return 0.2 if len(word) <= 3 else 1.0


def fill(values: Sequence[float], lengths: Sequence[int], room: int) -> frozenset[int]:
    """The sentences of most worth that fit into a length (0/1 knapsack).

    Args:
        values: worth of each, above 0.
        lengths: milliseconds of each.
        room: milliseconds in all.

    Returns:
        Indexes of the chosen ones.
    """
    step = max(_STEP, room // _MOST_SLOTS)
    slots = max(0, room) // step
    sizes = [max(1, round(length / step)) for length in lengths]
    best = np.zeros(slots + 1)
    taken = np.zeros((len(sizes), slots + 1), dtype=bool)
    for index, (size, value) in enumerate(zip(sizes, values, strict=True)):
        if size > slots:
            continue
        candidate = best[: slots + 1 - size] + value
        better = candidate > best[size:]
        taken[index, size:] = better
        best[size:] = np.where(better, candidate, best[size:])
    chosen = set()
    slot = slots
    for index in range(len(sizes) - 1, -1, -1):
        if taken[index, slot]:
            chosen.add(index)
            slot -= sizes[index]
    return frozenset(chosen)
