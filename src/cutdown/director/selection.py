"""What there is to choose from: sentences with their worth, what they cover, and what they need.

A term counts by how often the recording says it, so that its topics weigh by the room they take. An opening and an
ending stay wherever they fit.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from fractions import Fraction
from itertools import groupby
from typing import Final

from cutdown.director.dependencies import find_dependencies
from cutdown.director.problem import Problem
from cutdown.director.traits import Spoken, content_terms
from cutdown.plan import Passage

_COVERED: Final = 0.003  # of the worth of everything, what covering all its terms counts; more cost more seconds than it gained links
_FEWEST_TERMS: Final = 2  # of an opening or an ending; "okay" is none
_NEXT_TO_NOTHING: Final = 0.25  # of the worth of the middle sentence
_QUOTE: Final = 160  # characters of a passage in the plan; its actions have all of it


def problem_of(
    spoken: Sequence[Spoken],
    values: Sequence[float],
    lengths: Sequence[int],
    joints: Sequence[int] = (),
    *,
    language: str,
) -> Problem:
    """The sentences as something to choose from.

    Args:
        spoken: in order of their starts.
        values: the worth of each, above 0.
        lengths: milliseconds of each; see `Problem`.
        joints: milliseconds on top for neighbours; see `Problem`.
        language: ISO 639-1.
    """
    needs = {(one.sentence, one.needed) for one in find_dependencies(spoken, language)}
    worth, terms = _with_terms(spoken, values)
    return Problem(worth, lengths, joints, sorted(needs), terms, opening_and_ending(spoken, values))


def said_terms(texts: Sequence[str]) -> dict[str, tuple[int, ...]]:
    """The terms of a talk, and the sentences that say each."""
    found: dict[str, list[int]] = {}
    for index, text in enumerate(texts):
        for term in content_terms(text):
            found.setdefault(term, []).append(index)
    return {term: tuple(sentences) for term, sentences in found.items()}


def _with_terms(
    spoken: Sequence[Spoken], values: Sequence[float]
) -> tuple[list[float], list[tuple[float, tuple[int, ...]]]]:
    """Worths and terms; a term of a single sentence belongs to its worth."""
    said = said_terms([one.text for one in spoken])
    scale = _COVERED * sum(values) / max(1, sum(len(sentences) for sentences in said.values()))
    worth, terms = list(values), []
    for sentences in said.values():
        if len(sentences) == 1:
            worth[sentences[0]] += scale
        else:
            terms.append((scale * len(sentences), sentences))
    return worth, terms


def opening_and_ending(spoken: Sequence[Spoken], values: Sequence[float]) -> tuple[int, ...]:
    """The first and the last sentence of substance, those aside that are worth next to nothing beside the others."""
    telling = [index for index, one in enumerate(spoken) if len(content_terms(one.text)) >= _FEWEST_TERMS]
    edges = telling or list(range(len(spoken)))
    if not edges:
        return ()
    middle = sorted(values[index] for index in edges)[len(edges) // 2]
    good = [index for index in edges if values[index] >= _NEXT_TO_NOTHING * middle]
    return tuple(dict.fromkeys((good[0], good[-1])))


def coverage(texts: Sequence[str], kept: Collection[int]) -> float:
    """The share of a talk's terms that the kept sentences say, each counted as often as sentences say it."""
    said = said_terms(texts)
    total = sum(len(sentences) for sentences in said.values())
    covered = sum(len(sentences) for sentences in said.values() if any(one in kept for one in sentences))
    return round(covered / total, 4) if total else 1.0


def passages(spoken: Sequence[Spoken], values: Sequence[float], kept: Collection[int]) -> Iterator[Passage]:
    """The runs of sentences that are not kept, each with its share of the worth of all sentences."""
    total = sum(values)
    for gone, run in groupby(range(len(spoken)), key=lambda one: one not in kept):
        if gone:
            one = list(run)
            yield Passage(
                start=Fraction(spoken[one[0]].start, 1000),
                end=Fraction(spoken[one[-1]].end, 1000),
                worth=round(sum(values[index] for index in one) / total, 4),
                quote=_shortened(" ".join(spoken[index].text for index in one)),
            )


def _shortened(text: str) -> str:
    return text if len(text) <= _QUOTE else text[: _QUOTE - 1].rstrip() + "…"
