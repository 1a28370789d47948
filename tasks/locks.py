"""A lock that the kernel takes back: two runs of one key never both work, and a killed run blocks no one.

Prefect's own file lock has no holder to ask once its process was killed; an ``flock`` goes with
the process.
"""

from __future__ import annotations

import asyncio
import fcntl
import hashlib
import time
from collections.abc import Callable
from pathlib import Path
from typing import IO, Final

from prefect.locking.protocol import LockManager

_POLL_SECONDS: Final = 0.2


class KernelLocks(LockManager):
    """Locks as ``flock`` on files of one folder.

    Args:
        folder: called when the first lock is asked for, so that importing a task touches nothing.
    """

    def __init__(self, folder: Callable[[], Path]) -> None:
        self._folder = folder
        self._held: dict[str, tuple[str, IO[bytes]]] = {}

    def __deepcopy__(self, memo: dict[int, object]) -> KernelLocks:
        """Copies of a cache policy share the locks that are held."""
        return self

    def _try(self, key: str) -> IO[bytes] | None:
        folder = self._folder()
        folder.mkdir(parents=True, exist_ok=True)
        file = (folder / f"{hashlib.sha256(key.encode()).hexdigest()}.lock").open("ab")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.close()
            return None
        return file

    def acquire_lock(
        self, key: str, holder: str, acquire_timeout: float | None = None, hold_timeout: float | None = None
    ) -> bool:
        """Take the lock, waiting for it; ``hold_timeout`` is not needed, the kernel knows who lives."""
        del hold_timeout
        if self.is_lock_holder(key, holder):
            return True
        deadline = None if acquire_timeout is None else time.monotonic() + acquire_timeout
        while (file := self._try(key)) is None:
            if deadline is not None and time.monotonic() >= deadline:
                return False
            time.sleep(_POLL_SECONDS)
        self._held[key] = (holder, file)
        return True

    async def aacquire_lock(
        self, key: str, holder: str, acquire_timeout: float | None = None, hold_timeout: float | None = None
    ) -> bool:
        """As `acquire_lock`, off the event loop."""
        return await asyncio.to_thread(self.acquire_lock, key, holder, acquire_timeout, hold_timeout)

    def release_lock(self, key: str, holder: str) -> None:
        """Give the lock back.

        Raises:
            ValueError: when someone else holds it.
        """
        if not self.is_lock_holder(key, holder):
            raise ValueError(f"lock {key} is not held by {holder}")
        _, file = self._held.pop(key)
        file.close()

    def is_locked(self, key: str) -> bool:
        """Whether anyone holds it."""
        if key in self._held:
            return True
        file = self._try(key)
        if file is None:
            return True
        file.close()
        return False

    def is_lock_holder(self, key: str, holder: str) -> bool:
        """Whether this holder holds it."""
        return key in self._held and self._held[key][0] == holder

    def wait_for_lock(self, key: str, timeout: float | None = None) -> bool:
        """Wait until no one holds it; False when ``timeout`` seconds pass first."""
        deadline = None if timeout is None else time.monotonic() + timeout
        while self.is_locked(key):
            if deadline is not None and time.monotonic() >= deadline:
                return False
            time.sleep(_POLL_SECONDS)
        return True

    async def await_for_lock(self, key: str, timeout: float | None = None) -> bool:
        """As `wait_for_lock`, off the event loop."""
        return await asyncio.to_thread(self.wait_for_lock, key, timeout)
