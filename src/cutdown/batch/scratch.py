"""Room for a recording while it is in work; what a killed process left is swept away."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psutil

from cutdown.settings import state_folder


def scratch() -> Path:
    """Where all of it lies on this machine."""
    return state_folder() / "scratch"


@contextlib.contextmanager
def scratch_folder() -> Iterator[Path]:
    """A folder for one recording, named by the process, so that what a killed one left is known."""
    scratch().mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=scratch(), prefix=f"{os.getpid()}-") as folder:
        yield Path(folder)


def sweep_scratch() -> None:
    """Remove what processes that are gone left in this machine's scratch folder."""
    for folder in scratch().glob("*-*"):
        owner = folder.name.partition("-")[0]
        if owner.isdigit() and not psutil.pid_exists(int(owner)):
            shutil.rmtree(folder, ignore_errors=True)
