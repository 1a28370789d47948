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
from dataclasses import dataclass
from typing import Final

from cutdown.director.problem import Problem
from cutdown.director.search import search

_DECIMALS: Final = 4  # of the gap; processors may differ in what comes after


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
    better, most = search(problem, room, wanted, problem.worth(kept))
    if better is not None:
        better = _filled(problem, _held(problem, better, wanted, room), room)
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
    everything = frozenset(range(len(problem.worths)))
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
            beside = {other for added in more for other in (added - 1, added + 1)} - state.kept
            for near in sorted(beside & everything):  # it is shorter beside a neighbour
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
