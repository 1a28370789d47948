"""`python -m flows optimize`: the command line with a server of its own, which leaves nothing behind."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from prefect_kit import environment

from cutdown.demo import make_demo
from flows.temporary_server import SERVER, end_orphaned_servers


def start(folder: Path, *arguments: str | Path) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-m", "flows", "optimize", *arguments, "--whisper-model", "tiny.en", "--preset", "ultrafast"],
        env=environment(folder / "state"),
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )  # fmt: skip


def servers_of(folder: Path) -> list[psutil.Process]:
    home = str(folder / "state" / "prefect")
    found = []
    for process in psutil.process_iter():
        try:
            if SERVER in process.cmdline() and process.environ().get("PREFECT_HOME") == home:
                found.append(process)
        except psutil.Error:
            continue
    return found


@pytest.fixture(scope="module")
def talk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("command-line") / "talk.mp4"
    make_demo(path)
    return path


def test_a_run_listens_while_its_server_starts_and_counts_that_as_its_own_work(talk: Path) -> None:
    folder = talk.parent
    run = start(folder, talk, "--out", folder / "out")
    told, errors = run.communicate(timeout=300)
    assert run.returncode == 0, errors
    assert "Error" not in errors  # nothing was left to be sent when the server ended
    records = [json.loads(line) for line in (folder / "out" / "metrics.jsonl").read_text().splitlines()]
    assert [record["cached"] for record in records] == [False] * len(records)
    assert records[0]["transcription_time"] > 0
    assert "0.0 s" not in next(line for line in told.splitlines() if line.startswith("ingest"))
    assert servers_of(folder) == []


def test_a_run_that_is_interrupted_while_its_server_starts_ends_soon_and_says_so(
    talk: Path, tmp_path: Path
) -> None:
    run = start(tmp_path, talk, "--out", tmp_path / "out")
    until = time.monotonic() + 60
    while not servers_of(tmp_path) and time.monotonic() < until:
        time.sleep(0.05)
    run.send_signal(signal.SIGINT)
    _, errors = run.communicate(timeout=60)
    assert run.returncode == 130
    assert errors.splitlines()[-1].startswith("error: stopped")
    assert not (tmp_path / "out").exists()
    assert servers_of(tmp_path) == []


TWICE = """
import sys, time
from flows.local import configure_prefect, quiet_terminal
configure_prefect(); quiet_terminal()
from flows.temporary_server import start_server
from prefect.settings import PREFECT_API_URL
for _ in range(2):  # as a review does: a plan first, then the rest
    with start_server():
        print(PREFECT_API_URL.value(), flush=True)
time.sleep(60)
"""


def test_a_process_has_one_server_which_ends_with_it_however_that_ends(tmp_path: Path) -> None:
    run = subprocess.Popen(
        [sys.executable, "-c", TWICE],
        env=environment(tmp_path / "state"),
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert run.stdout is not None
        first, second = run.stdout.readline(), run.stdout.readline()
        assert first == second
        assert len(servers_of(tmp_path)) == 1
    finally:
        run.kill()
        run.communicate()
    if sys.platform == "linux":
        until = time.monotonic() + 20
        while servers_of(tmp_path) and time.monotonic() < until:
            time.sleep(0.05)
        assert servers_of(tmp_path) == []


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
