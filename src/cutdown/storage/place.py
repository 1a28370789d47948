"""What a place for files can do, whether it is a folder or a bucket.

Names are relative to the place, with ``/`` between parts. Whatever is published is there whole or
not at all. Conditions make agreements between machines possible: `create` succeeds for one of many
who try, `replace` only for the one who knows the newest state.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Protocol

from cutdown.errors import MediaError
from cutdown.timebase import Frozen

Change = Callable[[int], None]
"""Told how many bytes more have been moved."""


class Item(Frozen):
    """A file of a place, as it was when it was looked at."""

    name: str
    """Relative to the place."""
    size: int
    """Bytes."""
    modified: datetime
    """In UTC."""
    tag: str
    """Changes when the content does: an entity tag, or what a folder knows that is as good."""


class Unfinished(Frozen):
    """What is left of a publish that was broken off: nobody sees it, and it takes room."""

    name: str
    """What was to be published, or the temporary file."""
    begun: datetime
    """In UTC."""
    size: int | None
    """Bytes, where the place tells them."""
    handle: str
    """By which the place knows it."""


class SourceChangedError(MediaError):
    """A file was replaced while it was being fetched."""

    retryable = True


class Place(Protocol):
    """A folder or a bucket's prefix."""

    url: str
    """How a user writes it; never holds a key."""

    def list(self, prefix: str = "") -> Iterator[Item]:
        """Files whose names begin with a prefix, by name; what is only half written is not shown."""
        ...

    def look(self, name: str) -> Item | None:
        """A file as it is now; None where there is none."""
        ...

    def fetch(self, item: Item, target: Path, on_bytes: Change | None = None) -> str:
        """Copy a file here, whole and exactly as the item describes it; gives its SHA-256.

        Raises:
            SourceChangedError: it is another file by now; nothing is left at ``target``.
        """
        ...

    def publish(
        self, source: Path, name: str, *, sha256: str | None = None, on_bytes: Change | None = None
    ) -> Item:
        """Put a file there under a name, whole or not at all; what was there is replaced."""
        ...

    def read(self, name: str) -> tuple[bytes, str] | None:
        """A small file's bytes and tag; None where there is none."""
        ...

    def create(self, name: str, data: bytes) -> str | None:
        """Write a small file that must not exist yet; its tag, or None where it exists."""
        ...

    def replace(self, name: str, data: bytes, tag: str) -> str | None:
        """Write a small file over the one with this tag; its new tag, or None where it has changed or is gone."""
        ...

    def delete(self, name: str, tag: str | None = None) -> bool:
        """Remove a file, where given only the one with this tag; whether it was removed."""
        ...

    def tags(self, name: str) -> dict[str, str]:
        """Labels that users put on a file; empty where there are none."""
        ...


class TidyPlace(Place, Protocol):
    """A place that also shows what publishes that were broken off have left."""

    def unfinished(self) -> Iterator[Unfinished]:
        """Rests of publishes that were broken off, and publishes that are under way."""
        ...

    def drop(self, rest: Unfinished) -> None:
        """Remove such a rest; a publish that is still under way fails."""
        ...
