"""What sentences take in the output, pauses included, so that a length asked for can be met by arithmetic.

What a pause comes to depends on its two neighbours alone: whether one of them stays, or both. So the length of the
output is a sum over the sentences that stay and over neighbours that both do.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from typing import Final

from cutdown.director.draft import Draft
from cutdown.director.pieces import Piece
from cutdown.director.sentences import Sentence

FASTEST: Final = 32  # times as fast that a wait is shown at most, where a length is asked for


@dataclass(frozen=True)
class Lengths:
    """Milliseconds of the output, with every wait shown as fast as it may be."""

    alone: tuple[int, ...]
    """Of each sentence, with its share of the pauses where neither neighbour stays."""
    joints: tuple[int, ...]
    """On top where a sentence and the next one both stay; one fewer than sentences."""


def lengths_of(draft: Draft, sentences: Sequence[Sentence]) -> Lengths:
    """What sentences take.

    Args:
        draft: the sounds, and what is left out anyway.
        sentences: all that can be chosen, in order; every other sound is left out.
    """
    sounds = draft.talk.sounds
    alone = [_own(draft, sentence) for sentence in sentences]
    joints = []
    if sentences:
        first, last = sounds[sentences[0].sounds[0]].start, sounds[sentences[-1].sounds[-1]].end
        before, after = (
            draft.between(-1, sentences[0].sounds[0]),
            draft.between(sentences[-1].sounds[-1], len(sounds)),
        )
        alone[0] += shown(draft.pause(None, first, before), 0, first)
        alone[-1] += shown(draft.pause(last, None, after), last, draft.talk.duration)
    for one, (sentence, other) in enumerate(pairwise(sentences)):
        end, start = sounds[sentence.sounds[-1]].end, sounds[other.sounds[0]].start
        between = draft.between(sentence.sounds[-1], other.sounds[0])
        gone_after = [*between, *draft.selected_out(other).values()]
        gone_before = [*draft.selected_out(sentence).values(), *between]
        both = shown(draft.pause(end, start, between), end, start)
        behind = shown(draft.pause(end, sounds[other.sounds[-1]].end, gone_after), end, start)
        ahead = shown(draft.pause(sounds[sentence.sounds[0]].start, start, gone_before), end, start)
        alone[one] += behind
        alone[one + 1] += ahead
        joints.append(round(both - behind - ahead))
    return Lengths(tuple(map(round, alone)), tuple(joints))


def shown(decided: Sequence[Piece], start: int, end: int) -> Fraction:
    """Milliseconds that ``[start, end)`` takes where everything not decided on stays and waits are at their fastest."""
    length = Fraction(end - start)
    for piece in decided:
        within = max(0, min(piece.end, end) - max(piece.start, start))
        length -= within if piece.type == "cut" else within * (1 - 1 / _speed(piece))
    return length


def _speed(piece: Piece) -> Fraction:
    return Fraction(FASTEST) if piece.type == "speedup" else Fraction(1)


def _own(draft: Draft, sentence: Sentence) -> Fraction:
    """A sentence with the pauses within it."""
    sounds = draft.talk.sounds
    pauses = (
        shown(
            draft.pause(sounds[a].end, sounds[b].start, draft.between(a, b)), sounds[a].end, sounds[b].start
        )
        for a, b in pairwise(sentence.sounds)
    )
    return sum(pauses, Fraction(sum(sounds[one].length for one in sentence.sounds)))
