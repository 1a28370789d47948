"""Processes as a crew: each recording in one of its own; one that dies is noticed, and its leases are freed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from batch_kit import Maker, fill, wishes

from cutdown.batch.crew import Processes
from cutdown.batch.lease import read_lease
from cutdown.batch.names import shelf
from cutdown.batch.order import Order
from cutdown.batch.run import Batch
from cutdown.batch.scratch import scratch_folder, sweep_scratch
from cutdown.batch.work import Bench
from cutdown.job import Job, Outcome
from cutdown.settings import state_folder
from cutdown.storage import FolderPlace, open_place


def work(order: Order) -> None:
    """Done in a process of its own: the first try at `dies.mp4` kills itself in mid-work, `waits.mp4` never ends."""
    maker = Maker()

    def make(job: Job) -> Outcome:
        if job.name == "dies" and order.tries == 1:
            os.kill(os.getpid(), signal.SIGKILL)
        if job.name == "waits":
            time.sleep(600)
        return maker(job)

    if order.item.name == "stumbles.mp4":
        raise OSError("no room for its scratch folder")
    Bench(open_place(order.source), open_place(order.dest), make).process(order)


@pytest.fixture
def places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[FolderPlace, FolderPlace]:
    monkeypatch.setenv("CUTDOWN_HOME", str(tmp_path / "state"))
    return FolderPlace(tmp_path / "in"), FolderPlace(tmp_path / "out")


def test_a_killed_process_is_noticed_and_its_recording_is_done_by_another(places, tmp_path) -> None:
    source, dest = places
    fill(source, tmp_path, {"dies.mp4": b"one", "lives.mp4": b"two"})
    began = time.monotonic()
    account = Batch(wishes(source, dest, lease_seconds=600), source, dest, Processes(work, 2)).run()
    assert account.count() == {"done": 2}
    rows = {row.name: row for row in account.rows}
    assert (rows["dies.mp4"].tries, rows["lives.mp4"].tries) == (2, 1)
    assert rows["dies.mp4"].turn == 2
    assert rows["dies.mp4"].holder != rows["lives.mp4"].holder
    assert time.monotonic() - began < 300, "nobody has to wait for the lease of one that was seen to die"


def test_one_that_dies_every_time_is_told_and_left(places, tmp_path) -> None:
    source, dest = places
    fill(source, tmp_path, {"dies.mp4": b"one"})
    account = Batch(wishes(source, dest, tries=1), source, dest, Processes(work, 1)).run()
    (row,) = account.rows
    assert row.state == "failed"
    assert "ended by signal 9" in row.note
    assert Batch(wishes(source, dest, tries=1), source, dest, Processes(work, 1)).run().did_nothing


def test_what_ends_a_process_stands_in_its_log(places, tmp_path) -> None:
    source, dest = places
    fill(source, tmp_path, {"stumbles.mp4": b"one"})
    account = Batch(wishes(source, dest, tries=1), source, dest, Processes(work, 1)).run()
    assert "exit code 1" in account.rows[0].note
    (log,) = (state_folder() / "logs").iterdir()
    assert log.read_text().endswith("OSError: no room for its scratch folder\n")


def test_being_asked_to_stop_gives_leases_and_scratch_back(places, tmp_path) -> None:
    source, dest = places
    fill(source, tmp_path, {"waits.mp4": b"one"})
    (item,) = source.list()
    order = Order(source=source.url, item=item, dest=dest.url, lease_seconds=600)
    crew = Processes(work, 1)
    crew.begin(order)
    until = time.monotonic() + 60
    while not list((state_folder() / "scratch").glob("*/in/waits.mp4")):
        assert time.monotonic() < until
        time.sleep(0.1)
    crew.stop()
    found = read_lease(dest, shelf("leases", order.key))
    assert found is not None
    assert found[0].released
    assert list((state_folder() / "scratch").iterdir()) == []


def test_scratch_of_processes_that_are_gone_is_swept_and_what_is_in_use_stays(places) -> None:
    hold = "import time; from cutdown.batch.scratch import scratch_folder as f\nwith f() as p: print(p, flush=True); time.sleep(60)"
    with subprocess.Popen([sys.executable, "-c", hold], stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        folder = Path(holder.stdout.readline().strip())
        with scratch_folder() as own:
            sweep_scratch()
            assert folder.is_dir()
            assert own.is_dir()
            holder.kill()
            holder.wait()
            sweep_scratch()
            assert own.is_dir()
            assert not folder.exists()
    assert list((state_folder() / "scratch").iterdir()) == []
