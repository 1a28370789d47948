"""The one way in, beside a Python and a lock of its own, so that nothing is installed."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).resolve().parents[2]
EMPTY: Final = "4294967295 0"  # what cksum says of nothing
SAYS: Final = "import os, sys; print({whose!r}, os.getcwd(), *sys.argv[1:])"


def package(folder: Path, whose: str) -> None:
    folder.mkdir(parents=True)
    (folder / "__init__.py").touch()
    (folder / "__main__.py").write_text(SAYS.format(whose=whose))


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout whose environment is as its lock says."""
    root = tmp_path / "a checkout"
    (root / ".venv" / "bin").mkdir(parents=True)
    shutil.copy(ROOT / "run.sh", root)
    for name in ("uv.lock", "pyproject.toml"):
        (root / name).touch()
    python = root / ".venv" / "bin" / "python"
    python.write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
    python.chmod(0o755)
    (root / ".venv" / ".synced").write_text(f"{EMPTY} {EMPTY} {root} ")
    return root


@pytest.mark.parametrize(("verb", "name"), [("optimize", "flows"), ("worker", "deployments")])
def test_a_folder_with_modules_of_the_same_name_is_no_obstacle(
    verb: str, name: str, checkout: Path, tmp_path: Path
) -> None:
    package(checkout / name, "ours")
    package(tmp_path / "project" / name, "the caller's")
    done = subprocess.run(
        [checkout / "run.sh", verb, "talk.mp4"],
        cwd=tmp_path / "project",
        env={"PATH": "/usr/bin:/bin", "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.split() == ["ours", str(tmp_path / "project"), verb, "talk.mp4"], done.stderr
