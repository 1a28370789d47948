"""Meeting a length: waits are shown faster first, then whole sentences are left out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from itertools import pairwise
from typing import Final

from cutdown.director.draft import Draft
from cutdown.director.pauses import BREATH_AFTER, BREATH_BEFORE
from cutdown.director.pieces import Piece
from cutdown.director.sentences import Sentence
from cutdown.director.talk import Talk
from cutdown.director.worth import fill, worths
from cutdown.settings import DirectorOptions

_CLOSE: Final = Fraction(102, 100)  # a target counts as met within 2 %
_FASTEST: Final = 32
_ROUNDS: Final = 8


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
    draft: Draft, sentences: Sequence[Sentence], target: int, values: Sequence[float] | None = None
) -> tuple[list[Piece], tuple[Sentence, ...]]:
    """Decide so that the output is about as long as asked for.

    A recording that is short enough once it is clean loses nothing more. Otherwise the output is at most 2 %
    or one sentence off.

    Args:
        draft: the sounds, and what is left out anyway.
        sentences: what can be chosen from.
        target: milliseconds asked for.
        values: the worth of each sentence, above 0; by the rarity of its words where not given.

    Returns:
        The cuts and speedups, and the sentences that are kept.
    """
    decided = draft.pieces()
    over = _length(decided, draft) - target
    if over <= target * (_CLOSE - 1):
        return decided, tuple(sentences)
    faster = _faster(decided, over)
    if _length(faster, draft) <= target * _CLOSE:
        return faster, tuple(sentences)
    if values is None:
        values = worths([sentence.spoken(draft.talk) for sentence in sentences])
    lengths = [_brought(draft.talk, sentence) for sentence in sentences]
    kept = _choose(draft, sentences, values, lengths, target)
    left_out = [sentence for index, sentence in enumerate(sentences) if index not in kept]
    shorter = draft.without(left_out)
    decided = shorter.pieces()
    over = _length(decided, draft) - target
    if over > 0:
        decided = _faster(decided, over)
    return decided, tuple(sentence for index, sentence in enumerate(sentences) if index in kept)


def _choose(
    draft: Draft, sentences: Sequence[Sentence], values: Sequence[float], lengths: Sequence[int], target: int
) -> frozenset[int]:
    """The sentences to keep; the room is corrected by what the pauses really come to."""
    room = target
    best: tuple[Fraction, frozenset[int]] | None = None
    for _ in range(_ROUNDS):
        kept = fill(values, lengths, room) or frozenset({max(range(len(values)), key=values.__getitem__)})
        pieces = draft.without([s for i, s in enumerate(sentences) if i not in kept]).pieces()
        fastest = _faster(pieces, 1 << 40)
        least, most = _length(fastest, draft), _length(pieces, draft)
        miss = target - most if most < target else max(Fraction(0), least - target)
        if best is None or abs(miss) < best[0]:
            best = (abs(miss), kept)
        if abs(miss) <= target * (_CLOSE - 1) or len(kept) == 0:
            break
        room += round(miss if most < target else -miss)
        if room <= 0:
            break
    return best[1] if best is not None else frozenset()


def _brought(talk: Talk, sentence: Sentence) -> int:
    """Milliseconds that a sentence brings along: its sounds, the pauses within it, a breath on both sides."""
    first, last = sentence.sounds[0], sentence.sounds[-1]
    sounds = sum(talk.sounds[index].length for index in sentence.sounds)
    within = sum(
        min(talk.sounds[after].start - talk.sounds[before].end, BREATH_AFTER + BREATH_BEFORE)
        for before, after in pairwise(sentence.sounds)
    )
    return (
        sounds
        + within
        + min(talk.silence_before(first), BREATH_BEFORE)
        + min(talk.silence_after(last), BREATH_AFTER)
    )


def _length(decided: Sequence[Piece], draft: Draft) -> Fraction:
    """Milliseconds of the output, where everything not decided on is kept."""
    return draft.talk.duration - sum((piece.length - piece.planned for piece in decided), Fraction(0))


def _faster(decided: Sequence[Piece], over: Fraction | int) -> list[Piece]:
    """Speed waits up by one common factor, within limits, to win back what is too much."""
    waits = [piece for piece in decided if piece.type == "speedup"]
    shown = sum((piece.planned for piece in waits), Fraction(0))
    if not waits or shown <= 0:
        return list(decided)
    times = shown / max(shown - over, shown / _FASTEST)
    return [
        replace(piece, factor=Fraction(round(2 * min(Fraction(_FASTEST), (piece.factor or 1) * times)), 2))
        if piece.type == "speedup"
        else piece
        for piece in decided
    ]
