"""A place that counts what is asked of it, so that a batch can say how many requests it made."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from cutdown.storage.place import Change, Item, Place

NAMES_A_PAGE: Final = 1000  # S3 tells at most so many in one answer


class Counted:
    """A place in front of another one.

    A listing counts one request for each thousand names, as S3 answers it; everything else one
    for each call. What the place itself does besides (ranges of a large file, parts of an upload, tries
    again) is not seen here.

    Args:
        place: does the work.
    """

    def __init__(self, place: Place) -> None:
        self.place = place
        self.url = place.url
        self.calls: Counter[str] = Counter()
        self._turn = threading.Lock()

    @property
    def requests(self) -> int:
        """All of them."""
        return self.calls.total()

    def _count(self, kind: str) -> None:
        with self._turn:
            self.calls[kind] += 1

    def list(self, prefix: str = "") -> Iterator[Item]:
        """Count a page, and one more for each thousand names."""
        self._count("list")
        for number, item in enumerate(self.place.list(prefix), 1):
            if number % NAMES_A_PAGE == 1 and number > 1:
                self._count("list")
            yield item

    def look(self, name: str) -> Item | None:
        """Count, and pass on."""
        self._count("look")
        return self.place.look(name)

    def fetch(self, item: Item, target: Path, on_bytes: Change | None = None) -> str:
        """Count, and pass on."""
        self._count("fetch")
        return self.place.fetch(item, target, on_bytes)

    def publish(
        self, source: Path, name: str, *, sha256: str | None = None, on_bytes: Change | None = None
    ) -> Item:
        """Count, and pass on."""
        self._count("publish")
        return self.place.publish(source, name, sha256=sha256, on_bytes=on_bytes)

    def read(self, name: str) -> tuple[bytes, str] | None:
        """Count, and pass on."""
        self._count("read")
        return self.place.read(name)

    def create(self, name: str, data: bytes) -> str | None:
        """Count, and pass on."""
        self._count("create")
        return self.place.create(name, data)

    def replace(self, name: str, data: bytes, tag: str) -> str | None:
        """Count, and pass on."""
        self._count("replace")
        return self.place.replace(name, data, tag)

    def delete(self, name: str, tag: str | None = None) -> bool:
        """Count, and pass on."""
        self._count("delete")
        return self.place.delete(name, tag)

    def tags(self, name: str) -> dict[str, str]:
        """Count, and pass on."""
        self._count("tags")
        return self.place.tags(name)
