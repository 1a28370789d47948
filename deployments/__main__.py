"""``python -m deployments VERB``: Prefect's server, a worker, the deployments, on this machine."""

from __future__ import annotations

import asyncio
import contextlib
import runpy
import socket
import sys
from pathlib import Path
from typing import Annotated, Final

from cyclopts import App, Parameter

from cutdown import __version__
from cutdown.cli import start
from cutdown.errors import UsageError
from cutdown.settings import default_environment, environment
from flows.local import PORT, configure_prefect
from flows.named_server import see_that_it_answers

ROOT: Final = Path(__file__).resolve().parent.parent
POOL: Final = "cutdown"
LIGHT_POOL: Final = "cutdown-light"
RECORDINGS: Final = "CUTDOWN_RECORDINGS"
VIDEOS: Final = "CUTDOWN_VIDEOS"

Rest = Annotated[str, Parameter(allow_leading_hyphen=True, show=False)]

app = App(
    name="./run.sh",
    version=__version__,
    help="Prefect's side: a server, workers, and what is deployed.",
    help_format="plaintext",
    result_action="return_value",
    suppress_keyboard_interrupt=False,
)


@app.command
def server(*prefect: Rest, port: int = PORT) -> int:
    """Start Prefect's server and UI, on loopback.

    Args:
        prefect: options of `prefect server start`
        port: of the API and the UI
    """
    if _is_taken(port):
        raise UsageError(f"port {port} is in use; give another one with --port")
    configure_prefect(port)
    default_environment({"PREFECT_UI_URL": f"http://127.0.0.1:{port}"})  # for links in alerts
    return _prefect("server", "start", "--host", "127.0.0.1", *prefect)


@app.command
def worker(*prefect: Rest, pool: str = POOL, limit: int | None = None) -> int:
    """Start a worker that runs what is deployed, from this checkout.

    Args:
        prefect: options of `prefect worker start`, such as --name
        pool: the work pool it takes runs from
        limit: runs at once on this machine; as declared in deployments/pools.yaml where not given
    """
    from deployments.declared import read_pools

    declared = read_pools().pools.get(pool)
    at_once = limit or (declared and declared.worker_limit)
    _reach_server()
    default_environment({"CUTDOWN_ROOT": str(ROOT)})
    limited = ("--limit", str(at_once)) if at_once else ()
    return _prefect("worker", "start", "--pool", pool, *limited, *prefect)


@app.command
def deploy(
    *prefect: Rest,
    pool: str = POOL,
    light_pool: str = LIGHT_POOL,
    recordings: str | None = None,
    videos: str | None = None,
    alerts: str | None = None,
) -> int:
    """Put into force what is declared: block types, pools, limits, deployments, automations; again after a change.

    Args:
        prefect: options of `prefect deploy`
        pool: where recordings are worked on; one that is declared in deployments/pools.yaml
        light_pool: where runs go that wait more than they work
        recordings: where the nightly batch looks: a folder or s3://..., that workers reach by the same name;
            CUTDOWN_RECORDINGS where not given
        videos: where its results go; CUTDOWN_VIDEOS where not given. Its schedule is on where both are given
        alerts: address that automations post alerts to; kept encrypted in Prefect
    """
    said = (recordings or environment(RECORDINGS), videos or environment(VIDEOS))
    places = [_address(place) if place else "" for place in said]  # workers have another current folder
    _reach_server()
    default_environment(
        {
            "CUTDOWN_POOL": pool,
            "CUTDOWN_LIGHT_POOL": light_pool,
            RECORDINGS: places[0],
            VIDEOS: places[1],
            "CUTDOWN_NIGHTLY": "true" if all(places) else "false",
        },
        replace=True,
    )
    from deployments.bootstrap import put_into_force

    for line in put_into_force((pool, light_pool), alerts):
        sys.stdout.write(f"{line}\n")
    if not all(places):
        sys.stdout.write("schedule off: nightly-batch; --recordings and --videos say from where to where\n")
    sys.stdout.flush()
    with contextlib.chdir(ROOT):  # entry points are relative to it
        return _prefect("--no-prompt", "deploy", "--all", *prefect)


@app.command
def announce(recording: str, dest: str, /) -> int:
    """Tell Prefect that a recording has arrived; the deployment optimize-object then makes it short.

    Args:
        recording: s3://..., or a path that the workers can read
        dest: s3:// prefix or folder for the results
    """
    _reach_server()
    from deployments.arrivals import announce as tell

    event = asyncio.run(tell(_address(recording), _address(dest)))
    sys.stdout.write(f"{event.event} {event.payload['source']}\n")
    return 0


def _address(place: str) -> str:
    """A place as workers write it: what is no address is a path."""
    return place if "://" in place else str(Path(place).absolute())


def _reach_server() -> None:
    configure_prefect(PORT)
    default_environment({"PREFECT_API_URL": f"http://127.0.0.1:{PORT}/api"})
    see_that_it_answers(
        environment("PREFECT_API_URL") or "",
        "start one with ./run.sh server, or set PREFECT_API_URL to one that runs",
    )


def _is_taken(port: int) -> bool:
    with contextlib.closing(socket.socket()) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return True
    return False


def _prefect(*arguments: str) -> int:
    """Prefect's own command line, in this process."""
    sys.argv = ["prefect", *arguments]
    try:
        runpy.run_module("prefect", run_name="__main__")
    except SystemExit as ended:
        return ended.code if isinstance(ended.code, int) else int(bool(ended.code))
    return 0


if __name__ == "__main__":
    sys.exit(start(app, sys.argv[1:]))
