"""Where settings of outside services are kept, and the order in which the places are searched.

Sources that the caller brought (Prefect blocks, say) come first, the surroundings (environment,
``.env``) last. The first that knows what is looked for decides.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from typing import Generic, Protocol, TypeVar

Found = TypeVar("Found")
Told_co = TypeVar("Told_co", covariant=True)


class Source(Protocol[Told_co]):
    """Somewhere that settings of one kind are kept."""

    def find(self, name: str, /) -> Told_co | None:
        """What is kept under a name, or None where nothing is."""
        ...

    def place(self, name: str, /) -> str:
        """Where it would be, in words for a person."""
        ...


class Search(Generic[Found]):
    """Looks for settings of one kind in everything that was brought, then in the surroundings.

    Args:
        kind: what is looked for.
        surroundings: the last place.
    """

    def __init__(self, kind: str, surroundings: Source[Found]) -> None:
        self._brought: ContextVar[tuple[Source[Found], ...]] = ContextVar(kind, default=())
        self._surroundings = surroundings

    @contextlib.contextmanager
    def through(self, *sources: Source[Found]) -> Iterator[None]:
        """Ask these sources first inside the block."""
        token = self._brought.set(sources + self._brought.get())
        try:
            yield
        finally:
            self._brought.reset(token)

    def first(self, name: str, enough: Callable[[Found], bool] = lambda _found: True) -> Found | None:
        """What the first source that knows enough about a name says; None where none does."""
        found = (source.find(name) for source in self._sources())
        return next((one for one in found if one is not None and enough(one)), None)

    def places(self, name: str) -> str:
        """Every place that is searched, in order, in words for a person."""
        return "; then ".join(source.place(name) for source in self._sources())

    def _sources(self) -> tuple[Source[Found], ...]:
        return (*self._brought.get(), self._surroundings)
