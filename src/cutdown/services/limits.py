"""How many requests go to a provider at once: fewer when it says too many, then slowly more again.

Additive increase, multiplicative decrease, as in TCP's congestion control (Chiu and Jain, 1989).
Everything here runs in the one thread of `cutdown.services.loop`.
"""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator

import anyio

from cutdown.services.clock import Clock


class AdaptiveLimit:
    """At most ``most`` requests at once, fewer after the provider complained.

    Args:
        most: never more than this.
    """

    def __init__(self, most: int) -> None:
        self.most = most
        self.width = most
        self._running = 0
        self._went_well = 0
        self._era = 0
        self._quiet_until = 0.0
        self._changed = anyio.Condition()

    @contextlib.asynccontextmanager
    async def slot(self, clock: Clock) -> AsyncIterator[int]:
        """Wait for a turn; gives the era of the request, for `limited`."""
        async with self._changed:
            while self._running >= self.width:
                await self._changed.wait()
            self._running += 1
        try:
            while (quiet := self._quiet_until - clock.now()) > 0:  # it may grow meanwhile
                await clock.sleep(quiet)
            yield self._era
        finally:
            with anyio.CancelScope(shield=True):
                async with self._changed:
                    self._running -= 1
                    self._changed.notify_all()

    def limited(self, era: int, clock: Clock, retry_after: float) -> None:
        """The provider said too many; requests of the same era count as one complaint."""
        self._quiet_until = max(self._quiet_until, clock.now() + retry_after)
        if era == self._era:
            self._era += 1
            self._went_well = 0
            self.width = max(1, self.width // 2)

    def went_well(self) -> None:
        """An answer came; after as many as run at once, one more may run."""
        self._went_well += 1
        if self._went_well >= self.width and self.width < self.most:
            self._went_well = 0
            self.width += 1
