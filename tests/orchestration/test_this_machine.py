"""What a run of `./run.sh` shares a machine with: other servers of Prefect's, and a proxy to the world outside."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from prefect_kit import environment

from flows.local import end_orphaned_servers
from flows.temporary_server import SERVER

ORPHAN = """
import subprocess, sys
server = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)", sys.argv[1]], stdout=subprocess.DEVNULL)
print(server.pid)
"""


@contextlib.contextmanager
def what_looks_like_a_server(home: Path, **said: str) -> Iterator[psutil.Process]:
    """A process without its parent, as a server in the background is one."""
    told = subprocess.run(
        [sys.executable, "-c", ORPHAN, SERVER],
        env=environment(home, PREFECT_HOME=str(home / "prefect"), **said),
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    process = psutil.Process(int(told.stdout))
    try:
        yield process
    finally:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()


def test_servers_whose_run_is_gone_are_ended_and_no_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path / "state"
    monkeypatch.setenv("CUTDOWN_HOME", str(home))
    with (
        what_looks_like_a_server(home) as of_a_user,  # ./run.sh server --background
        what_looks_like_a_server(home, CUTDOWN_SERVER_OF=str(os.getpid())) as of_a_run,
        what_looks_like_a_server(tmp_path / "other", CUTDOWN_SERVER_OF=str(os.getpid())) as elsewhere,
    ):
        whose = what_looks_like_a_server(home, CUTDOWN_SERVER_OF=str(of_a_user.ppid()))
        with whose as of_a_container:  # whose first process, number 1, is the run itself
            end_orphaned_servers()
            gone, alive = psutil.wait_procs([of_a_user, of_a_run, elsewhere, of_a_container], timeout=2)
    assert gone == [of_a_run]
    assert set(alive) == {of_a_user, elsewhere, of_a_container}


DIRECTLY = """
import os
from urllib.request import getproxies, proxy_bypass
from flows.local import configure_prefect
configure_prefect()
configure_prefect()
print(proxy_bypass("127.0.0.1"), proxy_bypass("api.example.com"), os.environ.get("no_proxy"))
"""


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ({"HTTP_PROXY": "http://proxy.example:3128"}, "1 0 127.0.0.1,localhost"),
        (
            {"https_proxy": "http://proxy.example:3128", "NO_PROXY": "api.example.com"},
            "1 1 api.example.com,127.0.0.1,localhost",
        ),
        ({}, "0 0 None"),
    ],
    ids=["a proxy", "a proxy with exceptions", "none"],
)
def test_this_machine_is_not_asked_through_a_proxy(
    said: dict[str, str], told: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in [name for name in os.environ if name.lower().endswith("_proxy")]:
        monkeypatch.delenv(name)
    done = subprocess.run(
        [sys.executable, "-c", DIRECTLY],
        env=environment(tmp_path, **said),
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    shown = done.stdout.strip().replace("True", "1").replace("False", "0")
    assert shown == told
