"""Prefect on this machine: quiet, self-contained, its database inside the state folder."""

from __future__ import annotations

import contextlib
from typing import Final

import psutil

from cutdown.settings import default_environment, state_folder
from flows.temporary_server import SERVER

PORT: Final = 4200


def configure_prefect(port: int = PORT) -> None:
    """Set Prefect's defaults; call it before anything imports Prefect. What the user set stays.

    Args:
        port: where a server that is started answers.
    """
    home = state_folder()
    (home / "prefect").mkdir(parents=True, exist_ok=True)  # the server does not make it
    default_environment(
        {
            "PREFECT_HOME": str(home / "prefect"),
            "PREFECT_RESULTS_LOCAL_STORAGE_PATH": str(home / "results"),
            "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
            "PREFECT_SERVER_UI_SHOW_PROMOTIONAL_CONTENT": "false",
            "DO_NOT_TRACK": "1",
            "PREFECT_CLIENT_SERVER_VERSION_CHECK_ENABLED": "false",
            # In memory, the usual, a restart of the server ends every run under a concurrency limit minutes later.
            "PREFECT_SERVER_CONCURRENCY_LEASE_STORAGE": "prefect.server.concurrency.lease_storage.filesystem",
            "PREFECT_TASKS_RUNNER_THREAD_POOL_MAX_WORKERS": "4",  # unbounded otherwise
            "PREFECT_SERVER_API_PORT": str(port),
            # Without it the UI asks port 4200, whatever the server's is.
            "PREFECT_SERVER_UI_API_URL": f"http://127.0.0.1:{port}/api",
        }
    )


def quiet_terminal() -> None:
    """Leave the terminal to Cutdown's own lines; the runs' logs still reach the server."""
    default_environment(
        {
            "PREFECT_LOGGING_HANDLERS_CONSOLE_LEVEL": "CRITICAL",
            "PREFECT_LOGGING_SERVER_LEVEL": "CRITICAL",
            "PREFECT_LOGGING_TO_API_WHEN_MISSING_FLOW": "ignore",
        }
    )


def end_orphaned_servers() -> None:
    """End the temporary servers of runs that were killed: those of this state folder without a parent."""
    home = str(state_folder() / "prefect")
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            is_server = any(SERVER in part for part in process.cmdline())
            if is_server and process.ppid() == 1 and process.environ().get("PREFECT_HOME") == home:
                process.terminate()
