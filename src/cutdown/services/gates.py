"""A gate that every request to a provider passes: where several machines share a key, it counts for all of them."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from contextlib import AbstractAsyncContextManager
from contextvars import ContextVar

Gate = Callable[[str], AbstractAsyncContextManager[object]]
"""Given a provider's name, lets one request through when there is room."""


def _open_gate(_provider: str, /) -> AbstractAsyncContextManager[object]:
    return contextlib.nullcontext()


_gate: ContextVar[Gate] = ContextVar("gate", default=_open_gate)


def current_gate() -> Gate:
    """The gate before providers, as it stands here."""
    return _gate.get()


@contextlib.contextmanager
def kept_by(gate: Gate) -> Iterator[None]:
    """Let every request inside the block pass this gate."""
    token = _gate.set(gate)
    try:
        yield
    finally:
        _gate.reset(token)
