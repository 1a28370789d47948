"""Which sentences fill a length best: an integer programme over worth, coverage, dependencies and exact lengths.

The most worth is chosen, with what its terms count on top (each term once, however often it is said, as in Gillick &
Favre, "A scalable global model for summarization", 2009). A sentence that needs another one stays only together with it.
What two neighbours take depends on whether both stay: the length of the output, pauses included, is part of the
programme rather than guessed at.

The best a second goes first (`greedy`), and the programme without whole numbers tells how much better anything could be. What
that leaves open is searched by HiGHS. Where too much is open, the first choice stands, and its distance to the best that
there could be is stated. All of it is counted in steps and never in time, so that a slow machine decides the same.
"""

from __future__ import annotations

import heapq
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import optimize, sparse

CLOSE: Final = 0.002  # share of the worth; what is known about a sentence is far less sure
_STEPS: Final = 20  # nodes of the search
_OPEN: Final = 120  # sentences that it may be about: a second of work; 600 of random words took half a minute
_SECOND: Final = 1000  # ms
_YES: Final = 0.5
_DECIMALS: Final = 4  # of the gap; processors may differ in what comes after

Floats = NDArray[np.float64]


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


@dataclass(frozen=True)
class Chosen:
    """The sentences that stay, and the share by which any other choice could at most be worth more."""

    kept: frozenset[int]
    gap: float


def choose(problem: Problem, room: int) -> Chosen:
    """The sentences of most worth that fit into a length.

    Args:
        problem: what there is.
        room: milliseconds.
    """
    everything = frozenset(range(len(problem.worths)))
    if problem.length(everything) <= room:
        return Chosen(everything, 0.0)
    wanted = _wanted(problem, room)
    kept = greedy(problem, room, wanted)
    better, most = _searched(problem, room, wanted, problem.worth(kept))
    better = _filled(problem, _held(problem, better | wanted, wanted, room), room)
    kept = max(kept, better, key=problem.worth)
    worth = problem.worth(kept)
    return Chosen(kept, max(0.0, round(most / worth - 1, _DECIMALS)) if worth > 0 else 0.0)


def greedy(problem: Problem, room: int, kept: frozenset[int] = frozenset()) -> frozenset[int]:
    """Always add the sentence, with what it needs, that is worth most for the time that it takes.

    Args:
        problem: what there is.
        room: milliseconds.
        kept: what stays anyway, with all that it needs.
    """
    state = _Kept(problem, kept)
    waiting = [(-state.density(one), one) for one in range(len(problem.worths)) if one not in kept]
    heapq.heapify(waiting)
    while waiting:
        known, one = heapq.heappop(waiting)
        if one in state.kept:
            continue
        now = -state.density(one)
        if now > known:  # something that it says is covered by now
            heapq.heappush(waiting, (now, one))
            continue
        more = state.with_needed(one)
        if state.length + state.length_of(more) <= room:
            state.add(more)
            for near in {other for added in more for other in (added - 1, added + 1)}:
                if (
                    0 <= near < len(problem.worths) and near not in state.kept
                ):  # it is shorter beside a neighbour
                    heapq.heappush(waiting, (-state.density(near), near))
    return frozenset(state.kept)


class _Kept:
    """A choice in the making, and what another sentence would add to it."""

    def __init__(self, problem: Problem, kept: frozenset[int]) -> None:
        self._problem = problem
        self._terms: dict[int, list[int]] = {}
        for term, (_, sentences) in enumerate(problem.terms):
            for one in sentences:
                self._terms.setdefault(one, []).append(term)
        self._needs: dict[int, list[int]] = {}
        for one, needed in problem.needs:
            self._needs.setdefault(one, []).append(needed)
        self._covered: set[int] = set()
        self.kept: set[int] = set()
        self.length = 0
        self.add(kept)

    def add(self, more: frozenset[int]) -> None:
        """Take sentences in."""
        self.length += self.length_of(more)
        self.kept |= more
        self._covered.update(term for one in more for term in self._terms.get(one, ()))

    def with_needed(self, one: int) -> frozenset[int]:
        """The sentence and what it needs, as far as that is not kept."""
        found, open_ends = {one}, [one]
        while open_ends:
            for needed in self._needs.get(open_ends.pop(), ()):
                if needed not in self.kept and needed not in found:
                    found.add(needed)
                    open_ends.append(needed)
        return frozenset(found)

    def length_of(self, more: frozenset[int]) -> int:
        """Milliseconds that these take on top."""
        joints = self._problem.joints
        total = sum(self._problem.lengths[one] for one in more)
        for left in {other for one in more for other in (one - 1, one)}:
            if 0 <= left < len(joints) and all(
                side in more or side in self.kept for side in (left, left + 1)
            ):
                total += joints[left]
        return total

    def density(self, one: int) -> float:
        """What a sentence with what it needs adds, for each millisecond that it takes."""
        more = self.with_needed(one)
        fresh = {term for other in sorted(more) for term in self._terms.get(other, ())} - self._covered
        worth = sum(self._problem.worths[other] for other in sorted(more))
        gain = worth + sum(self._problem.terms[term][0] for term in sorted(fresh))
        return gain / max(1, self.length_of(more))


