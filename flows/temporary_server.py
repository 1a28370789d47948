"""Prefect's server for one process, where no other is named."""

from __future__ import annotations

import atexit
import contextlib
import functools
import os
import socket
import subprocess  # noqa: TID251  # Prefect's own server; nothing that works on media
import sys
import time
from collections.abc import Iterator
from typing import Final

from cutdown.errors import CutdownError
from cutdown.media.ffmpeg import tied
from cutdown.settings import child_environment
from flows.named_server import see_that_it_answers

SERVER: Final = "prefect.server.api.server:create_app"
"""How servers are told from other programs; one that a user started in the background is called so too."""

OWNER: Final = "CUTDOWN_SERVER_OF"
"""The variable by which a temporary server knows the process that it is for."""

_PATIENCE: Final = 180.0  # seconds; ten are usual, a busy machine takes more
_LOOK: Final = 0.1
_LEAVE: Final = 5.0  # seconds for its last writes
_TRIES: Final = 3  # another program may take the port first


class ServerError(CutdownError):
    """The temporary server did not start."""


def start_server() -> contextlib.AbstractContextManager[None]:
    """Begin to start a server that ends with this process, once; nothing where a server is named.

    Prefect would start it by itself when it is first needed, and would load all of the server into this process for that: five
    seconds and 120 MB, before the server itself takes its time. Here it starts beside what this process has to load.

    Returns:
        A context in which Prefect's client speaks to it; entering waits until it answers.

    Raises:
        CutdownError: the server that is named does not answer.
    """
    from prefect.settings import PREFECT_API_URL

    address = PREFECT_API_URL.value()
    if not address:
        return _server().within_reach()
    see_that_it_answers(
        address,
        "start it, or unset PREFECT_API_URL: then a run has a server of its own",
    )
    return contextlib.nullcontext()


@functools.cache
def _server() -> _Server:
    server = _Server()
    atexit.register(server.stop)  # after Prefect's own last act, which is to send what it has logged
    return server


class _Server:
    def __init__(self) -> None:
        self._start()

    @contextlib.contextmanager
    def within_reach(self) -> Iterator[None]:
        """See `start_server`.

        Raises:
            ServerError: it does not answer.
        """
        from prefect.settings import PREFECT_API_URL, temporary_settings

        self._wait_until_it_answers()
        with temporary_settings({PREFECT_API_URL: self.address}):
            yield

    @property
    def address(self) -> str:
        """Of its API."""
        return f"http://127.0.0.1:{self._port}/api"

    def _start(self) -> None:
        import prefect
        from prefect.settings import get_current_settings

        self._port = _free_port()
        self._process = subprocess.Popen(
            tied(
                [
                    *(sys.executable, "-m", "uvicorn", "--app-dir", str(prefect.__module_path__.parent)),
                    *("--factory", SERVER, "--host", "127.0.0.1", "--port", str(self._port)),
                    *("--log-level", "error", "--lifespan", "on"),
                ]
            ),
            # As Prefect starts its own: no pages, and what is set for this process holds there too.
            env=child_environment(
                PREFECT_UI_ENABLED="0",
                PREFECT__SERVER_EPHEMERAL="1",
                PREFECT__SERVER_FINAL="1",
                **{OWNER: str(os.getpid())},
                **get_current_settings().to_environment_variables(exclude_unset=True),
            ),
            start_new_session=True,  # Ctrl-C ends the run, which has something to tell the server yet
        )

    def _wait_until_it_answers(self) -> None:
        """Wait for the server; one that lost its port to another program is started again."""
        import httpx

        tries, until = 1, time.monotonic() + _PATIENCE
        with httpx.Client(trust_env=False) as client:
            while time.monotonic() < until:
                if self._process.poll() is not None:
                    if tries == _TRIES:
                        break
                    tries += 1
                    self._start()
                with contextlib.suppress(httpx.TransportError):
                    if client.get(f"{self.address}/health").is_success:
                        return
                time.sleep(_LOOK)
        raise ServerError(
            "Prefect's server on this machine did not start; the lines above may say why. Start one yourself with ./run.sh server "
            "and set PREFECT_API_URL to its address, or use 'cutdown optimize', which needs none"
        )

    def stop(self) -> None:
        """End it; it has a moment for its last writes."""
        self._process.terminate()
        try:
            self._process.wait(_LEAVE)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port
