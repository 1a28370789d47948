"""Removes what nobody needs any more: rests of broken transfers, and what the stores have not used for long.

Nothing but rests is ever removed from a place that is given by name. Stores are pruned only where a limit is
given; what is removed there is made anew when it is asked for.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final, Literal

from cutdown.files import UNFINISHED
from cutdown.shared_store import SharedStore, file_name, open_store
from cutdown.storage import FolderPlace, Place, TidyPlace, open_place
from cutdown.store import Ref, Store
from cutdown.timebase import Frozen

RESTS_AFTER: Final = timedelta(days=7)  # longer than any transfer takes
IN_USE: Final = timedelta(days=1)  # a run may come back to what it made before: longer than any run takes

_STORED: Final = re.compile(r"(files/[0-9a-f]{2}/[0-9a-f]{64}[^/]*|keys/[0-9a-f]{2}/[0-9a-f]{64}\.json)")

Kind = Literal["rest", "stored file", "key"]


class Removed(Frozen):
    """One thing that was removed, or would be."""

    place: str
    name: str
    kind: Kind
    size: int | None
    """Bytes; None where the place does not tell."""
    age: timedelta
    """Since it was begun, written or last used."""


class Tidied(Frozen):
    """What the janitor did."""

    dry_run: bool
    """Whether it only looked."""
    removed: tuple[Removed, ...] = ()
    kept_bytes: int | None = None
    """What this machine's store holds now; None where it was not looked at."""

    @property
    def freed(self) -> int:
        """Bytes that are known to be free now."""
        return sum(item.size or 0 for item in self.removed)


def tidy(
    place: str | None = None,
    *,
    older_than: timedelta = RESTS_AFTER,
    unused_for: timedelta | None = None,
    keep_bytes: int | None = None,
    dry_run: bool = False,
) -> Tidied:
    """Tidy up a place, or the stores of this machine where none is given.

    Args:
        place: folder or ``s3://bucket/prefix``; only rests are removed there.
        older_than: age from which a rest is one, and not a transfer under way.
        unused_for: stored files that were not used for so long go; in a shared place, those written so long ago.
        keep_bytes: most that this machine's store may hold; what was used last stays.
        dry_run: only look.

    Raises:
        StorageError: the place cannot be listed, or does not let go.
    """
    if place is not None:
        return Tidied(dry_run=dry_run, removed=tuple(rests(open_place(place), older_than, dry_run=dry_run)))
    store = open_store()
    removed = [*rests(FolderPlace(store.root), older_than, dry_run=dry_run)]
    removed += prune(store, unused_for=unused_for, keep_bytes=keep_bytes, dry_run=dry_run)
    if isinstance(store, SharedStore):
        removed += rests(store.place, older_than, dry_run=dry_run)
        if unused_for is not None:
            removed += _prune_shared(store.place, unused_for, dry_run=dry_run)
    gone = {item.name for item in removed if item.place == str(store.root)} if dry_run else set[str]()
    kept = sum(size for name, size, _ in _files(store.root / "files") if name not in gone)
    return Tidied(dry_run=dry_run, removed=tuple(removed), kept_bytes=kept)


def rests(place: TidyPlace, older_than: timedelta, *, dry_run: bool = False) -> Iterator[Removed]:
    """Remove what broken transfers have left in a place, and tell each."""
    now = datetime.now(UTC)
    for rest in place.unfinished():
        if now - rest.begun < older_than:
            continue
        if not dry_run:
            place.drop(rest)
        yield Removed(place=place.url, name=rest.name, kind="rest", size=rest.size, age=now - rest.begun)


def prune(
    store: Store,
    *,
    unused_for: timedelta | None = None,
    keep_bytes: int | None = None,
    dry_run: bool = False,
) -> list[Removed]:
    """Remove a store's files by their last use, oldest first, and the keys that lead nowhere after that.

    What was used within a day stays, whatever the limit: a run may need it.

    Args:
        store: of this machine.
        unused_for: age from which a file goes; not less than a day.
        keep_bytes: most that may stay.
        dry_run: only look.
    """
    if unused_for is None and keep_bytes is None:
        return []
    now = datetime.now(UTC)
    files = sorted(_files(store.root / "files"), key=lambda file: file[2])
    total = sum(size for _, size, _ in files)
    removed: list[Removed] = []
    for name, size, used in files:
        age = now - used
        too_old = unused_for is not None and age >= unused_for
        too_much = keep_bytes is not None and total > keep_bytes
        if age < IN_USE or not (too_old or too_much):
            continue
        total -= size
        removed.append(Removed(place=str(store.root), name=name, kind="stored file", size=size, age=age))
    gone = {item.name for item in removed}
    for name, size, used in _files(store.root / "keys"):
        file = _led_to(store.root / name)
        if file is None or file in gone or not (store.root / file).exists():
            removed.append(Removed(place=str(store.root), name=name, kind="key", size=size, age=now - used))
    if not dry_run:
        for item in removed:
            (store.root / item.name).unlink(missing_ok=True)
    return removed


def _prune_shared(place: Place, unused_for: timedelta, *, dry_run: bool) -> Iterator[Removed]:
    """Remove a shared place's entries by the time they were written: nobody stamps their use there."""
    now = datetime.now(UTC)
    for item in place.list():
        age = now - item.modified
        if age < max(unused_for, IN_USE) or not _STORED.fullmatch(item.name):
            continue
        if not dry_run:
            place.delete(item.name, item.tag)
        kind: Kind = "key" if item.name.startswith("keys/") else "stored file"
        yield Removed(place=place.url, name=item.name, kind=kind, size=item.size, age=age)


def _led_to(key: Path) -> str | None:
    """The stored file that a key leads to, by its name within the store."""
    try:
        return file_name(Ref.model_validate_json(key.read_text(encoding="utf-8")))
    except (OSError, ValueError):
        return None


def _files(folder: Path) -> Iterator[tuple[str, int, datetime]]:
    """Names within the store, bytes, and last use of its files."""
    for path in folder.glob("*/*"):
        if path.name.startswith(UNFINISHED):
            continue
        with contextlib.suppress(FileNotFoundError):
            status = path.stat()
            used = datetime.fromtimestamp(status.st_mtime, UTC)
            yield path.relative_to(folder.parent).as_posix(), status.st_size, used
