"""A whole batch over folders: done once, isolated, within its limits, and again where something is left."""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from batch_kit import POISON, RECORDINGS, Dies, Maker, batch, fill, results, wishes
from media_kit import make_recording

from cutdown.batch.names import INDEX, shelf
from cutdown.errors import StorageError
from cutdown.estimate import estimate
from cutdown.job import Job
from cutdown.storage import FolderPlace
from cutdown.store import Store

pytestmark = pytest.mark.usefixtures("state")


def leases(dest: FolderPlace) -> list[str]:
    return [item.name for item in dest.list(shelf("leases"))]


def test_everything_is_done_once_and_then_there_is_nothing_to_do(source, dest) -> None:
    make = Maker()
    account = batch(wishes(source, dest), source, dest, make).run()
    assert account.exit_code == 0
    assert [row.state for row in account.rows] == ["done"] * 4
    assert results(dest) == {name: b"short " + data for name, data in RECORDINGS.items()}
    assert sorted(make.made) == sorted(RECORDINGS.values())
    assert leases(dest) == []
    assert account.metrics.total_videos == 4

    again = batch(wishes(source, dest), source, dest, make).run()
    assert again.did_nothing
    assert "nothing to do: all 4 recordings are done" in again.sentence()
    assert again.exit_code == 0
    assert len(make.made) == 4
    assert again.decide_requests == 2


def test_a_manifest_that_cannot_be_read_is_written_over(source, dest) -> None:
    make = Maker()
    batch(wishes(source, dest), source, dest, make).run()
    whole = results(dest)
    for item in [*dest.list(shelf("content")), *dest.list(shelf("done"))]:
        kind = "content" if "/content/" in item.name else "done"
        dest.delete(item.name)
        if kind == "content":
            dest.create(item.name, b"{}")
    account = batch(wishes(source, dest), source, dest, make).run()
    assert [row.state for row in account.rows] == ["done"] * 4
    assert results(dest) == whole


def test_other_options_make_other_results(source, dest) -> None:
    make = Maker()
    asked = wishes(source, dest)
    batch(asked, source, dest, make).run()
    shorter = asked.options.model_copy(
        update={"director": asked.options.director.model_copy(update={"target_ratio": 0.2})}
    )
    account = batch(asked.model_copy(update={"options": shorter}), source, dest, make).run()
    assert [row.state for row in account.rows] == ["done"] * 4
    assert len(make.made) == 8
    assert len(list(dest.list(shelf("content")))) == 8


def test_a_poisoned_recording_stops_no_other_and_is_not_tried_for_ever(source, dest, tmp_path) -> None:
    fill(source, tmp_path, {"bad.mp4": POISON})
    make = Maker()
    account = batch(wishes(source, dest), source, dest, make).run()
    assert account.count() == {"done": 4, "failed": 1}
    assert account.exit_code == 7
    (row,) = [row for row in account.rows if row.state == "failed"]
    assert (row.name, row.tries) == ("bad.mp4", 1)
    assert "is not a video; upload it again" in row.note
    failure = dest.read("bad.mp4/failure.json")
    assert failure is not None
    assert b'"remedy": "upload it again"' in failure[0]

    again = batch(wishes(source, dest), source, dest, make).run()
    assert again.did_nothing
    assert again.exit_code == 0
    assert [row.state for row in again.rows] == ["failed before"]
    assert "1 failed before" in again.sentence()

    fill(source, tmp_path, {"bad.mp4": b"mended"})
    mended = batch(wishes(source, dest), source, dest, make).run()
    assert [row.state for row in mended.rows] == ["done"]
    assert dest.read("bad.mp4/failure.json") is None


def test_what_may_pass_is_tried_again_and_then_told(source, dest) -> None:
    make = Maker()
    tries = []

    def full_disk(job: Job) -> None:
        if job.name == "talk 2":
            tries.append(job.name)
            if len(tries) < 3:
                raise OSError(28, "No space left on device")

    make.before = full_disk
    account = batch(wishes(source, dest), source, dest, make).run()
    assert account.exit_code == 0
    assert {row.name: row.tries for row in account.rows}["day 2/talk 2.mp4"] == 3


