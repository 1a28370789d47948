"""How long work tells how far it is."""

from __future__ import annotations

from typing import Protocol


class Progress(Protocol):
    """Called now and then with the share done, 0 to 1, never backwards."""

    def __call__(self, share: float, /) -> None:
        """Take note of the share done."""
        ...


def unheard(share: float, /) -> None:
    """A listener that does nothing, the default."""
