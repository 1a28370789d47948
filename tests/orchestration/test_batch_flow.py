"""Batches as flows: one run for each recording, here and on workers; what died is noticed."""

from __future__ import annotations

import os
import shutil
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from uuid import UUID, uuid4

import pytest
from batch_kit import fill
from fleet_kit import deploy

from benchmarks.short_talks import make_talk
from cutdown.batch.desk import Desk
from cutdown.batch.lease import StorageClock, take
from cutdown.batch.names import shelf
from cutdown.batch.order import Order
from cutdown.batch.records import Done, Failure
from cutdown.batch.wishes import BatchWishes
from cutdown.settings import OptimizeOptions, RenderOptions, SpeechOptions
from cutdown.storage import FolderPlace

OPTIONS = OptimizeOptions(
    speech=SpeechOptions(whisper_model="tiny.en"), render=RenderOptions(preset="ultrafast")
)


@pytest.fixture(scope="module")
def talk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_talk(tmp_path_factory.mktemp("talks") / "talk.mp4", 0)


def artifacts() -> dict[str, Any]:
    from prefect.client.orchestration import get_client

    with get_client(sync_client=True) as client:
        found = client._client.post("/artifacts/filter", json={}).json()
    return {artifact["key"]: artifact for artifact in found if artifact["key"]}


def test_one_recording_then_a_batch_around_it(talk: Path, state: Path, tmp_path: Path) -> None:
    from flows.batch import optimize_batch
    from flows.remote import optimize_object

    source, dest = FolderPlace(tmp_path / "in"), FolderPlace(tmp_path / "out")
    source.root.mkdir()
    shutil.copy(talk, source.root / "talk.mp4")
    one = {"source": str(source.root / "talk.mp4"), "dest": str(dest.root), "options": OPTIONS}
    done = optimize_object(**one)
    assert isinstance(done, Done)
    manifest = Desk(dest).manifest(done.content)
    assert manifest is not None
    assert {file.name.rpartition("/")[2] for file in manifest.files} >= {
        "talk.mp4",
        "report.html",
        "plan.json",
    }
    assert [record["phase"] for record in manifest.records][-1] == "phase4_assembly"

    shutil.copy(talk, source.root / "another name.mp4")
    (source.root / "broken.mp4").write_bytes(b"no video at all")
    ended = optimize_batch(source=str(source.root), dest=str(dest.root), options=OPTIONS, return_state=True)
    assert ended.name == "Failed"
    assert ended.message is not None
    assert "1 duplicate, 1 failed, 1 done before" in ended.message
    (page,) = [artifact for key, artifact in artifacts().items() if key.startswith("batch-summary-")]
    assert "the same bytes as 'talk.mp4'" in page["data"]
    failure = dest.read("broken.mp4/failure.json")
    assert failure is not None
    assert b'"kind": "media"' in failure[0]
    names = {item.name.rpartition("/")[2] for item in dest.list("batches/")}
    assert names >= {"batch.csv", "batch.parquet", "batch.md", "batch.html", "batch.json"}

    again = optimize_batch(source=str(source.root), dest=str(dest.root), options=OPTIONS, return_state=True)
    assert again.name == "Completed"
    assert again.message is not None
    assert again.message.startswith("nothing to do: all 2 recordings are done; 1 failed before")


def test_the_form_of_a_batch_describes_every_field(prefect_home: Path) -> None:
    from flows.batch import optimize_batch
    from flows.remote import optimize_object

    for flow in (optimize_batch, optimize_object):
        assert all(entry.get("description") for entry in flow.parameters.properties.values())


