"""`python -m flows optimize`: the command line with a server of its own, which leaves nothing behind."""

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest
from prefect_kit import ROOT, environment, free_port

from cutdown.demo import make_demo
from flows.named_server import NoServerError
from flows.temporary_server import SERVER, start_server


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
    ingest = next(line.split() for line in told.splitlines() if line.startswith("ingest"))
    assert float(ingest[1]) > 0, ingest
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


def test_a_server_that_is_named_and_does_not_answer_is_one_line() -> None:
    from prefect.settings import PREFECT_API_URL, temporary_settings

    address = f"http://127.0.0.1:{free_port()}/api"
    with (
        temporary_settings({PREFECT_API_URL: address}),
        pytest.raises(
            NoServerError, match=f"no Prefect server answers at {address}; .* unset PREFECT_API_URL"
        ),
    ):
        start_server()


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


def test_whoever_stops_it_while_it_loads_sees_no_traceback(tmp_path: Path) -> None:
    (tmp_path / "cyclopts.py").write_text("import os, signal; os.kill(os.getpid(), signal.SIGINT)")
    (tmp_path / "talk.mp4").touch()
    loading = subprocess.run(
        [sys.executable, "-m", "flows", "optimize", "talk.mp4"],
        env=environment(tmp_path / "state") | {"PYTHONPATH": f"{tmp_path}:{ROOT}"},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (loading.returncode, loading.stdout, loading.stderr) == (-signal.SIGINT, "", "")
