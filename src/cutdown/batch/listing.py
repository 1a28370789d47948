"""Which files of a source are meant, and in which order: pure, from a listing."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from cutdown.batch.wishes import Order, Selection
from cutdown.metrics import MEGABYTE
from cutdown.storage.place import Item

_KEYS: Final[Mapping[Order, Callable[[Item], Any]]] = {
    "oldest": lambda item: (item.modified, item.name),
    "newest": lambda item: (-item.modified.timestamp(), item.name),
    "smallest": lambda item: (item.size, item.name),
    "largest": lambda item: (-item.size, item.name),
    "name": lambda item: item.name,
}


def chosen(
    items: Iterable[Item], selection: Selection, now: datetime, *, apart_from: str | None = None
) -> tuple[Item, ...]:
    """The files that are meant, the first to be done first; tags are not looked at.

    Args:
        items: a source's listing.
        selection: what is asked for.
        now: by the storage's clock.
        apart_from: names that begin so are results, not recordings.
    """
    suffixes = selection.wanted_suffixes()
    found = [
        item
        for item in items
        if item.name.lower().endswith(suffixes)
        and not (apart_from and item.name.startswith(apart_from))
        and _fits(item, selection, now)
    ]
    return tuple(sorted(found, key=_KEYS[selection.order]))


def _fits(item: Item, selection: Selection, now: datetime) -> bool:
    age = now - item.modified
    size = item.size / MEGABYTE
    return (
        selection.min_size_mb <= size
        and (selection.max_size_mb is None or size <= selection.max_size_mb)
        and age / timedelta(minutes=1) >= selection.min_age_minutes  # numbers: a huge one is no time span
        and (selection.max_age_days is None or age / timedelta(days=1) <= selection.max_age_days)
    )


def has_tags(tags: Mapping[str, str], selection: Selection) -> bool:
    """Whether a file's tags are among those asked for."""
    return selection.wanted_tags().items() <= tags.items()
