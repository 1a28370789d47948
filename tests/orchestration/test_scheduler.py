"""A cron schedule really creates runs: with some versions of its dependencies Prefect's scheduler fails silently."""

from __future__ import annotations

import asyncio
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


@pytest.fixture
def server(tmp_path: Path) -> Iterator[str]:
    """A Prefect server with all its services, on loopback; its API's address."""
    port = free_port()
    (tmp_path / "prefect").mkdir()
    environment = {
        **os.environ,
        "PREFECT_HOME": str(tmp_path / "prefect"),
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "DO_NOT_TRACK": "1",
        "PREFECT_API_DATABASE_CONNECTION_URL": f"sqlite+aiosqlite:///{tmp_path}/prefect.db",
        "PREFECT_API_URL": f"http://127.0.0.1:{port}/api",
    }
    with (tmp_path / "server.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "prefect", "server", "start", "--host", "127.0.0.1", "--port", str(port)],
            env=environment,
            stdout=log,
            stderr=log,
        )
        try:
            deadline = time.monotonic() + 150
            while not answers(f"http://127.0.0.1:{port}/api/health"):
                assert process.poll() is None, (tmp_path / "server.log").read_text()
                assert time.monotonic() < deadline, "the server did not start"
                time.sleep(0.5)
            yield f"http://127.0.0.1:{port}/api"
        finally:
            process.terminate()
            try:
                process.wait(15)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def answers(url: str) -> bool:
    try:
        return httpx.get(url, timeout=2).is_success
    except httpx.HTTPError:
        return False


def test_a_cron_deployment_gets_scheduled_runs(server: str, prefect_home: Path) -> None:
    from prefect.client.orchestration import get_client
    from prefect.client.schemas.actions import DeploymentScheduleCreate
    from prefect.client.schemas.schedules import CronSchedule
    from prefect.settings import PREFECT_API_URL, temporary_settings

    from flows.optimize import optimize_video

    async def schedule_and_wait() -> int:
        async with get_client() as client:
            flow = await client.create_flow(optimize_video)
            nightly = DeploymentScheduleCreate(
                schedule=CronSchedule(cron="30 2 * * *", timezone="Europe/Berlin"), active=True
            )
            deployment = await client.create_deployment(
                flow, "nightly", schedules=[nightly], parameters={"source": "/talk.mp4"}
            )
            for _ in range(90):
                runs = await client.get_scheduled_flow_runs_for_deployments([deployment])
                if runs:
                    return len(runs)
                await asyncio.sleep(1)
        return 0

    with temporary_settings({PREFECT_API_URL: server}):
        assert asyncio.run(schedule_and_wait()) > 0
