"""``python -m deployments VERB``: Prefect's server, the deployments, a worker, on this machine."""

from __future__ import annotations

import runpy
import sys
from pathlib import Path
from typing import Final

from flows.local import PORT, configure_prefect

ROOT: Final = Path(__file__).resolve().parent.parent
POOL: Final = "cutdown"


def _prefect(*arguments: str) -> int:
    """Prefect's own command line, in this process."""
    sys.argv = ["prefect", *arguments]
    try:
        runpy.run_module("prefect", run_name="__main__")
    except SystemExit as ended:
        return ended.code if isinstance(ended.code, int) else int(bool(ended.code))
    return 0


def _server_answers() -> bool:
    from prefect.client.orchestration import get_client

    with get_client(sync_client=True) as client:
        return client.api_healthcheck() is None


def main(arguments: list[str]) -> int:
    """Do what the verb says.

    Returns:
        Prefect's exit code; 2 for a verb that does not exist.
    """
    from cutdown.settings import default_environment

    configure_prefect()
    verb, *rest = arguments or ["help"]
    if verb == "server":
        return _prefect("server", "start", "--host", "127.0.0.1", *rest)
    default_environment({"PREFECT_API_URL": f"http://127.0.0.1:{PORT}/api", "CUTDOWN_ROOT": str(ROOT)})
    if verb in ("deploy", "worker") and not _server_answers():
        sys.stderr.write(
            "error: no Prefect server answers at PREFECT_API_URL; start one with ./run.sh server\n"
        )
        return 2
    if verb == "deploy":
        return _prefect("work-pool", "create", POOL, "--type", "process", "--overwrite") or _prefect(
            "--no-prompt", "deploy", "--all", *rest
        )
    if verb == "worker":
        return _prefect("worker", "start", "--pool", POOL, *rest)
    sys.stderr.write("error: deployments take 'server', 'deploy' or 'worker'\n")
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
