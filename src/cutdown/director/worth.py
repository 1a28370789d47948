"""What a sentence is worth.

The worth is learnt from meetings: how many of its seconds people would have put into an extract, and how many
sentences of an abstract would have pointed at it. Two small models of boosted trees read both off the sentence's
traits. One that is said again later counts for less.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from importlib.resources import files
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray
from rapidfuzz import fuzz

from cutdown.director.traits import SHORTEST, Spoken, traits
from cutdown.director.trees import Trees
from cutdown.director.wording import plain
from cutdown.timebase import Frozen

LINKS_A_MEETING: Final = (
    150  # links of an abstract to a meeting, as counted in learning; about the corpus's mean
)

_SAME: Final = 88.0  # likeness of the sorted words, of 100, at which a later sentence says the same
_SAME_PENALTY: Final = 0.2
_LATER: Final = 40  # sentences in which it may be said again
_LEAST: Final = 0.01
_DECIMALS: Final = 6  # of a worth; processors may differ in what comes after


class Judge(Frozen):
    """What was learnt from people's choices; made by `benchmarks.train_worth`."""

    schema_version: Literal[1] = 1
    chosen: Trees
    """The log odds that people choose a sentence."""
    links: Trees
    """The logarithm of the links it gets, where a recording has `LINKS_A_MEETING`."""
    seconds_a_link: float
    """How many chosen seconds a link is worth."""

    def values(self, known: Mapping[str, NDArray[np.float64]]) -> NDArray[np.float64]:
        """The worth of each sentence in seconds, from its traits."""
        odds = 1 / (1 + np.exp(-self.chosen.sums(known)))
        links = np.exp(self.links.sums(known))
        return odds * np.maximum(known["seconds"], SHORTEST) + self.seconds_a_link * links


@functools.cache
def learnt() -> Judge:
    """The judge that comes with the program."""
    held = files("cutdown.director") / "worth.json"
    return Judge.model_validate_json(held.read_text(encoding="utf-8"))


def worths(spoken: Sequence[Spoken]) -> list[float]:
    """The worth of each sentence, at least a little for each; in seconds of what people would choose.

    Args:
        spoken: all sentences of a recording, in order of their starts.
    """
    if not spoken:
        return []
    values = learnt().values(traits(spoken))
    texts = [" ".join(sorted(plain(one.text).split())) for one in spoken]
    found = []
    for index, value in enumerate(values):
        worth = float(value)
        if _said_again(texts[index], texts[index + 1 : index + 1 + _LATER]):
            worth *= _SAME_PENALTY
        found.append(max(round(worth, _DECIMALS), _LEAST))
    return found


def _said_again(text: str, later: Sequence[str]) -> bool:
    return bool(text) and any(fuzz.ratio(text, other, score_cutoff=_SAME) for other in later)
