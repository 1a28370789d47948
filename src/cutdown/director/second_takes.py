"""Whole sentences that were said again: the last complete take stays.

Two sentences are takes of one where the second has the words of the first in their order, with words
put in or left out. Where a word of weight was exchanged for another ("the first case", "the second case"), both
are meant, however alike they are.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from typing import Final

from cutdown.director.phrasebook import Phrasebook
from cutdown.director.sentences import Sentence, find_sentences
from cutdown.director.takes import Slip
from cutdown.director.talk import Talk
from cutdown.director.wording import contrasts, plain, shared_words
from cutdown.transcript import Word

# Of 26,970 pairs of neighbouring sentences of one speaker in 97 meetings, 10 are so alike; in each of them the
# second one says the first one again. At .8 to .85 every other pair contrasts two things.
_ALIKE: Final = 0.85
_FEWEST_WORDS: Final = 6
_SHORTEST_BREAK: Final = 300  # ms; who begins again stops before it
_LONGEST_BREAK: Final = 6_000


def find_second_takes(talk: Talk, book: Phrasebook, gone: frozenset[int]) -> Iterator[Slip]:
    """Sentences that the next one says again, in order.

    Args:
        talk: the sounds and their words.
        book: which words carry no weight.
        gone: sounds that are left out anyway.
    """
    sentences = find_sentences(talk, gone)
    for first, second in itertools.pairwise(sentences):
        silence = talk.sounds[second.sounds[0]].start - talk.sounds[first.sounds[-1]].end
        whole = first.sounds[-1] - first.sounds[0] + 1 == len(first.sounds)
        if not whole or not _SHORTEST_BREAK <= silence <= _LONGEST_BREAK:
            continue
        alike = _likeness(_words(talk, first), _words(talk, second), book)
        if alike >= _ALIKE:
            yield Slip(
                first.sounds[0],
                first.sounds[-1] + 1,
                "retake",
                "Sentence said again: the last take stays",
                round(alike, 2),
                "the next sentence has the same words in the same order",
            )


def _likeness(first: Sequence[Word], second: Sequence[Word], book: Phrasebook) -> float:
    """Share of both sentences' words that they have in common in order, 0 where they contrast."""
    if min(len(first), len(second)) < _FEWEST_WORDS or contrasts(first, second, book.weights):
        return 0.0
    return shared_words(first, second)


def _words(talk: Talk, sentence: Sentence) -> list[Word]:
    return [word for sound in sentence.sounds for word in talk.heard(sound, sound + 1) if plain(word.text)]
