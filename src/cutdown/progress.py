"""How long work tells how far it is, without knowing who listens."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from contextvars import ContextVar
from typing import Final, Protocol


class Progress(Protocol):
    """Called now and then with the share done, 0 to 1, never backwards."""

    def __call__(self, share: float, /) -> None:
        """Take note of the share done."""
        ...


class Listener(Protocol):
    """Shows progress to someone: a terminal, an artifact."""

    def begin(self, phase: str) -> Progress:
        """A phase begins; its progress goes to what this returns."""
        ...

    def end(self, phase: str, *, ok: bool, cached: bool) -> None:
        """The phase is over; ``cached`` when its result was there already."""
        ...


_listeners: ContextVar[tuple[Listener, ...]] = ContextVar("listeners", default=())

FRACTION_WORTH_TELLING: Final = 0.002


def unheard(share: float, /) -> None:
    """A listener that does nothing, the default."""


def part(progress: Progress, start: float, end: float) -> Progress:
    """The progress of a part of the work that takes from ``start`` to ``end`` (0 to 1) of the whole."""

    def tell(share: float, /) -> None:
        progress(start + (end - start) * min(1.0, max(0.0, share)))

    return tell


@contextlib.contextmanager
def heard_by(*listeners: Listener) -> Iterator[None]:
    """Let these hear, beside those who already do, what `phase` reports inside the block."""
    token = _listeners.set(_listeners.get() + listeners)
    try:
        yield
    finally:
        _listeners.reset(token)


@contextlib.contextmanager
def heard_by_nobody() -> Iterator[None]:
    """What `phase` reports inside the block goes nowhere."""
    token = _listeners.set(())
    try:
        yield
    finally:
        _listeners.reset(token)


class Phase:
    """A phase that runs: call it with the share done; set ``cached`` when nothing had to be done."""

    def __init__(self, ears: tuple[Progress, ...]) -> None:
        self.cached = False
        self._ears = ears
        self._told = -1.0

    def __call__(self, share: float, /) -> None:
        """Pass the share done on to every listener, where it is worth telling."""
        share = min(1.0, share)
        if share > self._told and (share >= 1 or share - self._told >= FRACTION_WORTH_TELLING):
            self._told = share
            for ear in self._ears:
                ear(share)


_current: ContextVar[Progress] = ContextVar("current", default=unheard)


def current() -> Progress:
    """The progress of the phase that runs here."""
    return _current.get()


@contextlib.contextmanager
def reporting_to(progress: Progress) -> Iterator[None]:
    """Let work inside the block report to this instead of to a phase."""
    token = _current.set(progress)
    try:
        yield
    finally:
        _current.reset(token)


@contextlib.contextmanager
def phase(name: str) -> Iterator[Phase]:
    """A phase under the ears of whoever listens; the work inside reports to `current`."""
    listeners = _listeners.get()
    running = Phase(tuple(listener.begin(name) for listener in listeners))
    token = _current.set(running)
    ok = False
    try:
        yield running
        ok = True
    finally:
        _current.reset(token)
        for listener in listeners:
            listener.end(name, ok=ok, cached=running.cached)
