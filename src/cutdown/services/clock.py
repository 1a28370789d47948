"""Time as waiting sees it; tests put a clock in its place that only counts."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from contextvars import ContextVar
from typing import Final, Protocol

import anyio


class Clock(Protocol):
    """Tells the time and waits, in seconds."""

    def now(self) -> float:
        """Seconds since some fixed moment."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Wait."""
        ...


class RealClock:
    """The machine's own."""

    def now(self) -> float:
        """Seconds that never run backwards."""
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        """Wait that long."""
        await anyio.sleep(seconds)


_REAL: Final = RealClock()
_clock: ContextVar[Clock] = ContextVar("clock", default=_REAL)  # it holds nothing


def current_clock() -> Clock:
    """The clock that waits are measured by here."""
    return _clock.get()


@contextlib.contextmanager
def timed_by(clock: Clock) -> Iterator[None]:
    """Use another clock inside the block."""
    token = _clock.set(clock)
    try:
        yield
    finally:
        _clock.reset(token)
