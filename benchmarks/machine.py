"""What a measurement was made from and with: commit, versions, cores."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import shutil
import subprocess  # noqa: TID251  # git says which commit this is
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Final

import psutil

from cutdown.metrics.baseline_form import Made

ROOT: Final = Path(__file__).resolve().parent.parent
_PACKAGES: Final = (
    "cutdown", "av", "faster-whisper", "ctranslate2", "hibari-tts", "imageio-ffmpeg", "moviepy", "numpy", "onnxruntime",
)  # fmt: skip


def made(at: datetime, *, quick: bool, handicap: Mapping[str, float]) -> Made:
    """The circumstances of a measurement."""
    return Made(
        at=at,
        commit=_git("rev-parse", "HEAD"),
        changed=bool(_git("status", "--porcelain", "--untracked-files=no")),
        versions={"python": platform.python_version(), **dict(_versions())},
        cores=os.cpu_count() or 1,
        quick=quick,
        handicap=dict(handicap),
    )


def _versions() -> list[tuple[str, str]]:
    found = []
    for name in _PACKAGES:
        try:
            found.append((name, importlib.metadata.version(name)))
        except importlib.metadata.PackageNotFoundError:
            continue
    return found


def _git(*arguments: str) -> str | None:
    program = shutil.which("git")
    if program is None:
        return None
    try:
        told = subprocess.run(
            [program, "-C", str(ROOT), *arguments], capture_output=True, text=True, check=True
        )
    except (OSError, subprocess.CalledProcessError):
        return None
    return told.stdout.strip() or None


class Others:
    """How busy other programs were; ``own`` is what the measured one used, in CPU seconds."""

    def __init__(self) -> None:
        self.own = 0.0
        self.share = 0.0


@contextmanager
def others_share() -> Iterator[Others]:
    """Watches the machine inside the block; ``share`` is there when it has ended."""
    others = Others()
    before, began = psutil.cpu_times(), time.perf_counter()
    yield others
    wall, after = time.perf_counter() - began, psutil.cpu_times()
    idle = ("idle", "iowait")
    busy = sum(
        getattr(after, name) - getattr(before, name)
        for name in after._fields
        if name not in (*idle, "guest", "guest_nice")  # the kernel counts guests in user time already
    )
    whole = wall * (os.cpu_count() or 1)
    others.share = min(1.0, max(0.0, (busy - others.own) / whole))
