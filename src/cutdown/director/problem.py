"""What there is to choose from when a length is asked for: worths, lengths, needs and terms as numbers."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Problem:
    """What can be chosen from, in the order of the recording."""

    worths: Sequence[float]
    """Of each sentence, above 0."""
    lengths: Sequence[int]
    """Milliseconds that each takes where neither neighbour stays."""
    joints: Sequence[int] = ()
    """Milliseconds on top where a sentence and the next one both stay, mostly below 0; one fewer than sentences."""
    needs: Sequence[tuple[int, int]] = ()
    """Sentences, and one that each needs."""
    terms: Sequence[tuple[float, tuple[int, ...]]] = ()
    """What a term counts, and the sentences that say it."""
    wanted: Sequence[int] = ()
    """Sentences that stay wherever they fit, the most wanted first."""

    def length(self, kept: Collection[int]) -> int:
        """Milliseconds that these sentences take together."""
        both = (joint for one, joint in enumerate(self.joints) if one in kept and one + 1 in kept)
        return sum(self.lengths[one] for one in kept) + sum(both)

    def worth(self, kept: Collection[int]) -> float:
        """What these sentences are worth together, with what they cover."""
        covered = (counts for counts, sentences in self.terms if any(one in kept for one in sentences))
        return sum(self.worths[one] for one in sorted(kept)) + sum(covered)

    def with_needed(self, kept: Iterable[int]) -> frozenset[int]:
        """These sentences and all that they need."""
        found = set(kept)
        before = -1
        while len(found) != before:
            before = len(found)
            found.update(needed for one, needed in self.needs if one in found)
        return frozenset(found)

    def without_needing(self, kept: Iterable[int]) -> frozenset[int]:
        """Of these sentences, those that have all that they need."""
        found = set(kept)
        before = -1
        while len(found) != before:
            before = len(found)
            found.difference_update(
                [one for one, needed in self.needs if one in found and needed not in found]
            )
        return frozenset(found)
