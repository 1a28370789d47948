"""The batch's budget: what is set aside for each recording, so that the sum is never broken.

Each recording in work has an allowance that its own account keeps to. What it did not use comes
back. One whose forecast does not fit its allowance is put back and started again when it
fits, or not at all.
"""

from __future__ import annotations

from typing import Final

_CENT_FRACTION: Final = 1e-6


class Purse:
    """US dollars of a batch; without a budget everything fits.

    Args:
        budget: most for all recordings together.
        each: most for one, where the user set it.
    """

    def __init__(self, budget: float | None, each: float | None) -> None:
        self.budget = budget
        self.each = each
        self.spent = 0.0
        self._aside: dict[str, float] = {}

    @property
    def free(self) -> float:
        """What is neither spent nor set aside; without a budget, without end."""
        if self.budget is None:
            return float("inf")
        return max(0.0, self.budget - self.spent - sum(self._aside.values()))

    def allow(self, key: str, *, slots: int, needs: float | None = None) -> float | None:
        """Set money aside for a recording.

        Args:
            key: of the recording.
            slots: recordings that may start now, this one included; they share what is free.
            needs: what its forecast says, where it was looked at before.

        Returns:
            Its allowance; None where it has none, because there is no budget.

        Raises:
            LookupError: what it needs is not free.
        """
        if self.budget is None:
            return self.each
        if needs is not None and needs > self.free + _CENT_FRACTION:
            raise LookupError(key)
        share = self.free if needs is not None and slots <= 1 else self.free / max(1, slots)
        amount = max(needs or 0.0, share)
        if self.each is not None:
            amount = min(self.each, amount)
        self._aside[key] = amount
        return amount

    def settle(self, key: str, spent: float | None) -> None:
        """A recording is over: what it did not use is free again.

        Args:
            key: of the recording.
            spent: what it cost; where that is not known, its whole allowance counts as spent.
        """
        amount = self._aside.pop(key, 0.0)
        self.spent += amount if spent is None else spent
