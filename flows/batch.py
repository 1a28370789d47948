"""Every new recording of a bucket or folder, once, on as many machines as there are."""

from __future__ import annotations

from contextvars import ContextVar
from typing import Any, Final

from prefect import flow
from prefect.client.orchestration import get_client
from prefect.client.schemas.objects import State
from prefect.context import get_run_context
from prefect.logging import get_run_logger
from prefect.states import Completed, Failed

from blocks.reach import keys_from_blocks
from blocks.saved_options import options_of_profile
from cutdown.batch.account import SOME_FAILED, BatchAccount, Row
from cutdown.batch.crew import Crew
from cutdown.batch.here import run_batch
from cutdown.batch.run import Watcher
from cutdown.batch.wishes import BatchWishes, Limits, Selection
from cutdown.profiles import only_changed, with_profile
from cutdown.services.terms import Terms
from cutdown.settings import OptimizeOptions, default_environment
from flows.remote import work_as_flow
from flows.workers import Workers
from tasks.artifacts import show_batch

watching: Final[ContextVar[Watcher | None]] = ContextVar("watching", default=None)
"""Who is told how a batch of this process goes on; the run's log where nobody is set."""


class Logged:
    """A watcher that writes into the run's log."""

    def decided(self, to_do: int, done: int, failed: int) -> None:
        """How much there is to do."""
        get_run_logger().info("%d to do, %d done before, %d failed before", to_do, done, failed)

    def started(self, name: str, tries: int) -> None:
        """A recording is in work."""
        get_run_logger().info("started %s, try %d", name, tries)

    def ended(self, row: Row, left: int) -> None:
        """A recording has its place in the table."""
        get_run_logger().info("%s: %s %s (%d left)", row.name, row.state, row.note, left)

    def over(self, account: BatchAccount) -> None:
        """The batch is over."""
        get_run_logger().info(account.sentence())


@flow(name="optimize-batch", flow_run_name="batch {source}", validate_parameters=True)
def optimize_batch(
    source: str,
    dest: str,
    profile: str | None = None,
    selection: Selection = Selection(),
    limits: Limits = Limits(),
    options: OptimizeOptions = OptimizeOptions(),
    terms: Terms = Terms(),
) -> State[Any]:
    """Make every new recording of a prefix short, each exactly once; leave a table of it.

    Args:
        source: Folder or s3:// prefix with recordings, as the workers reach it
        dest: Folder or s3:// prefix for the results
        profile: Options of this name: the block cutdown-profile/NAME, or offline, cheap, best; options below win
        selection: Which recordings
        limits: How much the batch may take, and where it runs
        options: Options by phase
        terms: What may be spent on each recording
    """
    if profile:
        options = with_profile(only_changed(options), options_of_profile(profile))
    wishes = BatchWishes(
        source=source, dest=dest, selection=selection, limits=limits, options=options, terms=terms
    )
    with keys_from_blocks():
        account = run_batch(
            wishes, watching.get() or Logged(), crew=_crew(wishes), name=_name(), work=work_as_flow
        )
    show_batch(account)
    return _verdict(account)


def _crew(wishes: BatchWishes) -> Crew | None:
    if wishes.limits.where == "workers":
        return Workers(wishes.dest, wishes.limits.side_by_side)
    with get_client(sync_client=True) as client:  # the processes ask the same server as this run
        default_environment({"PREFECT_API_URL": str(client.api_url)})
    return None


def _name() -> str:
    """The batch is called after its run, so that a run that is tried again finds its own orders."""
    run = get_run_context().flow_run  # type: ignore[union-attr]  # inside a flow
    assert run is not None
    begun = run.expected_start_time or run.created
    return f"{begun:%Y%m%d-%H%M%S}-{run.id.hex[-4:]}"  # the other end of a scheduled run's id is the time when it was made


def _verdict(account: BatchAccount) -> State[Any]:
    """A batch with failures is a failed run, so that whoever watches runs learns of it; the rest is done all the same."""
    if account.exit_code == SOME_FAILED:
        return Failed(message=account.sentence())
    if account.exit_code:
        return Completed(name="Left some for later", message=account.sentence())
    return Completed(message=account.sentence())
