"""A source with four recordings and an empty destination, as folders."""

from __future__ import annotations

from pathlib import Path

import pytest
from batch_kit import RECORDINGS, fill

from cutdown.storage import FolderPlace


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUTDOWN_HOME", str(tmp_path / "state"))


@pytest.fixture
def source(tmp_path: Path) -> FolderPlace:
    place = FolderPlace(tmp_path / "in")
    fill(place, tmp_path, RECORDINGS)
    return place


@pytest.fixture
def dest(tmp_path: Path) -> FolderPlace:
    return FolderPlace(tmp_path / "out")
