"""What can be measured of a sentence that tells whether people would keep it.

Lengths, rarity and news of its words, its place, its neighbourhood and small words of speech ("we should",
"because", "um"), without speaker, meaning or domain. Windows are in seconds, not in sentences, so that it
matters little how a talk is parted.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import scipy  # loads its parts when they are first used: a run that finds its answers needs none
from numpy.typing import NDArray

Values = NDArray[np.float64]

_WORD: Final = re.compile(r"[^\W_]+(?:'[^\W_]+)*")
_WINDOWS: Final = (5.0, 15.0, 45.0, 150.0)  # seconds on either side
_NEAR: Final = 15  # sentences on either side that a sentence is compared with
SHORTEST: Final = 0.05  # seconds; what ends before it starts counts as so long
_LONGEST_GAP: Final = 10.0  # seconds; a longer one says no more

_SMALL_WORDS: Final = {  # groups of English words; each is a trait: how many of them a sentence has
    "we": "we we're we've we'd we'll our us let's",
    "I": "i i'm i've i'd i'll my me",
    "you": "you you're you've you'd you'll your",
    "they": "they they're they've they'd they'll people someone everybody them",
    "it": "it it's its he she he's she's",
    "this": "this that these those that's there there's",
    "modal": "should could would might must may can can't couldn't",
    "future": "will gonna going won't",
    "need": "need needs want wants have has had wanna gotta",
    "think": "think guess mean know suppose feel believe",
    "because": "because if when since unless",
    "so": "so then therefore",
    "but": "but though although however or",
    "and": "and also too",
    "hesitation": "um uh hmm mm er",
    "reply": "yeah yep yes okay ok right no nope sure alright mm-hmm oh",
    "vague": "like just really very quite kind sort bit actually basically maybe probably well",
    "question": "what how which who why where",
    "number": "zero one two three four five six seven eight nine ten eleven twelve fifteen twenty thirty forty"
    " fifty sixty hundred thousand million percent half first second third",
    "relation": "of in on at by for with about into over after before from to up down out off",
    "article": "the a an",
    "being": "is are was were be been being am do does did done",
    "not": "not don't doesn't didn't isn't aren't wasn't never nothing",
    "quantity": "all any some more most much many other only even every each lot something things thing",
    "verdict": "good better best important problem idea question decision decide decided different main point",
}
_GROUP_OF: Final = {word: group for group, words in _SMALL_WORDS.items() for word in words.split()}
_MATTER_TOO: Final = frozenset(_SMALL_WORDS["verdict"].split())


@dataclass(frozen=True)
class Spoken:
    """What is said between two moments, in milliseconds of the recording."""

    text: str
    start: int
    end: int


def traits(spoken: Sequence[Spoken]) -> dict[str, Values]:
    """Every trait of every sentence, by the trait's name; sentences in order of their starts."""
    starts = np.array([one.start for one in spoken], dtype=np.float64) / 1000
    ends = np.array([one.end for one in spoken], dtype=np.float64) / 1000
    seconds = np.maximum(ends - starts, SHORTEST)
    words = [_words(one.text) for one in spoken]
    counts = np.array([len(one) for one in words], dtype=np.float64)
    known = {
        "seconds": seconds,
        "words": counts,
        "words a second": counts / seconds,
        "place": (starts + ends) / 2 / max(float(ends.max()), SHORTEST),
        **_gaps(starts, ends),
        **_matter(words, counts),
        **_small_words(words),
    }
    for name in ("seconds", "rarity", "rarity of all"):
        known[f"rank of {name}"] = _ranks(known[name])
    return {**known, **_around(known, (starts + ends) / 2, counts)}


def _gaps(starts: Values, ends: Values) -> dict[str, Values]:
    between = np.clip(starts[1:] - ends[:-1], -_LONGEST_GAP, _LONGEST_GAP)
    return {"gap before": np.concatenate([[0.0], between]), "gap after": np.concatenate([between, [0.0]])}


def _matter(words: Sequence[Sequence[str]], counts: Values) -> dict[str, Values]:
    """Traits of the words that carry the matter, by how often and where else they are said."""
    matter = [[word for word in one if len(word) > 1 and _carries(word)] for one in words]
    told = _told(matter)
    spread = told.sum(axis=0)
    rare = np.log((len(words) + 1) / (spread + 0.5))
    everything = _told(words)
    rare_of_all = np.log((len(words) + 1) / (everything.sum(axis=0) + 0.5))
    different = told.sum(axis=1)
    rarity = told @ rare
    later = np.log(np.maximum(spread, 1))
    fresh = _first_told(told)
    return {
        "matter": np.array([len(one) for one in matter], dtype=np.float64),
        "different": different,
        "share of matter": different / np.maximum(counts, 1),
        "rarity": rarity,
        "rarity of all": everything @ rare_of_all,
        "mean rarity": rarity / np.maximum(different, 1),
        "recurring": told @ later,
        "once": told @ (spread == 1).astype(np.float64),
        "new": fresh.sum(axis=1),
        "new and recurring": fresh @ later,
        "for the last time": _first_told(told[::-1])[::-1] @ (spread > 1).astype(np.float64),
        **_likeness(told.multiply(rare[None, :]).tocsr()),
    }


