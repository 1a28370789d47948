"""A folder as a place.

Conditions hold among all who come through here: whoever changes a file holds the folder's lock
(``flock`` on ``.part-lock``; over NFS it needs version 4). Whoever else writes into the folder is
noticed by the tag: time of change in nanoseconds, size and inode.

Labels of ``talk.mp4`` stand in ``talk.mp4.tags.json`` beside it, ``{"name": "value"}``: a file that people can
write, and that survives a copy to another disk (extended attributes do not).
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import hashlib
import json
import os
import stat
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from cutdown.errors import StorageError, UsageError
from cutdown.files import BLOCK, UNFINISHED, make_lasting, unfinished_beside, write_whole
from cutdown.storage.names import checked, is_name
from cutdown.storage.place import Change, Item, SourceChangedError, Unfinished

_LOCK: Final = f"{UNFINISHED}lock"
LABELS: Final = ".tags.json"
"""How the name of a file with another's labels ends."""


class FolderPlace:
    """A local folder; made when the first file is published.

    Args:
        root: the folder.
    """

    def __init__(self, root: Path) -> None:
        self.root = _without_ways_up(root.expanduser().absolute())
        self.url = str(self.root)

    def list(self, prefix: str = "") -> Iterator[Item]:
        """Files whose names begin with a prefix, by name; links to folders are not followed."""
        for name in sorted(self._names(prefix)):
            if item := self.look(name):
                yield item

    def _names(self, prefix: str) -> Iterator[str]:
        for folder, _folders, files in os.walk(self.root, onerror=self._unread):
            within = Path(folder).relative_to(self.root)
            names = ((within / file).as_posix() for file in files)
            yield from (name for name in names if name.startswith(prefix) and is_name(name))

    def _unread(self, error: OSError) -> None:
        """A folder that is not there is empty; one that may not be read is no empty one."""
        if not isinstance(error, FileNotFoundError):
            with _told(self.url):
                raise error

    def look(self, name: str) -> Item | None:
        """A file as it is now; None where there is none."""
        path = self._path(name)
        with _told(self.url):
            return _item(name, path)

    def fetch(self, item: Item, target: Path, on_bytes: Change | None = None) -> str:
        """Copy a file; gives its SHA-256. See `Place.fetch`."""
        with _told(self.url):
            if self.look(item.name) is None:
                raise self._changed(item)
            with write_whole(target) as temporary:
                sha256 = _copy(self._path(item.name), temporary, on_bytes)
                now = self.look(item.name)
                if now is None or now.tag != item.tag:
                    raise self._changed(item)
        return sha256

    def _changed(self, item: Item) -> SourceChangedError:
        return SourceChangedError(f"'{item.name}' in {self.url} was replaced or removed meanwhile")

    def publish(
        self, source: Path, name: str, *, sha256: str | None = None, on_bytes: Change | None = None
    ) -> Item:
        """Put a file there under a name, whole or not at all. See `Place.publish`."""
        target = self._path(name)
        with _told(self.url):
            target.parent.mkdir(parents=True, exist_ok=True)
            with unfinished_beside(target) as temporary:
                copied = _copy(source, temporary, on_bytes)
                if sha256 is not None and copied != sha256:
                    raise SourceChangedError(f"'{source}' changed while it was published")
                with self._locked():
                    self._put(temporary, target)
                    item = _item(name, target)
        assert item is not None
        return item

    def read(self, name: str) -> tuple[bytes, str] | None:
        """A small file's bytes and tag; None where there is none."""
        path = self._path(name)
        with _told(self.url):
            try:
                with path.open("rb") as file:
                    return file.read(), _tag(os.fstat(file.fileno()))
            except (FileNotFoundError, IsADirectoryError, NotADirectoryError):
                return None

    def create(self, name: str, data: bytes) -> str | None:
        """Write a small file that must not exist yet; its tag, or None where it exists."""
        return self._write(name, data, lambda now: now is None)

    def replace(self, name: str, data: bytes, tag: str) -> str | None:
        """Write a small file over the one with this tag; its new tag, or None where it has changed or is gone."""
        return self._write(name, data, lambda now: now is not None and now.tag == tag)

    def delete(self, name: str, tag: str | None = None) -> bool:
        """Remove a file, where given only the one with this tag; whether it was removed."""
        path = self._path(name)
        if not self.root.is_dir():
            return False
        with _told(self.url), self._locked():
            now = _item(name, path)
            if now is None or (tag is not None and now.tag != tag):
                return False
            path.unlink()
            path.with_name(path.name + LABELS).unlink(missing_ok=True)
            return True

    def tags(self, name: str) -> dict[str, str]:
        """Labels that users put on a file; empty where there are none.

        Raises:
            UsageError: the file beside it is not a JSON object of strings.
        """
        found = self.read(name + LABELS)
        if found is None:
            return {}
        try:
            labels = json.loads(found[0])
            return {str(key): str(value) for key, value in labels.items()}
        except (ValueError, AttributeError):
            raise UsageError(
                f'\'{self._path(name + LABELS)}\' is not a JSON object such as {{"priority": "high"}}; mend or remove it'
            ) from None

    def unfinished(self) -> Iterator[Unfinished]:
        """Temporary files, of transfers and of whoever else writes whole files in the folder."""
        for folder, _folders, files in os.walk(self.root):
            for file in sorted(files):
                if file.startswith(UNFINISHED) and file != _LOCK:
                    path = Path(folder) / file
                    with contextlib.suppress(FileNotFoundError):
                        status = path.stat()
                        name = path.relative_to(self.root).as_posix()
                        yield Unfinished(
                            name=name,
                            begun=datetime.fromtimestamp(status.st_mtime, UTC),
                            size=status.st_size,
                            handle=name,
                        )

    def drop(self, rest: Unfinished) -> None:
        """Remove a temporary file."""
        with _told(self.url):
            (self.root / rest.handle).unlink(missing_ok=True)

    def _path(self, name: str) -> Path:
        return self.root / checked(name)

    def _write(self, name: str, data: bytes, allowed: Callable[[Item | None], bool]) -> str | None:
        target = self._path(name)
        with _told(self.url):
            target.parent.mkdir(parents=True, exist_ok=True)
            with unfinished_beside(target) as temporary, self._locked():
                if not allowed(_item(name, target)):
                    return None
                temporary.write_bytes(data)
                self._put(temporary, target)
                return _tag(target.stat())

    def _put(self, temporary: Path, target: Path) -> None:
        """Give a finished file its name. Its time is always later than that of the one it replaces.

        File systems stamp by the kernel's tick of some milliseconds, in which a file could be
        replaced without a new tag.
        """
        make_lasting(temporary)
        moment = time.time_ns()
        with contextlib.suppress(FileNotFoundError):
            moment = max(moment, target.stat().st_mtime_ns + 1)
        os.utime(temporary, ns=(moment, moment))
        temporary.replace(target)

    @contextlib.contextmanager
    def _locked(self) -> Iterator[None]:
        with (self.root / _LOCK).open("ab") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield


def _without_ways_up(path: Path) -> Path:
    """A path without ``..``: one folder has one name, from wherever it was named; links behind the last ``..`` stay.

    What ``..`` means after a link only the disk knows.
    """
    parts = path.parts
    if ".." not in parts:
        return path
    behind = len(parts) - parts[::-1].index("..")
    return Path(*parts[:behind]).resolve().joinpath(*parts[behind:])


def _copy(source: Path, target: Path, on_bytes: Change | None) -> str:
    """Copy a file; gives its SHA-256."""
    digest = hashlib.sha256()
    with source.open("rb") as file, target.open("wb") as copy:
        while block := file.read(BLOCK):
            copy.write(block)
            digest.update(block)
            if on_bytes:
                on_bytes(len(block))
    return digest.hexdigest()


def _tag(status: os.stat_result) -> str:
    return f"{status.st_mtime_ns:x}-{status.st_size:x}-{status.st_ino:x}"


def _item(name: str, path: Path) -> Item | None:
    try:
        status = path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        if error.errno == errno.ELOOP:  # a link to itself leads to as little as one to nowhere
            return None
        raise
    if not stat.S_ISREG(status.st_mode):
        return None
    return Item(
        name=name,
        size=status.st_size,
        modified=datetime.fromtimestamp(status.st_mtime, UTC),
        tag=_tag(status),
    )


@contextlib.contextmanager
def _told(url: str) -> Iterator[None]:
    """What the system says, as one line for a person."""
    try:
        yield
    except OSError as error:
        full = error.errno in (errno.ENOSPC, errno.EDQUOT)
        remedy = "make room" if full else "check that the folder may be read and written"
        raise StorageError(
            f"'{error.filename or url}': {error.strerror or type(error).__name__}; {remedy}", retryable=full
        ) from error