def test_the_same_bytes_under_two_names_are_made_once(source, dest, tmp_path) -> None:
    fill(source, tmp_path, {"copy of 1.mp4": RECORDINGS["day 1/talk 1.mp4"]})
    make = Maker(seconds=0.2)
    account = batch(wishes(source, dest), source, dest, make, slots=5).run()
    assert account.count() == {"done": 4, "duplicate": 1}
    assert len(make.made) == 4
    (row,) = [row for row in account.rows if row.state == "duplicate"]
    twins = {"copy of 1.mp4", "day 1/talk 1.mp4"}
    assert row.name in twins
    (first,) = twins - {row.name}
    assert f"the same bytes as '{first}'" in row.note
    assert dest.look(row.video) is not None
    assert dest.read(f"{row.name}/manifest.json") is not None


def test_two_batches_at_the_same_moment_do_each_recording_once(source, dest, tmp_path) -> None:
    more = {f"more {n}.mp4": f"more {n}".encode() for n in range(12)}
    fill(source, tmp_path, more)
    make = Maker(seconds=0.05)
    accounts = []
    start = threading.Barrier(2)

    def run() -> None:
        started = batch(wishes(source, dest), source, dest, make)
        start.wait()
        accounts.append(started.run())

    threads = [threading.Thread(target=run) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(make.made) == sorted([*RECORDINGS.values(), *more.values()])
    both = [row for account in accounts for row in account.rows]
    assert sum(row.state == "done" for row in both) == 16
    assert {row.state for row in both} <= {"done", "done elsewhere"}
    assert [account.exit_code for account in accounts] == [0, 0]
    assert leases(dest) == []


def test_a_half_finished_batch_is_finished_by_the_next_one(source, dest) -> None:
    make = Maker()

    def dies(job: Job) -> None:
        if job.name == "talk 2":
            raise Dies

    make.before = dies
    first = batch(wishes(source, dest, tries=1), source, dest, make).run()
    assert first.count() == {"done": 3, "failed": 1}
    make.before = lambda _job: None
    second = batch(wishes(source, dest, retry_failed=True), source, dest, make).run()
    assert second.done_before == 3
    assert [row.state for row in second.rows] == ["done"]
    assert len(make.made) == 4


def test_what_a_dead_worker_had_published_is_swept_by_the_one_who_finishes(source, dest, monkeypatch) -> None:
    make = Maker()
    publish, dead = dest.publish, []

    def dies_in_mid_publish(path, name, **more):
        if name.startswith("day 2/") and name.endswith("plan.json") and not dead:
            dead.append(name)
            monkeypatch.setattr(dest, "delete", lambda *_: False)  # nor does it tidy up
            raise Dies
        return publish(path, name, **more)

    delete = dest.delete
    monkeypatch.setattr(dest, "publish", dies_in_mid_publish)
    batch(wishes(source, dest, tries=1), source, dest, make, slots=1).run()
    monkeypatch.setattr(dest, "delete", delete)
    left = [item.name for item in dest.list("day 2/") if item.name.endswith("talk 2.mp4")]
    assert left, "nothing was published before the death"
    assert "day 2/talk 2.mp4" not in results(dest)
    batch(wishes(source, dest, retry_failed=True), source, dest, make, slots=1).run()
    assert results(dest)["day 2/talk 2.mp4"] == b"short recording 2"
    assert not [name for name in left if dest.look(name)]


def test_the_deadline_stops_what_was_not_started(source, dest) -> None:
    started = datetime.now(UTC)
    clock = iter([started + timedelta(seconds=40 * n) for n in range(1000)])  # time flies
    make = Maker(seconds=0.1)
    soon = (started + timedelta(minutes=2)).astimezone(ZoneInfo("Europe/Berlin"))
    asked = wishes(source, dest, stop_at=f"{soon:%H:%M}", time_zone="Europe/Berlin")
    account = batch(asked, source, dest, make, slots=1, now=lambda: next(clock)).run()
    assert account.exit_code == 8
    assert account.count()["not started"] >= 2
    assert account.count()["done"] >= 1
    assert all(row.note == "deadline" for row in account.rows if row.state == "not started")
    rest = batch(wishes(source, dest), source, dest, make).run()
    assert rest.count()["done"] + account.count()["done"] == 4


def test_results_inside_the_source_are_no_recordings(source, tmp_path) -> None:
    inside = FolderPlace(tmp_path / "in" / "short")
    make = Maker()
    batch(wishes(source, inside), source, inside, make).run()
    assert batch(wishes(source, inside), source, inside, make).run().did_nothing
    assert len(make.made) == 4


def test_nothing_in_the_index_looks_like_a_recording(source, dest) -> None:
    batch(wishes(source, dest), source, dest, Maker()).run()
    assert all(item.name.endswith(".json") for item in dest.list(INDEX))


def test_the_budget_of_the_batch_is_never_broken(dest, tmp_path) -> None:
    source = FolderPlace(tmp_path / "films")
    source.root.mkdir()
    for number in range(3):
        make_recording(source.root / f"film {number}.mp4", seconds=4 + number, size=(64, 36))
    asked = wishes(source, dest)
    dear = asked.options.model_copy(
        update={"director": asked.options.director.model_copy(update={"llm": "openai/gpt-4o"})}
    )
    first = Job(source=source.root / "film 0.mp4", options=dear)
    needs = estimate(first, Store(tmp_path / "store")).range_usd[1]
    assert needs
    limits = asked.limits.model_copy(update={"batch_budget": 1.7 * needs})
    make = Maker(cost=needs)
    asked = asked.model_copy(update={"options": dear, "limits": limits})
    account = batch(asked, source, dest, make, slots=2).run()
    assert account.count() == {"done": 1, "not started": 2}
    assert account.exit_code == 4
    assert account.spent == pytest.approx(needs)
    notes = [row.note for row in account.rows if row.state == "not started"]
    assert all(note.startswith("budget: it may cost $") for note in notes)

    rest = batch(
        asked.model_copy(update={"limits": asked.limits.model_copy(update={"batch_budget": 99.0})}),
        source,
        dest,
        make,
    ).run()
    assert rest.count() == {"done": 2}
    assert rest.exit_code == 0


def test_one_that_dies_when_it_is_started_once_more_is_no_matter_of_the_budget(dest, tmp_path) -> None:
    source = FolderPlace(tmp_path / "films")
    source.root.mkdir()
    for number in range(2):
        make_recording(source.root / f"film {number}.mp4", seconds=4 + number, size=(64, 36))
    asked = wishes(source, dest, tries=1)
    dear = asked.options.model_copy(
        update={"director": asked.options.director.model_copy(update={"llm": "openai/gpt-4o"})}
    )
    first = Job(source=source.root / "film 0.mp4", options=dear)
    needs = estimate(first, Store(tmp_path / "store")).range_usd[1]
    assert needs
    limits = asked.limits.model_copy(update={"batch_budget": 1.7 * needs})  # half of it fits neither
    make = Maker(cost=needs)

    def dies(_job: Job) -> None:
        raise Dies

    make.before = dies
    account = batch(
        asked.model_copy(update={"options": dear, "limits": limits}), source, dest, make, slots=2
    ).run()
    assert account.count() == {"failed": 1, "not started": 1}
    (row,) = [row for row in account.rows if row.state == "failed"]
    assert row.note.startswith("its worker died")
    assert account.spent >= needs, "what it may have spent is not free again"


def test_a_destination_that_is_out_of_reach_is_told_before_anything_is_tried_again(
    source, dest, monkeypatch
) -> None:
    def out_of_reach(*_: object) -> None:
        raise StorageError("no answer; check the endpoint", retryable=True)

    monkeypatch.setattr(dest, "create", out_of_reach)
    monkeypatch.setattr(time, "sleep", lambda _seconds: pytest.fail("it was waited for"))
    with pytest.raises(StorageError, match="no answer"):
        batch(wishes(source, dest), source, dest, Maker()).run()
