"""A Prefect server and workers as processes of their own, each with a state folder of its own."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Self

import httpx
import psutil

ROOT = Path(__file__).resolve().parents[1]
PATH = os.pathsep.join((str(ROOT), str(ROOT / "src")))
QUIET = {
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "DO_NOT_TRACK": "1",
    "PREFECT_CLIENT_SERVER_VERSION_CHECK_ENABLED": "false",
}


class Program:
    """A program that is ended with all its children, by their ids."""

    def __init__(self, name: str, arguments: list[str], environment: dict[str, str], folder: Path) -> None:
        self.name = name
        self.log = folder / f"{name}.log"
        self._arguments = arguments
        self._environment = {**os.environ, **QUIET, **environment}
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> Self:
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, *self._arguments],
                env=self._environment,
                cwd=ROOT,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        return self

    @property
    def alive(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def tree(self) -> list[psutil.Process]:
        """The program and everything below it."""
        assert self._process is not None
        with contextlib.suppress(psutil.NoSuchProcess):
            top = psutil.Process(self._process.pid)
            return [top, *top.children(recursive=True)]
        return []

    def kill(self) -> int:
        """End it at once with all that it started, as when a machine loses its power; how many those were."""
        if self._process is None:
            return 0
        processes = self.tree()
        for process in processes:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
        psutil.wait_procs(processes, timeout=10)
        self._process.wait()
        return len(processes)

    def terminate(self, seconds: float = 20) -> None:
        """Ask it to end; after so long end it."""
        if self.alive:
            assert self._process is not None
            self._process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(seconds)
        self.kill()


class Server(Program):
    """A Prefect server with SQLite, on loopback; restarted it finds everything again."""

    def __init__(self, folder: Path, port: int) -> None:
        self.api = f"http://127.0.0.1:{port}/api"
        home = folder / "prefect-server"
        home.mkdir(parents=True)
        environment = {
            "CUTDOWN_HOME": str(home),
            "PYTHONPATH": PATH,
            "PREFECT_SERVER_LOGGING_LEVEL": "WARNING",
        }
        start = ["-m", "deployments", "server", "--port", str(port)]
        super().__init__("prefect-server", start, environment, folder)

    def wait(self, seconds: float = 150) -> None:
        until = time.monotonic() + seconds
        while not self.answers():
            assert self.alive, self.log.read_text()[-2000:]
            assert time.monotonic() < until, "Prefect's server did not start"
            time.sleep(0.5)

    def answers(self) -> bool:
        with contextlib.suppress(httpx.HTTPError):
            return httpx.get(f"{self.api}/health", timeout=2).status_code == 200
        return False


def worker(name: str, pool: str, folder: Path, api: str, *, limit: int, **environment: str) -> Program:
    """A worker with its own state folder and its own Prefect home."""
    home = folder / name
    (home / "prefect").mkdir(parents=True)
    own = {
        "CUTDOWN_HOME": str(home),
        "CUTDOWN_WORKER": name,
        "PREFECT_HOME": str(home / "prefect"),
        "PREFECT_API_URL": api,
        "PREFECT_WORKER_QUERY_SECONDS": "2",
        "PYTHONPATH": PATH,
    }
    start = ["-m", "deployments", "worker", "--pool", pool, "--limit", str(limit), "--name", name]
    return Program(name, start, own | environment, folder)


def put_into_force(api: str, home: Path) -> None:
    """Everything that is declared, as ``./run.sh deploy`` does it."""
    environment = {
        **os.environ,
        **QUIET,
        "CUTDOWN_HOME": str(home),
        "PREFECT_API_URL": api,
        "PYTHONPATH": PATH,
    }
    places = ["--recordings", "s3://recordings/in", "--videos", "s3://recordings/out"]
    command = [sys.executable, "-m", "deployments", "deploy", *places]
    done = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False, timeout=300
    )
    assert done.returncode == 0, done.stdout + done.stderr


@contextlib.contextmanager
def asked_at(api: str, home: Path) -> Iterator[None]:
    """Prefect's client in this process speaks to a server."""
    from prefect.settings import PREFECT_API_URL, PREFECT_HOME, temporary_settings

    with temporary_settings({PREFECT_API_URL: api, PREFECT_HOME: home}):
        yield


def deploy(flow: Any, name: str, entrypoint: str, pool: str, **more: Any) -> None:
    """Create a pool for processes and a deployment on it, which runs from this checkout."""
    from prefect.client.orchestration import get_client
    from prefect.client.schemas.actions import WorkPoolCreate
    from prefect.utilities.callables import parameter_schema
    from prefect.workers.process import ProcessWorker

    with get_client(sync_client=True) as client:
        template = ProcessWorker.get_default_base_job_template()
        client.create_work_pool(
            WorkPoolCreate(name=pool, type="process", base_job_template=template), overwrite=True
        )
        client.create_deployment(
            flow_id=client.create_flow(flow),
            name=name,
            entrypoint=entrypoint,
            work_pool_name=pool,
            pull_steps=[{"prefect.deployments.steps.set_working_directory": {"directory": str(ROOT)}}],
            parameter_openapi_schema=parameter_schema(flow).model_dump_for_openapi(),
            enforce_parameter_schema=True,
            **more,
        )