def test_batches_of_the_same_second_leave_a_table_each(
    prefect_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two schedules for half past one: the ids that Prefect gives their runs begin alike."""
    from flows import batch
    from flows.remote import alone

    at = datetime(2026, 5, 4, 1, 30, tzinfo=UTC)
    ids = [UUID("019df0a1-7c00-7b6e-8a52-3c1f5e9d0a11"), UUID("019df0a1-7c00-7d21-b1f0-98e4427cd3fe")]
    names = set()
    for run in ids:
        told = SimpleNamespace(flow_run=SimpleNamespace(id=run, expected_start_time=at, created=at))
        monkeypatch.setattr(batch, "get_run_context", lambda told=told: told)
        names.add(batch._name())
    assert len(names) == 2
    assert all(name.startswith("20260504-013000-") for name in names)
    assert alone(ids[0]) != alone(ids[1])


@pytest.fixture
def order(tmp_path: Path) -> Order:
    source = FolderPlace(tmp_path / "in")
    fill(source, tmp_path, {"talk.mp4": b"talk"})
    (item,) = source.list()
    asked = BatchWishes(source=source.url, dest=str(tmp_path / "out"))
    return Order(source=asked.source, item=item, dest=asked.dest, batch="b", lease_seconds=5)


def test_an_order_is_one_run_and_its_end_is_seen(order: Order, state: Path) -> None:
    from prefect.client.orchestration import get_client
    from prefect.states import Completed

    from flows.remote import optimize_object
    from flows.workers import Workers

    deploy(optimize_object, "optimize-object", "flows/remote.py:optimize_object", "a-pool")
    crew = Workers(order.dest, slots=3)
    crew.begin(order)
    crew.begin(order)  # as a batch that was started again would
    (run,) = crew._runs
    assert crew.wait(0) == []
    with get_client(sync_client=True) as client:
        parameters = client.read_flow_run(run).parameters
        assert optimize_object.validate_parameters(parameters)["ticket"].name == "talk.mp4"
        client.set_flow_run_state(run, Completed(), force=True)
    (over,) = crew.wait(0)
    assert (over.order, over.fault) == (order, "")


def test_an_order_that_came_back_is_a_new_run_when_it_is_given_again(order: Order, state: Path) -> None:
    """Somebody else had the recording and did not finish: the run that found it taken is over, and would tell nothing new."""
    from prefect.client.orchestration import get_client
    from prefect.states import Completed

    from flows.remote import optimize_object
    from flows.workers import Workers

    deploy(optimize_object, "optimize-object", "flows/remote.py:optimize_object", "a-pool")
    order = order.model_copy(update={"batch": "given again"})
    crew = Workers(order.dest, slots=3)
    crew.begin(order)
    (first,) = crew._runs
    with get_client(sync_client=True) as client:
        client.set_flow_run_state(first, Completed(), force=True)
    (over,) = crew.wait(0)
    crew.begin(over.order)
    (second,) = crew._runs
    assert second != first
    crew.begin(order)  # as a batch that was started again would
    assert list(crew._runs) == [second]


def test_a_run_whose_worker_gives_no_sign_of_life_is_given_up(order: Order, state: Path) -> None:
    from prefect.client.orchestration import get_client
    from prefect.states import Running

    from flows.remote import optimize_object
    from flows.workers import Workers

    deploy(optimize_object, "optimize-object", "flows/remote.py:optimize_object", "a-pool")
    place = FolderPlace(Path(order.dest))

    def dies() -> None:
        lease = take(place, order.key, "dead", lifetime=5, clock=StorageClock())
        assert lease is not None
        lease._over.set()
        os.utime(place.root / shelf("leases", order.key), (0, time.time() - 60))

    dies()  # an earlier try: that this one has not taken over yet says nothing
    crew = Workers(order.dest, slots=3)
    crew.begin(order)
    (run,) = crew._runs
    with get_client(sync_client=True) as client:
        client.set_flow_run_state(run, Running(), force=True)
    assert crew.wait(0) == []
    dies()
    crew._looked = float("-inf")
    (over,) = crew.wait(0)
    assert over.fault == "its worker gave no sign of life"
    with get_client(sync_client=True) as client:
        state_now = client.read_flow_run(run).state
    assert state_now is not None
    assert state_now.name == "Crashed"


def running(order: Order) -> tuple[Any, Any]:
    """A crew with one run, which Prefect has counted as running for long."""
    from prefect.client.orchestration import get_client
    from prefect.states import Running

    from flows.workers import Workers

    crew: Any = Workers(order.dest, slots=3)
    crew._is_old = lambda *_: True
    crew.begin(order)
    (run,) = crew._runs
    with get_client(sync_client=True) as client:
        client.set_flow_run_state(run, Running(), force=True)
    return crew, run


def test_whoever_keeps_a_lease_alive_lives_whatever_the_clocks_say(order: Order, state: Path) -> None:
    from flows.remote import optimize_object

    deploy(optimize_object, "optimize-object", "flows/remote.py:optimize_object", "a-pool")
    crew, _run = running(order)
    behind = StorageClock(timedelta(minutes=-2))  # seen from the storage, the run came after its lease
    lease = take(FolderPlace(Path(order.dest)), order.key, "alive", lifetime=60, clock=behind)
    assert lease is not None
    assert crew.wait(0) == []
    lease.release(finished=True)
    crew._looked = float("-inf")
    (over,) = crew.wait(0)
    assert over.fault == "its worker gave no sign of life"


def test_an_order_that_is_started_once_more_is_not_ended_by_its_earlier_failure(
    order: Order, state: Path
) -> None:
    from flows.remote import optimize_object

    deploy(optimize_object, "optimize-object", "flows/remote.py:optimize_object", "a-pool")
    order = order.model_copy(update={"batch": "once more"})
    place = FolderPlace(Path(order.dest))
    too_dear = Failure(
        source=order.file,
        kind="budget",
        cause="it may cost $2.00",
        remedy="raise the budget",
        retryable=False,
        lasting=False,
        tries=1,
        exit_code=4,
        needs=2.0,
        batch=order.batch,
        holder="a worker",
    )
    Desk(place).fail(order.key, too_dear)
    crew, _run = running(order)
    lease = take(place, order.key, "alive", lifetime=60, clock=StorageClock())
    assert lease is not None
    assert crew.wait(0) == []
    Desk(place).fail(order.key, too_dear.model_copy(update={"at": datetime.now(UTC)}))
    crew._looked = float("-inf")
    (over,) = crew.wait(0)
    assert over.fault == ""
    lease.release(finished=True)


def test_a_run_that_was_removed_from_prefect_is_not_waited_for(order: Order, state: Path) -> None:
    from prefect.client.orchestration import get_client

    from flows.remote import optimize_object

    deploy(optimize_object, "optimize-object", "flows/remote.py:optimize_object", "a-pool")
    order = order.model_copy(update={"batch": "removed"})
    crew, run = running(order)
    with get_client(sync_client=True) as client:
        client.delete_flow_run(run)
    crew.stop()
    (over,) = crew.wait(0)
    assert over.fault == "its flow run was removed from Prefect"
    assert crew.wait(0) == []


def test_a_server_that_goes_away_while_a_run_is_given_up_loses_nothing(
    order: Order, state: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import httpx
    from prefect.client.orchestration import SyncPrefectClient

    from flows import workers
    from flows.remote import optimize_object

    class Silent:
        def warning(self, *_: object) -> None: ...

    deploy(optimize_object, "optimize-object", "flows/remote.py:optimize_object", "a-pool")
    crew, _run = running(order.model_copy(update={"batch": "away"}))

    def gone(*_: object, **__: object) -> None:
        raise httpx.ConnectError("gone")

    with monkeypatch.context() as away:
        away.setattr(SyncPrefectClient, "set_flow_run_state", gone)
        away.setattr(workers, "get_run_logger", Silent)
        assert crew.wait(0) == []
    crew._looked = float("-inf")
    (over,) = crew.wait(0)
    assert over.fault == "its worker gave no sign of life"


def test_a_run_that_crashed_leaves_a_failure_record(order: Order, state: Path) -> None:
    from prefect.states import Crashed

    from flows.remote import optimize_object, parameters_of, publish_failure

    run: Any = SimpleNamespace(parameters=parameters_of(order), name="optimize talk.mp4", id=uuid4())
    publish_failure(flow=optimize_object, flow_run=run, state=Crashed())
    desk = Desk(FolderPlace(Path(order.dest)))
    failure = desk.failure(order.key)
    assert failure is not None
    assert (failure.kind, failure.retryable, failure.lasting) == ("crash", True, False)
    assert failure.cause.endswith("Crashed")


def test_a_recording_that_fails_without_a_batch_keeps_its_own_reason(
    order: Order, state: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from cutdown.errors import MediaError
    from flows import remote

    def poisoned(_job: Any) -> Any:
        raise MediaError("it holds no picture; upload it again")

    monkeypatch.setattr(remote, "_make", poisoned)
    ended = remote.optimize_object(
        source=f"{order.source}/talk.mp4", dest=order.dest, options=order.options, return_state=True
    )
    assert ended.name == "Failed"
    (failed,) = FolderPlace(Path(order.dest)).list(shelf("failed"))
    failure = Desk(FolderPlace(Path(order.dest))).failure(Path(failed.name).stem)
    assert failure is not None
    assert (failure.kind, failure.lasting) == ("media", True)
