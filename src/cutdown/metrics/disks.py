"""How much room a run leaves on the disks that it writes to."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from cutdown.metrics.records import MEGABYTE


class FreeSpace:
    """The least free space that was seen on each disk.

    Args:
        folders: a name for each folder whose disk is watched; it, or a folder above it, must exist.
    """

    def __init__(self, folders: Mapping[str, Path]) -> None:
        self._folders = {name: _existing(folder) for name, folder in folders.items()}
        self._least: dict[str, int] = {}

    def look(self) -> None:
        """Take note of what is free now; a disk that does not answer is passed over."""
        for name, folder in self._folders.items():
            try:
                disk = os.statvfs(folder)
            except OSError:
                continue
            free = disk.f_bavail * disk.f_frsize
            self._least[name] = min(free, self._least.get(name, free))

    def least_mb(self) -> dict[str, float]:
        """Megabytes, by name."""
        return {name: free / MEGABYTE for name, free in self._least.items()}


def _existing(folder: Path) -> Path:
    folder = folder.absolute()
    return next(each for each in (folder, *folder.parents) if each.exists())
