"""The search for a better choice, and the most that any choice could be worth, by HiGHS.

First without whole numbers, which gives the bound; sentences whose change of side would cost more than there is to win are
settled by that, and what is left open is searched as a small problem of its own.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from itertools import pairwise
from typing import Final

import numpy as np
import scipy  # loads its parts when they are first used: a run that finds its answers needs none
from numpy.typing import NDArray

from cutdown.director.problem import Problem

CLOSE: Final = 0.002  # share of the worth; what is known about a sentence is far less sure
_STEPS: Final = 20  # nodes of the search
_OPEN: Final = 120  # sentences that it may be about: a second of work; 600 of random words took half a minute
_SECOND: Final = 1000  # ms
_YES: Final = 0.5

Floats = NDArray[np.float64]


def search(
    problem: Problem, room: int, wanted: Collection[int], known: float
) -> tuple[frozenset[int] | None, float]:
    """A choice that may be better than what is known, and the most that any could be worth.

    Args:
        problem: what there is.
        room: milliseconds.
        wanted: sentences that stay in any case, with all that they need.
        known: the worth of a choice that was found already.

    Returns:
        The choice, None where what is known is good enough or too much is open; and the bound.
    """
    count = len(problem.worths)
    gains, limits = _gains(problem), _constraints(problem, room)
    bounds = np.zeros((len(gains), 2))
    bounds[:, 1] = 1.0
    bounds[list(wanted), 0] = 1.0
    # Interior points first: the simplex method took five times as long on two hours of talk.
    loose = scipy.optimize.linprog(-gains, A_ub=limits.A, b_ub=limits.ub, bounds=bounds, method="highs-ipm")
    if loose.x is None:
        return None, float(gains.sum())
    most = -float(loose.fun)
    if most <= known * (1 + CLOSE):
        return None, most
    dear = np.abs(loose.lower.marginals[:count] + loose.upper.marginals[:count]) > most - known
    stays = problem.with_needed([*wanted, *_places(dear & (loose.x[:count] > _YES))])
    rest = frozenset(range(count)) - frozenset(_places(dear & (loose.x[:count] < _YES)))
    opened = sorted(problem.without_needing(rest) - stays)
    if not stays <= rest or len(opened) > _OPEN:
        return None, most
    found, bound = _exactly(_opened(problem, stays, opened), room - problem.length(stays))
    return stays | {opened[one] for one in found}, max(known, min(most, problem.worth(stays) + bound))


def _places(marked: NDArray[np.bool_]) -> list[int]:
    return [int(one) for one in np.flatnonzero(marked)]


def _opened(problem: Problem, stays: frozenset[int], opened: list[int]) -> Problem:
    """The problem of the open sentences alone, beside those that stay."""
    place = {one: index for index, one in enumerate(opened)}
    joints = problem.joints
    lengths = [
        problem.lengths[one]
        + sum(joints[left] for left in (one - 1, one) if 0 <= left < len(joints) and stays & {left, left + 1})
        for one in opened
    ]
    terms = [
        (counts, tuple(place[one] for one in sentences if one in place))
        for counts, sentences in problem.terms
        if stays.isdisjoint(sentences)
    ]
    return Problem(
        worths=[problem.worths[one] for one in opened],
        lengths=lengths,
        joints=[joints[one] if other == one + 1 and joints else 0 for one, other in pairwise(opened)],
        needs=[
            (place[one], place[needed]) for one, needed in problem.needs if one in place and needed in place
        ],
        terms=[term for term in terms if term[1]],
    )


def _exactly(problem: Problem, room: int) -> tuple[frozenset[int], float]:
    """The best choice as far as the search comes, and the most that any could be worth."""
    gains, count = _gains(problem), len(problem.worths)
    if not count:
        return frozenset(), 0.0
    whole = (
        np.arange(len(gains)) < count
    )  # the others follow from these, so that they need not be whole numbers
    told = scipy.optimize.milp(
        -gains,
        integrality=whole.astype(np.float64),
        bounds=scipy.optimize.Bounds(0.0, 1.0),
        constraints=_constraints(problem, room),
        options={"node_limit": _STEPS, "mip_rel_gap": CLOSE, "presolve": False},
    )
    if told.x is None:
        return frozenset(), float(gains.sum())
    return frozenset(_places(told.x[:count] > _YES)), -float(told.mip_dual_bound)


def _gains(problem: Problem) -> Floats:
    """What each unknown adds: which sentences stay, which neighbours both stay, which terms are covered."""
    counted = [counts for counts, _ in problem.terms]
    return np.concatenate([problem.worths, np.zeros(len(problem.joints)), counted])


def _constraints(problem: Problem, room: int) -> scipy.optimize.LinearConstraint:
    """What fits, what needs what, and how neighbours and terms follow from sentences; each row at most a number."""
    count, joined = len(problem.worths), len(problem.joints)
    size = count + joined + len(problem.terms)
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

    def at_most(self, size: int) -> scipy.optimize.LinearConstraint:
        """All of them, over ``size`` unknowns."""
        rows, columns, factors = zip(*self._entries, strict=True)
        table = scipy.sparse.csr_array((factors, (rows, columns)), shape=(len(self._most), size))
        return scipy.optimize.LinearConstraint(table, ub=np.array(self._most))
