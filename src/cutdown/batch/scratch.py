"""Room for a recording while it is in work; what a killed process left is swept away."""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Final

from cutdown.settings import state_folder

_LOCK: Final = ".in-use"


def scratch() -> Path:
    """Where all of it lies on this machine."""
    return state_folder() / "scratch"


@contextlib.contextmanager
def scratch_folder() -> Iterator[Path]:
    """A folder for one recording; a lock that ends with the process tells that it is in use."""
    scratch().mkdir(parents=True, exist_ok=True)
    lock, path = _locked()
    with lock:
        folder = path.with_suffix("")
        folder.mkdir()
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)
            path.unlink(missing_ok=True)


def _locked() -> tuple[BinaryIO, Path]:
    """A new lock; one that a sweep came upon before it was held is made anew."""
    while True:
        handle, name = tempfile.mkstemp(dir=scratch(), suffix=_LOCK)
        lock, path = os.fdopen(handle, "rb"), Path(name)
        fcntl.flock(lock, fcntl.LOCK_EX)
        if path.exists():
            return lock, path
        lock.close()


def sweep_scratch() -> None:
    """Remove what processes that are gone left in this machine's scratch folder.

    Containers that share the folder see each other's locks, though not each other's processes.
    """
    for lock in scratch().glob(f"*{_LOCK}"):
        with contextlib.suppress(OSError), lock.open() as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(lock.with_suffix(""), ignore_errors=True)
            lock.unlink(missing_ok=True)
