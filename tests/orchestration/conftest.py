"""One Prefect server for the session; a state folder of its own for each test.

Two kinds of server: `prefect_server` for flows that run in the tests' own process, and `live`, a server
with a worker in processes of their own, as a user starts them.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from prefect_kit import DEPLOY, Receiver, Server, environment, free_port, running, verb
from talk_kit import make_talk


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


@pytest.fixture(scope="session")
def receiver() -> Iterator[Receiver]:
    """Where automations send their alerts."""
    receiver = Receiver()
    yield receiver
    receiver.close()


@pytest.fixture(scope="session")
def live(tmp_path_factory: pytest.TempPathFactory, receiver: Receiver) -> Iterator[Server]:
    """A server, all that is declared, and a worker; started once."""
    home = tmp_path_factory.mktemp("live")
    port = free_port()
    server = Server(port, home / "state")
    ours = environment(home / "state", server.api)
    # What the tests themselves start late, on a machine with much to do, must not count as work that piles up.
    patient = environment(home / "state", PREFECT_SERVER_SERVICES_LATE_RUNS_AFTER_SECONDS="3600")
    with running(home / "server.log", patient, "server", "--port", str(port)) as process:
        server.wait_until_it_answers(process, home / "server.log")
        done = verb(ours, *DEPLOY, "--alerts", receiver.url)
        assert done.returncode == 0, done.stdout + done.stderr
        with running(home / "worker.log", ours, "worker", "--limit", "4"):
            yield server
    server.close()


@pytest.fixture(scope="session")
def small_talk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Ten seconds with speech, made once."""
    path = tmp_path_factory.mktemp("recordings") / "small talk.mp4"
    return make_talk(path, size=(320, 180), fps=10)
