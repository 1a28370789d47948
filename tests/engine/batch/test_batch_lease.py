"""Leases: one of many gets it, the living keep it, the dead lose it, and a late one can do no harm."""

from __future__ import annotations

import os
import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from batch_kit import Dies, Maker, batch, fill, wishes

from cutdown.batch.desk import Desk
from cutdown.batch.lease import LostLeaseError, StorageClock, free_of_dead, kept, read_lease, take
from cutdown.batch.names import shelf
from cutdown.batch.order import Busy, Order
from cutdown.batch.records import Done
from cutdown.batch.work import Bench
from cutdown.errors import StorageError
from cutdown.job import Job
from cutdown.storage import FolderPlace

NAME = shelf("leases", "k")


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUTDOWN_HOME", str(tmp_path / "state"))


@pytest.fixture
def place(tmp_path: Path) -> FolderPlace:
    return FolderPlace(tmp_path / "out")


class Later(StorageClock):
    """A storage's clock that is ahead by so many seconds."""

    def __init__(self, seconds: float) -> None:
        super().__init__(timedelta(seconds=seconds))


def get(place, holder: str, seconds_later: float = 0.0, lifetime: float = 60.0):
    return take(place, "k", holder, lifetime=lifetime, clock=Later(seconds_later), source="talk.mp4")


def test_one_of_many_gets_it(place) -> None:
    got = []
    start = threading.Barrier(8)

    def grab(holder: str) -> None:
        start.wait()
        if lease := get(place, holder):
            got.append(lease)

    threads = [threading.Thread(target=grab, args=(f"w{n}",)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    (lease,) = got
    found = read_lease(place, NAME)
    assert found is not None
    assert found[0].holder == lease.state.holder
    lease.release(finished=True)
    assert place.look(NAME) is None


def test_it_is_taken_over_only_when_the_storage_says_that_its_time_is_over(place) -> None:
    first = get(place, "first")
    assert first is not None
    assert get(place, "second", 59) is None
    second = get(place, "second", 63)
    assert second is not None
    assert second.state.turn == 2
    assert [(turn.holder, turn.why) for turn in second.state.before] == [("first", "expired")]
    first.renew()
    assert not first.held
    with pytest.raises(LostLeaseError, match="was lost"):
        first.require_held()
    first.release(finished=True)  # what is another's is not removed
    assert place.look(NAME) is not None
    second.release(finished=True)


def test_of_many_heirs_one_gets_it(place) -> None:
    assert get(place, "dead")
    os.utime(place.root / NAME, (0, time.time() - 100))
    got = []
    start = threading.Barrier(6)

    def grab(holder: str) -> None:
        start.wait()
        got.append(get(place, holder))

    threads = [threading.Thread(target=grab, args=(f"w{n}",)) for n in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(lease is not None for lease in got) == 1


def test_a_living_holder_is_never_overtaken(place) -> None:
    lease = get(place, "alive", lifetime=1.0)
    assert lease is not None
    until = time.monotonic() + 60
    while lease.state.beat < 16:  # four seconds and more: without a beat it would have been free after three
        assert get(place, "other", lifetime=1.0) is None
        assert time.monotonic() < until
        time.sleep(0.2)
    lease.confirm()
    lease.release(finished=True)


def test_what_was_given_back_without_a_result_is_the_next_turn_at_once(place) -> None:
    lease = get(place, "first")
    assert lease is not None
    with kept(lease):
        pass
    second = get(place, "second")
    assert second is not None
    assert (second.state.turn, second.state.before[0].why) == (2, "released")


def test_the_one_who_saw_a_process_die_frees_what_it_held(place) -> None:
    assert get(place, "machine/1")
    free_of_dead(place, "machine/2")
    assert get(place, "heir") is None
    free_of_dead(place, "machine/1")
    assert get(place, "heir") is not None


def test_a_holder_that_cannot_reach_the_storage_knows_when_it_has_lost(place, monkeypatch, caplog) -> None:
    lease = get(place, "cut off", lifetime=1.0)
    assert lease is not None

    def cut(*_: object) -> None:
        raise StorageError("the connection was cut", retryable=True)

    monkeypatch.setattr(place, "replace", cut)
    monkeypatch.setattr(lease, "_clock", lambda: lease._alive_until - 0.1)
    lease.renew()
    assert lease.held
    monkeypatch.setattr(lease, "_clock", lambda: lease._alive_until + 0.1)
    assert not lease.held
    with pytest.raises(LostLeaseError):
        lease.require_held()


def test_a_write_whose_answer_was_lost_is_known_again(place, monkeypatch) -> None:
    lease = get(place, "holder")
    assert lease is not None
    replace = place.replace

    def deaf(name: str, data: bytes, tag: str) -> None:
        replace(name, data, tag)
        raise StorageError("the answer was lost", retryable=True)

    monkeypatch.setattr(place, "replace", deaf)
    lease.renew()
    monkeypatch.setattr(place, "replace", replace)
    lease.renew()
    assert lease.held


def test_the_storages_clock_is_asked(place) -> None:
    clock = StorageClock.of(place, "someone")
    assert abs(clock.now() - datetime.now(UTC)) < timedelta(seconds=2)
    assert list(place.list()) == []


def test_a_holder_that_was_suspended_too_long_publishes_nothing(place, tmp_path) -> None:
    """It rendered to the end while another one took over and published: only the other's files count."""
    source = FolderPlace(tmp_path / "in")
    fill(source, tmp_path, {"talk.mp4": b"talk"})
    (item,) = source.list()
    order = Order(source=source.url, item=item, dest=place.url, lease_seconds=5)
    other = Bench(source, place, Maker(), holder="other", clock=Later(60))

    late = Maker()

    def overtaken(_job: Job) -> None:
        late.before = lambda _job: None
        done = other.process(order)
        assert isinstance(done, Done)

    late.before = overtaken
    Bench(source, place, late, holder="late", clock=Later(0)).process(order)

    done = Desk(place).done(order.key)
    assert done is not None
    manifest = Desk(place).manifest(done.content)
    assert manifest is not None
    assert (manifest.holder, manifest.turn) == ("other", 2)
    assert [turn.holder for turn in manifest.before] == ["late"]
    published = {item.name for item in place.list("talk.mp4/") if "/" in item.name.removeprefix("talk.mp4/")}
    assert published == {file.name for file in manifest.files}
    assert Desk(place).failure(order.key) is None
    assert place.read("talk.mp4/failure.json") is None


def test_an_order_that_waited_past_the_deadline_is_not_started(place, tmp_path) -> None:
    source = FolderPlace(tmp_path / "in")
    fill(source, tmp_path, {"talk.mp4": b"talk"})
    (item,) = source.list()
    make = Maker()
    late = Order(source=source.url, item=item, dest=place.url, not_after=datetime.now(UTC))
    assert isinstance(Bench(source, place, make).process(late), Busy)
    assert make.made == []
    assert list(place.list(shelf("leases"))) == []


def test_a_dead_workers_recording_is_done_by_another(place, tmp_path) -> None:
    source = FolderPlace(tmp_path / "in")
    fill(source, tmp_path, {"talk.mp4": b"talk", "other.mp4": b"other"})
    make = Maker()
    deaths = []

    def dies_once(job: Job) -> None:
        if job.name == "talk" and not deaths:
            deaths.append(job.name)
            raise Dies

    make.before = dies_once
    account = batch(wishes(source, place), source, place, make).run()
    assert account.count() == {"done": 2}
    (row,) = [row for row in account.rows if row.name == "talk.mp4"]
    assert row.tries == 2
    assert sorted(make.made) == [b"other", b"talk"]