def _wanted(problem: Problem, room: int) -> frozenset[int]:
    """The wanted sentences, with what they need, as far as they fit."""
    found: frozenset[int] = frozenset()
    for one in problem.wanted:
        more = found | problem.with_needed([one])
        if problem.length(more) <= room:
            found = more
    return found


def _held(problem: Problem, kept: frozenset[int], wanted: frozenset[int], room: int) -> frozenset[int]:
    """What fits of a choice: the least worth a second goes, with what needs it."""
    while problem.length(kept) > room and (loose := kept - wanted):
        worst = min(loose, key=lambda one: (problem.worths[one] / max(1, problem.lengths[one]), one))
        kept = problem.without_needing(kept - {worst})
    return kept


def _filled(problem: Problem, kept: frozenset[int], room: int) -> frozenset[int]:
    """A choice with everything that still fits, the most worth first."""
    for one in sorted(range(len(problem.worths)), key=lambda one: (-problem.worths[one], one)):
        if one not in kept:
            more = kept | problem.with_needed([one])
            if problem.length(more) <= room:
                kept = more
    return kept


def _searched(
    problem: Problem, room: int, wanted: Collection[int], known: float
) -> tuple[frozenset[int], float]:
    """A choice that may be better than what is known, and the most that any could be worth.

    Unknown are, in this order, which sentences stay (0 or 1), which neighbours both stay, and which terms are covered; the
    last two follow from the first, so that they need not be whole numbers.
    """
    count, joined, terms = len(problem.worths), len(problem.joints), len(problem.terms)
    size = count + joined + terms
    least, upmost = np.zeros(size), np.ones(size)
    least[list(wanted)] = 1.0
    gains = np.concatenate([problem.worths, np.zeros(joined), [counts for counts, _ in problem.terms]])
    limits = _constraints(problem, room, size)
    # Interior points first: the simplex method took five times as long on two hours of talk.
    loose = optimize.linprog(
        -gains, A_ub=limits.A, b_ub=limits.ub, bounds=np.stack([least, upmost], axis=1), method="highs-ipm"
    )
    if loose.x is None:
        return frozenset(), float(gains.sum())
    most = -float(loose.fun)
    if most <= known * (1 + CLOSE):
        return frozenset(), most
    # A sentence that would cost more than there is to win cannot change its side.
    dear = np.abs(loose.lower.marginals[:count] + loose.upper.marginals[:count]) > most - known
    least[:count] = np.where(dear & (loose.x[:count] > _YES), 1.0, least[:count])
    upmost[:count] = np.where(dear & (loose.x[:count] < _YES), 0.0, upmost[:count])
    if np.count_nonzero(least[:count] != upmost[:count]) > _OPEN:
        return frozenset(), most
    told = optimize.milp(
        -gains,
        integrality=np.concatenate([np.ones(count), np.zeros(joined + terms)]),
        bounds=optimize.Bounds(least, upmost),
        constraints=limits,
        options={"node_limit": _STEPS, "mip_rel_gap": CLOSE},
    )
    if told.x is None:
        return frozenset(), most
    kept = frozenset(int(one) for one in np.flatnonzero(told.x[:count] > _YES))
    return kept, max(known, min(most, -float(told.mip_dual_bound)))


def _constraints(problem: Problem, room: int, size: int) -> optimize.LinearConstraint:
    """What fits, what needs what, and how neighbours and terms follow from sentences; each row at most a number."""
    count, joined = len(problem.worths), len(problem.joints)
    rows = _Rows()
    rows.add(
        [(one, length / _SECOND) for one, length in enumerate(problem.lengths)]
        + [(count + one, joint / _SECOND) for one, joint in enumerate(problem.joints)],
        room / _SECOND,
    )
    for one, joint in enumerate(problem.joints):
        if joint < 0:  # it saves time, so it has to be kept down
            rows.add([(count + one, 1.0), (one, -1.0)], 0.0)
            rows.add([(count + one, 1.0), (one + 1, -1.0)], 0.0)
        elif joint > 0:
            rows.add([(one, 1.0), (one + 1, 1.0), (count + one, -1.0)], 1.0)
    for one, needed in problem.needs:
        rows.add([(one, 1.0), (needed, -1.0)], 0.0)
    for term, (_, sentences) in enumerate(problem.terms):
        rows.add([(count + joined + term, 1.0), *((one, -1.0) for one in sentences)], 0.0)
    return rows.at_most(size)


class _Rows:
    """Linear constraints in the making."""

    def __init__(self) -> None:
        self._entries: list[tuple[int, int, float]] = []
        self._most: list[float] = []

    def add(self, entries: Iterable[tuple[int, float]], most: float) -> None:
        """The sum of some unknowns, each by its factor, is at most ``most``."""
        row = len(self._most)
        self._entries += [(row, column, factor) for column, factor in entries]
        self._most.append(most)

    def at_most(self, size: int) -> optimize.LinearConstraint:
        """All of them, over ``size`` unknowns."""
        rows, columns, factors = zip(*self._entries, strict=True)
        table = sparse.csr_array((factors, (rows, columns)), shape=(len(self._most), size))
        return optimize.LinearConstraint(table, ub=np.array(self._most))
