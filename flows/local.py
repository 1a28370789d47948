"""Prefect on this machine: quiet, self-contained, its database inside the state folder."""

from __future__ import annotations

import contextlib
from typing import Final

import psutil

from cutdown.settings import default_environment, environment, state_folder
from flows.temporary_server import OWNER, SERVER

PORT: Final = 4200
_PROXIES: Final = ("http_proxy", "https_proxy", "all_proxy")
_LOOPBACK: Final = ("127.0.0.1", "localhost")


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
    _past_the_proxy()


def _past_the_proxy() -> None:
    """Reach this machine's own servers directly where a proxy is set; it knows nothing of them."""
    if not any(environment(name) or environment(name.upper()) for name in _PROXIES):
        return
    spared = (environment("no_proxy") or environment("NO_PROXY") or "").split(",")
    spared += [name for name in _LOOPBACK if name not in spared]
    default_environment({"no_proxy": ",".join(filter(None, spared))}, replace=True)


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
    """End the temporary servers of runs that were killed: those of this state folder whose process is gone."""
    home = str(state_folder() / "prefect")
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            if not any(SERVER in part for part in process.cmdline()):
                continue
            said = process.environ()
            owner = said.get(OWNER, "")
            if owner not in ("", str(process.ppid())) and said.get("PREFECT_HOME") == home:
                process.terminate()
