"""A real Prefect server with workers, as `./run.sh server`, `deploy` and `worker` start them; seen through its API."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Final

import httpx

ROOT: Final = Path(__file__).resolve().parents[1]
DEPLOY: Final = ("deploy", "--recordings", "s3://recordings/day", "--videos", "s3://videos")
"""What a site says about itself."""
TERMINAL: Final = {"COMPLETED", "FAILED", "CRASHED", "CANCELLED"}


def free_port() -> int:
    """A port of loopback that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def environment(home: Path, api: str = "", **more: str) -> dict[str, str]:
    """The environment of a user who has set nothing of Prefect's but the server's address."""
    own = {name: value for name, value in os.environ.items() if not name.startswith(("PREFECT", "CUTDOWN"))}
    reach = {"PREFECT_API_URL": api} if api else {}
    return {**own, "PYTHONPATH": str(ROOT), "CUTDOWN_HOME": str(home), **reach, **more}


@contextlib.contextmanager
def running(log: Path, environment: Mapping[str, str], *verb: str) -> Iterator[subprocess.Popen[bytes]]:
    """A verb of `./run.sh` that stays, ended with everything that it started."""
    with log.open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "deployments", *verb],
            env=dict(environment),
            stdout=out,
            stderr=out,
            start_new_session=True,
            cwd=log.parent,
        )
        try:
            yield process
        finally:
            process.send_signal(signal.SIGTERM)
            with contextlib.suppress(subprocess.TimeoutExpired):  # a worker may wait for its runs
                process.wait(10)
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def verb(
    environment: Mapping[str, str], *arguments: str, cwd: Path = ROOT
) -> subprocess.CompletedProcess[str]:
    """A verb of `./run.sh` that ends."""
    command = [sys.executable, "-m", "deployments", *arguments]
    return subprocess.run(
        command, env=dict(environment), cwd=cwd, capture_output=True, text=True, check=False, timeout=150
    )


class Server:
    """A Prefect server's API."""

    def __init__(self, port: int, home: Path, auth: tuple[str, str] | None = None) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self.api = f"{self.url}/api"
        self.home = home
        self._http = httpx.Client(base_url=self.api, timeout=30, auth=auth)

    def close(self) -> None:
        """Let go of its connections."""
        self._http.close()

    def answers(self) -> bool:
        """Whether it is there."""
        try:
            return self._http.get("/health").is_success
        except httpx.HTTPError:
            return False

    def wait_until_it_answers(
        self, process: subprocess.Popen[bytes], log: Path, seconds: float = 180
    ) -> None:
        """Wait for its start."""
        deadline = time.monotonic() + seconds
        while not self.answers():
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < deadline, f"the server did not start\n{log.read_text()}"
            time.sleep(0.3)

    def post(self, path: str, content: Any = None) -> Any:
        """An answer of the API to a request with content."""
        response = self._http.post(path, json={} if content is None else content)
        assert response.is_success, response.text
        return response.json() if response.content else None

    def get(self, path: str) -> Any:
        """An answer of the API."""
        response = self._http.get(path)
        assert response.is_success, response.text
        return response.json()

    def start(self, deployment: str, **parameters: Any) -> str:
        """Start a run of a deployment; its id."""
        found = self.get(f"/deployments/name/{deployment}")
        run = self.post(f"/deployments/{found['id']}/create_flow_run", {"parameters": parameters})
        identity: str = run["id"]
        return identity

    def run(self, identity: str) -> dict[str, Any]:
        """A flow run."""
        found: dict[str, Any] = self.get(f"/flow_runs/{identity}")
        return found

    def wait(self, identity: str, *states: str, seconds: float = 150) -> dict[str, Any]:
        """Wait until a run is in one of the states, or at its end where none is named."""
        deadline = time.monotonic() + seconds
        while True:
            run = self.run(identity)
            if run["state_name"] in states or (run["state_type"] in TERMINAL):
                assert not states or run["state_name"] in states, run["state"]
                return run
            assert time.monotonic() < deadline, run["state"]
            time.sleep(0.3)

    def wait_for_question(self, identity: str, turn: int, seconds: float = 150) -> None:
        """Wait until a run asks about a plan for the first, second... time."""
        deadline = time.monotonic() + seconds
        while True:
            state = self.run(identity)["state"]
            if state["type"] == "PAUSED" and state["state_details"]["pause_key"].startswith(f"plan-{turn}-"):
                return
            assert state["type"] not in TERMINAL, state
            assert time.monotonic() < deadline, state
            time.sleep(0.3)

    def resume(self, identity: str, answer: Mapping[str, Any]) -> dict[str, Any]:
        """Send a filled form."""
        result: dict[str, Any] = self.post(f"/flow_runs/{identity}/resume", {"run_input": answer})
        return result

    def task_states(self, identity: str, name: str) -> list[str]:
        """States of the runs of a task within a flow run, in order."""
        runs = self.post(
            "/task_runs/filter",
            {"flow_runs": {"id": {"any_": [identity]}}, "sort": "EXPECTED_START_TIME_ASC"},
        )
        return [run["state_name"] for run in runs if run["task_key"].startswith(name)]

    def runs_of(self, deployment: str) -> list[dict[str, Any]]:
        """All runs of a deployment."""
        found: list[dict[str, Any]] = self.post(
            "/flow_runs/filter", {"deployments": {"name": {"any_": [deployment]}}, "limit": 200}
        )
        return found

    def everything_declared(self) -> dict[str, Any]:
        """What `deploy` puts into force, by kind and name, without what the server gives it."""
        kinds = ("work_pools", "deployments", "automations", "v2/concurrency_limits", "block_documents")
        return {
            kind: sorted(
                (without_marks(item) for item in self.post(f"/{kind}/filter")),
                key=lambda item: str(item["name"]),
            )
            for kind in kinds
        }


MARKS: Final = {
    "id", "created", "updated", "last_polled", "status", "version", "version_id", "version_info", "active_slots",
}  # fmt: skip


def without_marks(value: Any) -> Any:
    """A document of the API without identities, times and counts; names in order, as the server keeps sets of them."""
    if isinstance(value, dict):
        return {key: without_marks(item) for key, item in value.items() if key not in MARKS}
    if isinstance(value, list):
        items = [without_marks(item) for item in value]
        return sorted(items) if all(isinstance(item, str) for item in items) else items
    return value


class Receiver:
    """Takes what automations send."""

    def __init__(self) -> None:
        self.received: list[dict[str, Any]] = []
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                receiver.received.append(json.loads(body))
                self.send_response(204)
                self.end_headers()

            def log_message(self, *args: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/alerts"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        """Stop listening."""
        self._server.shutdown()
        self._server.server_close()

    def wait_for(self, words: str, seconds: float = 60) -> dict[str, Any]:
        """The first message with these words."""
        deadline = time.monotonic() + seconds
        while True:
            for message in self.received:
                if words in json.dumps(message):
                    return message
            assert time.monotonic() < deadline, f"no message with '{words}' in {self.received}"
            time.sleep(0.2)
