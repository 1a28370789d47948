"""Which run the work here belongs to: known to whoever writes a line or sends a request for it.

The command line, or whoever starts a run, names it once. Records, ledger, spans, logs and the requests
that providers get all carry the same id.
"""

from __future__ import annotations

import contextlib
import uuid
from collections.abc import Iterator
from contextvars import ContextVar
from pathlib import Path
from typing import Final, NamedTuple


class CurrentRun(NamedTuple):
    """A run, as far as deeper code may know it."""

    id: str = ""
    """Empty outside of a run."""
    folder: Path | None = None
    """Where its results go."""


_NONE: Final = CurrentRun()
_current: ContextVar[CurrentRun] = ContextVar("current_run", default=_NONE)


def current_run() -> CurrentRun:
    """The run that the work here belongs to."""
    return _current.get()


@contextlib.contextmanager
def running(run_id: str = "", folder: Path | None = None) -> Iterator[CurrentRun]:
    """Work inside the block belongs to this run.

    Args:
        run_id: its id; that of the run around it where not given, and a new one where there is none.
        folder: where its results go; that of the run around it where not given.
    """
    around = _current.get()
    run = CurrentRun(run_id or around.id or uuid.uuid4().hex, folder or around.folder)
    token = _current.set(run)
    try:
        yield run
    finally:
        _current.reset(token)


_observed: ContextVar[bool] = ContextVar("observed", default=True)


def is_observed() -> bool:
    """Whether the work here is told to logs and traces."""
    return _observed.get()


@contextlib.contextmanager
def unobserved() -> Iterator[None]:
    """Work inside the block only looks what is there: no log or trace hears of it."""
    token = _observed.set(False)
    try:
        yield
    finally:
        _observed.reset(token)
