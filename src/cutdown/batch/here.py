"""A batch on this machine: one process for each recording, as many at once as cores and memory bear."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from cutdown.batch.account import BatchAccount
from cutdown.batch.capacity import slots_here
from cutdown.batch.crew import Crew, Processes
from cutdown.batch.keep import keep
from cutdown.batch.order import Busy, Order
from cutdown.batch.records import Done, Failure
from cutdown.batch.run import Batch, Watcher
from cutdown.batch.wishes import BatchWishes, options_key
from cutdown.batch.work import Bench, Make
from cutdown.errors import UsageError
from cutdown.job import Job, Outcome
from cutdown.metrics import PriceBook
from cutdown.metrics.records import recent_records
from cutdown.settings import history_file
from cutdown.shared_store import open_store
from cutdown.storage import FolderPlace, open_place


def process_order(order: Order, make: Make) -> Done | Failure | Busy:
    """Do one order from its source to its destination."""
    return Bench(open_place(order.source), open_place(order.dest), make).process(order)


def work_here(order: Order) -> Done | Failure | Busy:
    """Do one order with the phases in this process."""
    from cutdown.pipeline import here, optimize

    store = open_store()

    def make(job: Job) -> Outcome:
        return optimize(job, here(store), store)

    return process_order(order, make)


def run_batch(
    wishes: BatchWishes,
    watcher: Watcher | None = None,
    *,
    crew: Crew | None = None,
    name: str | None = None,
    work: Callable[[Order], Any] = work_here,
) -> BatchAccount:
    """Do a batch, and leave its table in the destination; one that has nothing to do leaves nothing.

    Args:
        wishes: what is asked for.
        watcher: told how it goes on.
        crew: who works; processes of this machine where not given.
        name: of the batch; a new one where not given.
        work: what each process does.

    Raises:
        UsageError: a place or an option cannot be used; nothing was started.
    """
    check(wishes)
    source, dest = open_place(wishes.source), open_place(wishes.dest)
    if crew is None:
        crew = Processes(work, wishes.limits.side_by_side or slots_here(recent_records(history_file()))[0])
    account = Batch(wishes, source, dest, crew, name=name, watcher=watcher).run()
    if not account.did_nothing:
        keep(account, dest)
    if watcher is not None:
        watcher.over(account)
    return account


def run_without_prefect(wishes: BatchWishes, watcher: Watcher) -> BatchAccount:
    """A batch in processes of this machine.

    Raises:
        UsageError: it asks for workers.
    """
    if wishes.limits.where == "workers":
        raise UsageError(
            "--where workers needs Prefect; use ./run.sh batch of a checkout, or leave the option out"
        )
    return run_batch(wishes, watcher)


def check(wishes: BatchWishes) -> None:
    """Find every fault in what is asked for before anything is started.

    Raises:
        UsageError: names the option and what is allowed.
    """
    from cutdown.pipeline import cast_of

    source, _ = open_place(wishes.source), open_place(wishes.dest)
    if isinstance(source, FolderPlace) and not source.root.is_dir():
        raise UsageError(
            f"there is no folder '{wishes.source}'; give one with recordings, or s3://bucket/prefix"
        )
    cast_of(wishes.options, keys=False)
    PriceBook.read(wishes.terms.prices)
    options_key(wishes.options)
