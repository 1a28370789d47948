"""Ways to rank the sentences of a talk that anybody would try first, to measure ours against.

Each takes the texts and the times of the units (sentences, dialogue acts) and gives a score for each; the
best go first, and one that no longer fits is passed over.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

Scores = NDArray[np.float64]
Chosen = NDArray[np.bool_]

_WORD: Final = re.compile(r"[^\W_]+(?:'[^\W_]+)*")
_DAMPING: Final = 0.85  # of the walk in both papers
_STEPS: Final = 100
_ALIKE: Final = 0.1  # LexRank's threshold of cosine (Erkan & Radev 2004)
_FEWEST_WORDS: Final = 8  # of a unit in the graphs: "yeah, okay" is alike to half a meeting and wins else


@dataclass(frozen=True)
class Units:
    """What is ranked: texts, and starts and lengths in seconds."""

    texts: Sequence[str]
    starts: Scores
    seconds: Scores

    def counts(self) -> sparse.csr_array:
        """How often each word is in each unit, shape (units, words)."""
        known: dict[str, int] = {}
        rows, columns = [], []
        for row, text in enumerate(self.texts):
            for word in _WORD.findall(text.casefold()):
                rows.append(row)
                columns.append(known.setdefault(word, len(known)))
        shape = (len(self.texts), max(1, len(known)))
        return sparse.csr_array(
            (np.ones(len(rows)), (rows, columns)), shape=shape
        )  # sums what is there twice


def lead(units: Units) -> Scores:
    """From the beginning on."""
    return -units.starts


def longest(units: Units) -> Scores:
    """The longest first."""
    return units.seconds


def tfidf_sum(units: Units) -> Scores:
    """The rarity of all words of a unit, summed."""
    counts = units.counts()
    return np.asarray(counts @ _rarity(counts))


def textrank(units: Units) -> Scores:
    """TextRank (Mihalcea & Tarau 2004): shared words over the logarithms of both lengths."""
    counts = units.counts()
    told = counts.sign()
    shared = (told @ told.T).toarray()
    sizes = np.log(np.maximum(counts.sum(axis=1), 1))
    sums = sizes[:, None] + sizes[None, :]
    alike = np.divide(shared, sums, out=np.zeros_like(shared), where=sums > 0)
    return _walked(alike, counts)


def lexrank(units: Units) -> Scores:
    """LexRank (Erkan & Radev 2004): units whose tf-idf cosine is at least 0.1 vouch for each other."""
    counts = units.counts()
    weighted = counts.multiply(_rarity(counts)[None, :]).tocsr()
    norms = np.sqrt(weighted.multiply(weighted).sum(axis=1))
    cosines = (weighted @ weighted.T).toarray()
    scale = np.maximum(norms, 1e-12)
    return _walked((cosines / scale[:, None] / scale[None, :] >= _ALIKE).astype(np.float64), counts)


def _rarity(counts: sparse.csr_array) -> Scores:
    return np.asarray(np.log(counts.shape[0] / np.maximum(counts.sign().sum(axis=0), 1)))


def _walked(alike: Scores, counts: sparse.csr_array) -> Scores:
    """The stationary share of a walk over likeness; units of few words come after all others."""
    words = counts.sum(axis=1)
    np.fill_diagonal(alike, 0.0)
    sums = alike.sum(axis=1, keepdims=True)
    count = len(alike)
    steps = np.where(sums > 0, alike / np.maximum(sums, 1e-12), 1 / count)
    share = np.full(count, 1 / count)
    for _ in range(_STEPS):
        share = (1 - _DAMPING) / count + _DAMPING * (share @ steps)
    return np.where(words >= _FEWEST_WORDS, share, words / 1e6 - 1)


BASELINES: Final[Mapping[str, Callable[[Units], Scores]]] = {
    "lead": lead,
    "longest": longest,
    "TextRank": textrank,
    "LexRank": lexrank,
    "tf-idf sum": tfidf_sum,
}


def best_first(scores: Scores, seconds: Scores, room: float) -> Chosen:
    """The units of the highest scores that fit into ``room`` seconds; what does not fit is passed over."""
    chosen = np.zeros(len(scores), dtype=bool)
    for index in np.argsort(-scores, kind="stable"):
        if 0 < seconds[index] <= room:
            chosen[index] = True
            room -= seconds[index]
    return chosen