def content_terms(text: str) -> tuple[str, ...]:
    """The different words of a text that carry its matter, in small letters and in order."""
    return tuple(dict.fromkeys(word for word in _words(text) if len(word) > 1 and _carries(word)))


def _words(text: str) -> list[str]:
    return _WORD.findall(text.replace("’", "'").casefold())


def _carries(word: str) -> bool:
    return word not in _GROUP_OF or word in _MATTER_TOO


def _told(words: Sequence[Sequence[str]]) -> scipy.sparse.csr_array:
    """Which words each sentence has, shape (sentences, words), 0 or 1."""
    known: dict[str, int] = {}
    rows, columns = [], []
    for row, one in enumerate(words):
        for word in dict.fromkeys(one):
            rows.append(row)
            columns.append(known.setdefault(word, len(known)))
    shape = (len(words), max(1, len(known)))
    return scipy.sparse.csr_array((np.ones(len(rows)), (rows, columns)), shape=shape)


def _first_told(told: scipy.sparse.csr_array) -> scipy.sparse.csr_array:
    """Only the first sentence that has each word."""
    entries = told.tocoo()
    first = np.full(told.shape[1], told.shape[0])
    np.minimum.at(first, entries.col, entries.row)
    new = first[entries.col] == entries.row
    held = (entries.data[new], (entries.row[new], entries.col[new]))
    return scipy.sparse.csr_array(held, shape=told.shape)


def _likeness(weighted: scipy.sparse.csr_array) -> dict[str, Values]:
    """Cosines with the whole talk and with the sentences around."""
    norms = np.sqrt(weighted.multiply(weighted).sum(axis=1))
    unit = weighted.multiply((1 / np.where(norms > 0, norms, 1.0))[:, None]).tocsr()
    whole = np.asarray(unit.sum(axis=0))
    count = unit.shape[0]
    sums, most = np.zeros((2, count)), np.zeros((2, count))
    for distance in range(1, min(_NEAR, count - 1) + 1):
        alike = np.asarray(unit[distance:].multiply(unit[:-distance]).sum(axis=1))
        for side, where in enumerate((slice(distance, None), slice(None, -distance))):
            sums[side, where] += alike
            most[side, where] = np.maximum(most[side, where], alike)
    return {
        "like the whole": unit @ whole / max(float(np.sqrt(whole @ whole)), 1e-9),
        "like before": sums[0],
        "like after": sums[1],
        "most like one before": most[0],
        "most like one after": most[1],
    }


def _small_words(words: Sequence[Sequence[str]]) -> dict[str, Values]:
    found = {group: np.zeros(len(words)) for group in _SMALL_WORDS}
    for row, one in enumerate(words):
        for word in one:
            group = "number" if word.isdigit() else _GROUP_OF.get(word)
            if group is not None:
                found[group][row] += 1
    return {f"'{group}'": values for group, values in found.items()}


def _ranks(values: Values) -> Values:
    """Places in ascending order, 0 to 1; equal values keep the order of the talk."""
    order = np.argsort(np.argsort(values, kind="stable"), kind="stable")
    return (order + 0.5) / len(values)


def _around(known: dict[str, Values], middles: Values, counts: Values) -> dict[str, Values]:
    """Means of some traits over the windows around each sentence, and of the neighbours themselves."""
    order = np.argsort(middles, kind="stable")
    in_order = middles[order]
    traits_around = {
        name: known[name] for name in ("seconds", "rarity", "rarity of all", "recurring", "like before")
    }
    traits_around["short"] = (counts <= 2).astype(np.float64)
    found = {}
    for name, values in traits_around.items():
        sums = np.concatenate([[0.0], np.cumsum(values[order])])
        for window in _WINDOWS:
            first = np.searchsorted(in_order, middles - window, side="left")
            last = np.searchsorted(in_order, middles + window, side="right")
            found[f"{name} within {window:g} s"] = (sums[last] - sums[first]) / (last - first)
        found[f"{name} one before"] = np.concatenate([[0.0], values[:-1]])
        found[f"{name} one after"] = np.concatenate([values[1:], [0.0]])
    return found
