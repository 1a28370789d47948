"""A crew of Prefect workers: one flow run of a deployment for each recording."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

import httpx
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.filters import FlowRunFilter, FlowRunFilterId
from prefect.client.schemas.objects import FlowRun, State, WorkerStatus
from prefect.deployments import run_deployment
from prefect.exceptions import ObjectNotFound, PrefectException
from prefect.logging import get_run_logger
from prefect.states import Cancelling, Crashed

from cutdown.batch.crew import Ended
from cutdown.batch.desk import Desk
from cutdown.batch.lease import StorageClock, ended, read_lease
from cutdown.batch.names import shelf
from cutdown.batch.order import Order
from cutdown.batch.patience import patiently
from cutdown.batch.records import Failure
from cutdown.errors import UsageError
from cutdown.storage import open_place
from flows.remote import parameters_of

DEPLOYMENT: Final = "optimize-object/optimize-object"

_ASK_EVERY: Final = 2.0  # seconds between two looks at the runs
_LOOK_FOR_THE_DEAD_EVERY: Final = 10.0  # seconds; costs a request or two for each recording in work
_RUNS_A_WORKER: Final = 2  # in work or about to be, so that none waits for the next order
_SILENCE: Final = 1800.0  # seconds without Prefect's server before the batch gives up
_START: Final = 60.0  # seconds; a loaded machine needs half a minute to start a run
_START_OF_A_CONTAINER: Final = 660.0  # seconds; deployments/pools.yaml gives a first pull of the image 600
_A_PAGE: Final = 200  # runs that the server tells at once


class Workers:
    """Gives orders to whoever works for a deployment; notices what died without a word.

    What came of an order stands in the destination, so that neither a lost state of Prefect's nor a
    restarted server loses it.

    Args:
        dest: where results go, with its leases.
        slots: runs at once; two for each worker that is online where not given.
        deployment: of the flow `flows.remote.optimize_object`.
    """

    def __init__(self, dest: str, slots: int | None = None, deployment: str = DEPLOYMENT) -> None:
        self._place = open_place(dest)
        self._desk = Desk(self._place)
        self._clock: StorageClock | None = None
        self._deployment = deployment
        self._fixed = slots
        self._found = slots or _RUNS_A_WORKER
        self._runs: dict[
            UUID, tuple[Order, Failure | None]
        ] = {}  # with the failure that was known when it began
        self._came_back: Counter[tuple[str, int]] = Counter()
        self._counted = self._looked = float("-inf")
        self._silent_since: float | None = None

    @property
    def slots(self) -> int:
        """Runs at once, by the workers that are online now."""
        if self._fixed is None and time.monotonic() - self._counted > 30:
            self._counted = time.monotonic()
            with self._forgiving(), get_client(sync_client=True) as client:
                self._found = max(1, self._online(client)) * _RUNS_A_WORKER
        return self._found

    def begin(self, order: Order) -> None:
        """Create the run; the same order never makes two.

        Raises:
            UsageError: the deployment is not there.
        """
        known = self._desk.failure(order.key)
        key = self._name(order)
        while True:
            try:
                run = run_deployment(
                    self._deployment,
                    parameters=parameters_of(order),
                    flow_run_name=f"optimize {order.item.name}",
                    timeout=0,
                    idempotency_key=key,
                    tags=[order.batch],
                    _sync=True,  # type: ignore[call-arg]  # Prefect's decorator takes it
                )
                break
            except (httpx.TransportError, httpx.HTTPStatusError, PrefectException) as error:
                if not _may_pass(error):
                    raise UsageError(
                        f"Prefect has no deployment '{self._deployment}' that takes this order ({type(error).__name__}); run "
                        "./run.sh deploy, then start the batch again"
                    ) from error
                self._note_silence()
                time.sleep(_ASK_EVERY)
        self._silent_since = None
        assert isinstance(run, FlowRun)
        self._runs[run.id] = (order, known)

    def _name(self, order: Order) -> str:
        """What an order's run is known by to Prefect, which makes no second one of the same name.

        An order that came back because somebody else had the recording is given again when it is free: that is a new run.
        """
        share = order.terms.budget
        parts = (order.batch, order.key, order.tries, "" if share is None else f"{share:.4f}")
        again = self._came_back[order.key, order.tries]
        return "/".join(str(part) for part in (*parts, *([again] if again else ())))

    def wait(self, seconds: float) -> list[Ended]:
        """Orders whose run ended, or whose worker died."""
        over = self._ended(seconds)
        self._came_back.update((one.order.key, one.order.tries) for one in over)
        return over

    def _ended(self, seconds: float) -> list[Ended]:
        time.sleep(max(seconds, _ASK_EVERY))
        over: list[Ended] = []
        with self._forgiving(), get_client(sync_client=True) as client:
            runs = self._states(client)
            for run in runs:
                if run.state is not None and run.state.is_final():
                    order, _known = self._runs.pop(run.id)
                    fault = "" if run.state.is_completed() else f"its flow run ended as {run.state.name}"
                    over.append(Ended(order, fault))
            removed = self._runs.keys() - {run.id for run in runs}
            over.extend(
                Ended(self._runs.pop(run)[0], "its flow run was removed from Prefect") for run in removed
            )
            # One by one: what was found before the server went away is not lost.
            for dead in self._dead(client, [run for run in runs if run.id in self._runs]):
                over.append(dead)  # noqa: PERF402
        return over

    def stop(self) -> None:
        """Cancel the runs that are not over."""
        with self._forgiving(), get_client(sync_client=True) as client:
            for run in self._runs:
                with suppress(ObjectNotFound):  # it was removed from Prefect
                    client.set_flow_run_state(run, Cancelling(), force=False)

    def _states(self, client: SyncPrefectClient) -> list[FlowRun]:
        wanted = list(self._runs)
        found: list[FlowRun] = []
        for at in range(0, len(wanted), _A_PAGE):
            ids = FlowRunFilter(id=FlowRunFilterId(any_=wanted[at : at + _A_PAGE]))
            found += client.read_flow_runs(flow_run_filter=ids, limit=_A_PAGE)
        return found

    def _dead(self, client: SyncPrefectClient, runs: list[FlowRun]) -> Iterator[Ended]:
        """Orders that are done although Prefect does not know, or whose worker gives no sign of life."""
        if time.monotonic() - self._looked < _LOOK_FOR_THE_DEAD_EVERY:
            return
        self._looked = time.monotonic()
        for run in runs:
            order, known = self._runs[run.id]
            if run.state is None or not (run.state.is_running() or run.state.is_pending()):
                continue
            silent = self._gives_no_sign(client, order, run)
            if self._is_settled(order, known):  # looked at last: it may have come to its end just now
                fault = ""
            elif silent:
                fault = "its worker gave no sign of life"
                why: State[Any] = Crashed(
                    message="no sign of life from its worker; the batch goes on without it"
                )
                client.set_flow_run_state(run.id, why, force=True)
            else:
                continue
            del self._runs[run.id]
            yield Ended(order, fault)

    def _is_settled(self, order: Order, known: Failure | None) -> bool:
        """Whether what came of an order stands in the destination.

        A failure that was there before says nothing: an order that did not fit the budget is started once more.
        """
        failure = self._desk.failure(order.key)
        tried = failure is not None and (failure.batch, failure.tries) == (order.batch, order.tries)
        return self._desk.done(order.key) is not None or (tried and failure != known)

    def _gives_no_sign(self, client: SyncPrefectClient, order: Order, run: FlowRun) -> bool:
        """Whether the lease of a run that should be alive has expired, or was never taken."""
        if self._clock is None:
            self._clock = patiently(lambda: StorageClock.of(self._place, f"{order.batch}-crew"))
        name, clock = shelf("leases", order.key), self._clock
        found = patiently(lambda: read_lease(self._place, name))
        if found is None:
            return self._is_old(client, run, order)
        state, tag = found
        why = patiently(lambda: ended(self._place, name, state, tag, clock))
        if why is None:  # asked first: whoever is alive is so by whatever clock
            return False
        earlier = run.created is not None and state.since < run.created  # of a try before this one
        return self._is_old(client, run, order) if why == "released" or earlier else True

    def _is_old(self, client: SyncPrefectClient, run: FlowRun, order: Order) -> bool:
        """Whether a run had more than enough time to take its lease."""
        assert run.state is not None
        in_state = (datetime.now(UTC) - run.state.timestamp).total_seconds()
        start = self._time_to_start(client) if run.state.is_pending() else _START
        return in_state > start + 2 * order.lease_seconds

    def _time_to_start(self, client: SyncPrefectClient) -> float:
        """Seconds that a run of the deployment's pool may take from being taken to its first step."""
        pool = client.read_deployment_by_name(self._deployment).work_pool_name
        in_process = pool is None or client.read_work_pool(pool).type == "process"
        return _START if in_process else _START_OF_A_CONTAINER

    def _online(self, client: SyncPrefectClient) -> int:
        deployment = client.read_deployment_by_name(self._deployment)
        if not deployment.work_pool_name:
            return 1
        workers = client.read_workers_for_work_pool(deployment.work_pool_name)
        return sum(worker.status == WorkerStatus.ONLINE for worker in workers)

    @contextmanager
    def _forgiving(self) -> Iterator[None]:
        """Prefect's server may be away for a while: nothing is lost, the next look sees it."""
        try:
            yield
            self._silent_since = None
        except (httpx.TransportError, httpx.HTTPStatusError) as error:
            get_run_logger().warning("Prefect's server did not answer: %s", type(error).__name__)
            self._note_silence()

    def _note_silence(self) -> None:
        now = time.monotonic()
        self._silent_since = self._silent_since or now
        if now - self._silent_since > _SILENCE:
            raise UsageError(
                f"Prefect's server did not answer for {_SILENCE / 60:.0f} minutes; what was started goes on, start the "
                "batch again when it does"
            )


def _may_pass(error: Exception) -> bool:
    """Whether Prefect's server is only away, or has too much to do."""
    if isinstance(error, httpx.HTTPStatusError):
        return error.response.status_code >= 500
    return isinstance(error, httpx.TransportError)
