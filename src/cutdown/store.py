"""Content-addressed files: what is known by its hash is never made twice.

A file is put under a temporary name, flushed and renamed, so that it is there whole or not at
all. ``remember`` ties a key (everything that changes an answer) to the answer's file. A
reference whose file is gone is a miss, not an error.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import shutil
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final

from cutdown.files import hash_file, write_whole
from cutdown.timebase import Frozen

__all__ = ["Ref", "Store", "hash_file", "hash_key", "write_whole"]


_USE: Final = 3600.0  # seconds: as exactly as the last use of a file is known


class Ref(Frozen):
    """A file by its content: what tasks exchange instead of bytes."""

    sha256: str
    size: int
    suffix: str = ""


def hash_key(*parts: Any) -> str:
    """One key from everything that changes an answer.

    Args:
        parts: JSON values; pydantic models must be dumped by the caller.
    """
    text = json.dumps(parts, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()


class Store:
    """A folder of files named by their content, shared by every run of one machine.

    Args:
        root: its folder; made when the first file is put.
    """

    def __init__(self, root: Path) -> None:
        self.root = root

    def path(self, ref: Ref) -> Path:
        """Where the file lies (it may be gone)."""
        path = self._path(ref)
        note_use(path)
        return path

    def has(self, ref: Ref) -> bool:
        """Whether the file is there in its full size."""
        try:
            return self._path(ref).stat().st_size == ref.size
        except OSError:
            return False

    def put(self, source: Path, suffix: str | None = None, *, move: bool = False) -> Ref:
        """Take a copy of a file (or the file itself) into the store."""
        ref = Ref(
            sha256=hash_file(source),
            size=source.stat().st_size,
            suffix=source.suffix if suffix is None else suffix,
        )
        if not Store.has(self, ref):
            with write_whole(self._path(ref)) as temporary:
                if move:
                    shutil.move(source, temporary)
                else:
                    shutil.copyfile(source, temporary)
        elif move:
            source.unlink()
        return ref

    def put_bytes(self, data: bytes, suffix: str = "") -> Ref:
        """Take bytes into the store."""
        ref = Ref(sha256=hashlib.sha256(data).hexdigest(), size=len(data), suffix=suffix)
        if not Store.has(self, ref):
            with write_whole(self._path(ref)) as temporary:
                temporary.write_bytes(data)
        return ref

    def put_text(self, text: str, suffix: str = ".json") -> Ref:
        """Take text into the store, as UTF-8."""
        return self.put_bytes(text.encode(), suffix)

    def read_text(self, ref: Ref) -> str:
        """The text of a stored file."""
        return self.path(ref).read_text(encoding="utf-8")

    def remember(self, key: str, ref: Ref) -> None:
        """Tie a key to an answer."""
        with write_whole(self._key_path(key)) as temporary:
            temporary.write_text(ref.model_dump_json(), encoding="utf-8")

    def recall(self, key: str) -> Ref | None:
        """The answer tied to a key, or None where there is none or its file is gone."""
        try:
            ref = Ref.model_validate_json(self._key_path(key).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None
        if not Store.has(self, ref):
            return None
        note_use(self._key_path(key))
        return ref

    def share(self, key: str, ref: Ref, parts: Iterable[Ref] = ()) -> None:
        """Tie a key to an answer for all machines that share the store; here there is but one.

        Args:
            key: everything that changes the answer.
            ref: the answer.
            parts: files that it points at.
        """
        del parts
        if self.recall(key) != ref:
            self.remember(key, ref)

    def find(self, key: str) -> Ref | None:
        """What any machine tied to a key, or None where there is nothing, or its file is gone."""
        return self.recall(key)

    @contextlib.contextmanager
    def exclusive(self, key: str) -> Iterator[None]:
        """One process at a time works on a key; others wait here.

        The kernel takes the lock back from a process that dies, so a killed run blocks no one.
        """
        path = self.root / "locks" / f"{key}.lock"
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("ab") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield

    def _path(self, ref: Ref) -> Path:
        return self.root / "files" / ref.sha256[:2] / f"{ref.sha256}{ref.suffix}"

    def _key_path(self, key: str) -> Path:
        return self.root / "keys" / key[:2] / f"{key}.json"


def note_use(path: Path) -> None:
    """Stamp a file with the hour of its last use; by it old files are told from those in use.

    Access times cannot be relied on: most systems are mounted so that they are not kept.
    """
    with contextlib.suppress(OSError):
        if time.time() - path.stat().st_mtime > _USE:
            path.touch()
