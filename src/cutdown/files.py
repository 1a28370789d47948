"""Files that appear whole or not at all, and what they are by their content."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import hashlib
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from cutdown.errors import UsageError

BLOCK: Final = 1 << 20  # bytes read at once: large enough to be fast, small beside everything else
UNFINISHED: Final = ".part-"
"""How the names of files begin that are still being written."""
FULL: Final = frozenset({errno.ENOSPC, errno.EDQUOT})
"""What the system says when no more fits on a disk, or into a user's share of it."""


def require_text(path: Path) -> None:
    """See that a path can be written down: a file system takes any bytes, what is written about a recording does not.

    Raises:
        UsageError: it is not UTF-8.
    """
    told = os.fsencode(path).decode(errors="backslashreplace")
    if told != str(path):
        raise UsageError(f"the name '{told}' is not UTF-8 text; rename it")


def hash_file(path: Path) -> str:
    """SHA-256 of a file's bytes, read in blocks."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(BLOCK):
            digest.update(block)
    return digest.hexdigest()


@contextlib.contextmanager
def write_whole(target: Path) -> Iterator[Path]:
    """A temporary path beside ``target`` that becomes it when the block ends well.

    Raises:
        OSError: when the folder cannot be written.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    with unfinished_beside(target) as temporary:
        yield temporary
        make_lasting(temporary)
        temporary.replace(target)


@contextlib.contextmanager
def unfinished_beside(target: Path) -> Iterator[Path]:
    """An empty file in the same folder under a name of its own; gone after the block unless it was renamed."""
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=UNFINISHED, suffix=target.suffix)
    os.close(handle)
    temporary = Path(name)
    try:
        yield temporary
    finally:
        temporary.unlink(missing_ok=True)


def make_lasting(temporary: Path) -> None:
    """Flush a file to the disk and let everyone read it, before it gets its name."""
    with temporary.open("rb+") as file:
        os.fsync(file.fileno())
    temporary.chmod(0o644)


def append_line(path: Path, line: str, *, mode: int = 0o644, lasting: bool = False) -> None:
    """Add a line to a file, whole or not at all; other processes may add to the same file.

    Args:
        path: the file; made with its folders where there is none.
        line: without its end.
        mode: who may read and write a file that is made.
        lasting: whether it is on the disk when this returns.

    Raises:
        OSError: when the file cannot be written, or took a part only.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    handle = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, mode)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        size = os.fstat(handle).st_size
        torn = size > 0 and os.pread(handle, 1, size - 1) != b"\n"  # it would take this line along
        whole = (b"\n" if torn else b"") + line.encode() + b"\n"
        if os.write(handle, whole) < len(whole):
            os.ftruncate(handle, size)
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        if lasting:
            os.fsync(handle)
    finally:
        os.close(handle)
