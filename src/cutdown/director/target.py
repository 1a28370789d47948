"""Meeting a length: waits are shown faster first, then whole sentences are left out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Final

from cutdown.director.draft import Draft
from cutdown.director.lengths import FASTEST, lengths_of
from cutdown.director.pieces import Piece
from cutdown.director.problem import Problem
from cutdown.director.programme import Chosen, choose
from cutdown.director.selection import coverage, passages, problem_of
from cutdown.director.sentences import Sentence
from cutdown.director.worth import worths
from cutdown.plan import Selection
from cutdown.settings import DirectorOptions

_CLOSE: Final = Fraction(2, 100)  # a target counts as met within 2 %
_ROUNDS: Final = 4


@dataclass(frozen=True)
class Selected:
    """What was decided to meet a length."""

    pieces: list[Piece]
    """The cuts and speedups."""
    kept: tuple[Sentence, ...]
    selection: Selection | None = None
    """None where no length was asked for."""


def target_length(duration: Fraction, options: DirectorOptions) -> int | None:
    """The length asked for in milliseconds, at most the recording's, or None."""
    if options.target_seconds is not None:
        wanted = Fraction(options.target_seconds)
    elif options.target_ratio is not None:
        wanted = duration * Fraction(options.target_ratio)
    else:
        return None
    return max(1, round(min(wanted, duration) * 1000))


def meet_target(
    draft: Draft,
    sentences: Sequence[Sentence],
    target: int | None,
    language: str,
    values: Sequence[float] | None = None,
) -> Selected:
    """Decide so that the output is about as long as asked for.

    A recording that is short enough once it is clean loses nothing more. Otherwise the output is at most 2 %
    or one sentence off.

    Args:
        draft: the sounds, and what is left out anyway.
        sentences: what can be chosen from.
        target: milliseconds asked for; None where no length is.
        language: ISO 639-1; a language has its own ways to show that a sentence needs another.
        values: the worth of each sentence, above 0; what people would choose where not given.
    """
    decided = draft.pieces()
    if target is None:
        return Selected(decided, tuple(sentences))
    decided = _fast_enough(decided, draft, target)
    if _length(decided, draft) <= target * (1 + _CLOSE) or not sentences:
        return Selected(decided, tuple(sentences), Selection(coverage=1.0, gap=0.0))
    spoken = [sentence.spoken(draft.talk) for sentence in sentences]
    values = worths(spoken) if values is None else values
    lengths = lengths_of(draft, sentences)
    problem = problem_of(spoken, values, lengths.alone, lengths.joints, language=language)
    chosen = _chosen(draft, sentences, problem, target)
    kept = tuple(sentence for one, sentence in enumerate(sentences) if one in chosen.kept)
    return Selected(
        _fast_enough(_pieces(draft, sentences, chosen), draft, target),
        kept,
        Selection(
            coverage=coverage([one.text for one in spoken], chosen.kept),
            gap=chosen.gap,
            left_out=tuple(passages(spoken, values, chosen.kept)),
        ),
    )


def _chosen(draft: Draft, sentences: Sequence[Sentence], problem: Problem, target: int) -> Chosen:
    """The sentences to keep.

    What no sentence brings along, such as a screen that moves while all speech around it goes, is found by a look at the
    whole, and taken off the room.
    """
    beside = 0
    tried: list[tuple[bool, Fraction, Chosen]] = []
    for _ in range(_ROUNDS):
        chosen = choose(problem, target - beside)
        if not chosen.kept:  # there has to be something to hear
            chosen = replace(
                chosen, kept=frozenset({max(range(len(sentences)), key=problem.worths.__getitem__)})
            )
        shortest = _length(_faster(_pieces(draft, sentences, chosen), None), draft)
        tried.append((shortest > target * (1 + _CLOSE), abs(shortest - target), chosen))
        found = round(shortest) - problem.length(chosen.kept)
        if abs(found - beside) <= target * _CLOSE / 4:
            break
        beside = found
    return min(tried, key=lambda one: one[:2])[2]


def _pieces(draft: Draft, sentences: Sequence[Sentence], chosen: Chosen) -> list[Piece]:
    return draft.without([one for index, one in enumerate(sentences) if index not in chosen.kept]).pieces()


def _length(decided: Sequence[Piece], draft: Draft) -> Fraction:
    """Milliseconds of the output, where everything not decided on is kept."""
    return draft.talk.duration - sum((piece.length - piece.planned for piece in decided), Fraction(0))


def _fast_enough(decided: list[Piece], draft: Draft, target: int) -> list[Piece]:
    """The waits faster where that brings the output nearer to its length."""
    over = _length(decided, draft) - target
    return _faster(decided, over) if over > 0 else decided


def _faster(decided: Sequence[Piece], over: Fraction | None) -> list[Piece]:
    """Speed waits up by one common factor, within limits, to win back what is too much; None for all that they give."""
    waits = [piece for piece in decided if piece.type == "speedup"]
    shown = sum((piece.planned for piece in waits), Fraction(0))
    if not waits or shown <= 0:
        return list(decided)
    times = FASTEST if over is None else shown / max(shown - over, shown / FASTEST)
    return [
        replace(piece, factor=Fraction(round(2 * min(Fraction(FASTEST), (piece.factor or 1) * times)), 2))
        if piece.type == "speedup"
        else piece
        for piece in decided
    ]
