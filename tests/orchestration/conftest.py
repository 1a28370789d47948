"""One Prefect server for the session; a state folder of its own for each test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def prefect_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Prefect's settings for the session, set before anything asks for them."""
    home = tmp_path_factory.mktemp("cutdown-home")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CUTDOWN_HOME", str(home))
        patch.setenv("PREFECT_LOGGING_LEVEL", "ERROR")
        patch.setenv("PREFECT_LOGGING_SERVER_LEVEL", "CRITICAL")
        patch.setenv("PREFECT_LOGGING_TO_API_ENABLED", "false")
        yield home


@pytest.fixture(scope="session")
def prefect_server(prefect_home: Path) -> Iterator[None]:
    """A Prefect server on loopback, gone at the end of the session."""
    from prefect.settings import PREFECT_FLOWS_HEARTBEAT_FREQUENCY, temporary_settings
    from prefect.testing.utilities import prefect_test_harness

    # A sync flow waits a second for its heartbeat thread at the end.
    with (
        prefect_test_harness(server_startup_timeout=180),
        temporary_settings({PREFECT_FLOWS_HEARTBEAT_FREQUENCY: None}),
    ):
        yield


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, prefect_server: None) -> Iterator[Path]:
    """A fresh state folder: nothing was ever made."""
    from prefect.settings import PREFECT_RESULTS_LOCAL_STORAGE_PATH, temporary_settings

    monkeypatch.setenv("CUTDOWN_HOME", str(tmp_path / "state"))
    with temporary_settings({PREFECT_RESULTS_LOCAL_STORAGE_PATH: tmp_path / "state" / "results"}):
        yield tmp_path / "state"
