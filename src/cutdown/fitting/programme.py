"""A mixed-integer linear programme in the making: variables with prices, and rows that bind them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

import numpy as np
import scipy  # loads its parts when they are first used: a run that finds its answers needs none
from numpy.typing import NDArray

GAP: Final = 1e-4  # of the objective; what is found is at most this share above the best there is
_NODES: Final = 5_000  # a bound that does not depend on the clock; a talk of three hours needs none

Row = list[tuple[int, float]]


class Programme:
    """Collects variables and rows, then finds the cheapest values."""

    def __init__(self) -> None:
        self._prices: list[float] = []
        self._lows: list[float] = []
        self._highs: list[float] = []
        self._whole: list[int] = []
        self._entries: list[tuple[int, int, float]] = []
        self._row_lows: list[float] = []
        self._row_highs: list[float] = []

    def variable(self, high: float, price: float, *, low: float = 0.0, whole: bool = True) -> int:
        """Add a variable and give its number.

        Args:
            high: its highest value.
            price: what one of it costs.
            low: its lowest value.
            whole: whether it is a whole number.
        """
        self._prices.append(price)
        self._lows.append(low)
        self._highs.append(high)
        self._whole.append(int(whole))
        return len(self._prices) - 1

    def bind(self, row: Iterable[tuple[int, float]], low: float, high: float) -> None:
        """Hold a weighted sum of variables between two bounds."""
        number = len(self._row_lows)
        self._entries += [(number, column, weight) for column, weight in row]
        self._row_lows.append(low)
        self._row_highs.append(high)

    def cost(self, values: NDArray[np.float64], columns: Iterable[int]) -> float:
        """What some of the variables cost at these values."""
        return float(sum(self._prices[column] * values[column] for column in columns))

    def solve(self) -> NDArray[np.float64]:
        """The cheapest values of all variables, the same on every run.

        There always is a solution: what no lever can give, a line's last variable takes on.
        """
        rows, columns, weights = zip(*self._entries, strict=True)
        shape = (len(self._row_lows), len(self._prices))
        found: Any = scipy.optimize.milp(
            c=np.array(self._prices),
            integrality=np.array(self._whole),
            bounds=scipy.optimize.Bounds(np.array(self._lows), np.array(self._highs)),
            constraints=scipy.optimize.LinearConstraint(
                scipy.sparse.csr_array((weights, (rows, columns)), shape=shape),
                self._row_lows,
                self._row_highs,
            ),
            options={"mip_rel_gap": GAP, "node_limit": _NODES},
        )
        assert found.x is not None, found.message
        values: NDArray[np.float64] = np.asarray(found.x, dtype=np.float64)
        return values
