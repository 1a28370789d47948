"""What a speaker took back or said beside the matter: takes, edit marks, asides.

Asides are recognised by the phrasebook alone, so a whole utterance has to match.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from cutdown.director.phrasebook import ASIDE_LIKENESS, Phrasebook
from cutdown.director.second_takes import find_second_takes
from cutdown.director.takes import Slip, TakeSearch, runs
from cutdown.director.talk import Talk

_ASIDE_PHRASES: Final = 4


@dataclass(frozen=True)
class _Utterance:
    """Phrases ``[first, last)`` that stand alone."""

    first: int
    last: int
    likeness: float


def find_slips(talk: Talk, book: Phrasebook) -> tuple[Slip, ...]:
    """All slips in order; none overlaps another."""
    asides = _find_asides(talk, book)
    search = TakeSearch(talk, book, frozenset(p for a in asides for p in range(a.first, a.last)))
    slips = [_aside(talk, aside) for aside in asides]
    slips += search.marked(known=True)
    slips += search.unmarked()
    slips += search.marked(known=False)
    slips += find_second_takes(
        talk, book, frozenset(s for slip in slips for s in range(slip.first, slip.last))
    )
    return tuple(sorted(slips, key=lambda slip: slip.first))


def _aside(talk: Talk, utterance: _Utterance) -> Slip:
    first, last = talk.phrases[utterance.first][0], talk.phrases[utterance.last - 1][1]
    return Slip(
        first,
        last,
        "aside",
        "Said beside the matter: an interruption or housekeeping",
        round(utterance.likeness, 2),
        "matches a phrase people say to interrupt themselves",
    )


def _find_asides(talk: Talk, book: Phrasebook) -> list[_Utterance]:
    """The utterances that read as asides; where two overlap, the one that reads better."""
    candidates = [
        _Utterance(first, last, likeness)
        for first in range(len(talk.phrases))
        for last, text in runs(talk, first, _ASIDE_PHRASES)
        if (likeness := book.likeness_to_aside(text)) >= ASIDE_LIKENESS
    ]
    found: list[_Utterance] = []
    for one in sorted(candidates, key=lambda u: (-u.likeness, u.first - u.last, u.first)):
        if all(one.last <= other.first or other.last <= one.first for other in found):
            found.append(one)
    return sorted(found, key=lambda utterance: utterance.first)
