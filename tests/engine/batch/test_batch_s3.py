"""Batches over a real S3 server."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from batch_kit import POISON, Maker, batch, fill, wishes
from s3_kit import S3Server

from cutdown.batch.counted import Counted
from cutdown.batch.lease import StorageClock, read_lease, take
from cutdown.batch.names import item_key, shelf
from cutdown.batch.run import look
from cutdown.batch.wishes import options_key
from cutdown.settings import OptimizeOptions


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUTDOWN_HOME", str(tmp_path / "state"))


def test_a_thousand_objects_are_decided_with_a_request_for_each_thousand_names(
    s3: S3Server, bucket: str, tmp_path: Path
) -> None:
    source, dest = s3.place(bucket, "in"), s3.place(bucket, "out")
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda n: source.create(f"day/talk-{n:04d}.mp4", b"talk %d" % n), range(1000)))
        options = options_key(OptimizeOptions())
        done = [shelf("done", item_key(source.url, item, options)) for item in list(source.list())[:990]]
        list(threads.map(lambda name: dest.create(name, b"{}"), done))
    asked = wishes(source, dest)
    found = look(asked, Counted(source), Counted(dest), StorageClock.of(dest, "me").now())
    assert [one.verdict for one in found.decisions].count("done") == 990
    assert [one.item.name for one in found.decisions if one.verdict == "do"] == [
        f"day/talk-{n:04d}.mp4" for n in range(990, 1000)
    ]
    assert found.requests == 2
    assert found.seconds < 10

    make = Maker()
    account = batch(asked, source, dest, make, slots=10).run()
    assert account.count() == {"done": 10}
    assert (account.done_before, account.decide_requests) == (990, 2)
    assert len(make.made) == 10


def test_two_batches_at_the_same_moment_do_each_recording_once(
    s3: S3Server, bucket: str, tmp_path: Path
) -> None:
    recordings = {f"talk {n}.mp4": f"recording {n}".encode() for n in range(8)} | {"bad.mp4": POISON}
    fill(s3.place(bucket, "in"), tmp_path, recordings)
    make = Maker(seconds=0.3)
    accounts = []
    start = threading.Barrier(2)

    def run() -> None:
        source, dest = s3.place(bucket, "in"), s3.place(bucket, "out")
        started = batch(wishes(source, dest), source, dest, make)
        start.wait()
        accounts.append(started.run())

    threads = [threading.Thread(target=run) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(make.made) == sorted(data for data in recordings.values() if data != POISON)
    both = [row for account in accounts for row in account.rows]
    assert sum(row.state == "done" for row in both) == 8
    assert {row.state for row in both if row.name != "bad.mp4"} == {"done", "done elsewhere"}
    assert [row.state for row in both if row.name == "bad.mp4"] == ["failed", "failed"]
    dest = s3.place(bucket, "out")
    left = [read_lease(dest, item.name) for item in dest.list(shelf("leases"))]
    assert all(lease is not None and lease[0].released for lease in left)  # of the one that failed
    assert len(list(dest.list(shelf("content")))) == 8


def test_a_lease_is_taken_over_by_one_when_the_server_says_that_its_time_is_over(
    s3: S3Server, bucket: str
) -> None:
    dest = s3.place(bucket, "out")
    clock = StorageClock.of(dest, "me")
    dead = take(dest, "k", "dead", lifetime=1.0, clock=clock)
    assert dead is not None
    dead._over.set()  # its process is gone
    assert take(dest, "k", "early", lifetime=60, clock=clock) is None
    got = []
    start = threading.Barrier(5)

    def grab(holder: str) -> None:
        place = s3.place(bucket, "out")
        start.wait()
        lease = None
        for _ in range(12):
            lease = lease or take(place, "k", holder, lifetime=60, clock=clock)
            threading.Event().wait(0.5)
        got.append(lease)

    threads = [threading.Thread(target=grab, args=(f"w{n}",)) for n in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    (heir,) = [lease for lease in got if lease is not None]
    assert heir.state.turn == 2
    assert heir.state.before[0].holder == "dead"
    assert not dead.held
    heir.release(finished=True)
