"""One recording from a bucket or folder into another one, done once among all who try."""

from __future__ import annotations

from typing import Any, Final

from prefect import flow, tags
from prefect.client.schemas.objects import FlowRun, State
from prefect.flows import Flow
from prefect.runtime import flow_run as this_run
from pydantic import AwareDatetime, Field

from blocks.reach import keys_from_blocks
from blocks.saved_options import options_of_profile
from cutdown.batch.desk import Desk
from cutdown.batch.here import process_order
from cutdown.batch.order import Busy, Order
from cutdown.batch.records import Done, Failure
from cutdown.batch.wishes import address
from cutdown.errors import CutdownError, UsageError
from cutdown.job import Job, Outcome
from cutdown.media.ffmpeg import kill_all
from cutdown.pipeline import optimize
from cutdown.profiles import only_changed, with_profile
from cutdown.progress import heard_by
from cutdown.services.terms import Terms
from cutdown.settings import OptimizeOptions
from cutdown.storage import open_place
from cutdown.storage.place import Item
from cutdown.timebase import Frozen
from flows.approval import PlanPage
from flows.local import configure_prefect
from flows.optimize import as_tasks
from tasks.artifacts import ProgressArtifacts, show_outcome
from tasks.events import budget_told
from tasks.policies import open_store

_ENDED_BY: Final = "the run came to no end of its own"


class Ticket(Frozen):
    """What a batch says with an order; nobody fills it in by hand."""

    batch: str
    name: str = Field(description="Of the recording, relative to the source")
    size: int
    tag: str
    modified: AwareDatetime
    tries: int = 1
    lease_seconds: float = 120
    not_after: AwareDatetime | None = None


class NotDoneError(CutdownError):
    """The recording has no result; why stands in its failure record."""


def publish_failure(flow: Flow[..., Any], flow_run: FlowRun, state: State[Any]) -> None:
    """Write a failure record for a run that crashed or was cancelled before it could write its own.

    Prefect calls it by these names, in a process of the worker's.
    """
    del flow
    parameters = flow_run.parameters
    options = OptimizeOptions.model_validate(parameters.get("options") or {})
    if profile := parameters.get("profile"):
        options = with_profile(only_changed(options), options_of_profile(profile))
    with keys_from_blocks():
        order = order_from(
            parameters["source"],
            parameters["dest"],
            options,
            Terms.model_validate(parameters.get("terms") or {}),
            Ticket.model_validate(parameters["ticket"]) if parameters.get("ticket") else None,
            alone(flow_run.id),
        )
        desk = Desk(open_place(order.dest))
    known = desk.failure(order.key)
    if desk.done(order.key) or (
        known is not None and (known.batch, known.tries) == (order.batch, order.tries)
    ):
        return
    desk.fail(
        order.key,
        Failure(
            source=order.file,
            kind="crash",
            cause=f"{_ENDED_BY}: {state.name}",
            remedy="look at the run's log; the recording is tried again by the next batch",
            retryable=True,
            lasting=False,
            tries=order.tries,
            exit_code=1,
            batch=order.batch,
            holder=str(flow_run.name),
        ),
    )


def _run_name() -> str:
    """A run is called after its recording."""
    parameters = this_run.parameters
    ticket = parameters.get("ticket") and Ticket.model_validate(
        parameters["ticket"]
    )  # a worker has plain JSON here
    return f"optimize {ticket.name if ticket else parameters['source']}"


@flow(
    name="optimize-object",
    flow_run_name=_run_name,
    validate_parameters=True,
    on_crashed=[publish_failure],
    on_cancellation=[publish_failure],
    on_failure=[publish_failure],
)
def optimize_object(
    source: str,
    dest: str,
    profile: str | None = None,
    options: OptimizeOptions = OptimizeOptions(),
    terms: Terms = Terms(),
    ticket: Ticket | None = None,
) -> Done | Busy:
    """Make one recording of a bucket or folder short, and publish the result in another one.

    Args:
        source: The recording, such as s3://recordings/day/talk.mp4, or a path that the worker can read
        dest: Folder or s3:// prefix for the results, such as s3://videos/short
        profile: Options of this name: the block cutdown-profile/NAME, or offline, cheap, best; options below win
        options: Options by phase
        terms: What may be spent
        ticket: Filled in by a batch; leave it empty
    """
    if profile:
        options = with_profile(only_changed(options), options_of_profile(profile))
    try:
        with keys_from_blocks(), heard_by(ProgressArtifacts()):
            order = order_from(source, dest, options, terms, ticket, alone(this_run.id))
            result = process_order(order, _make)
    finally:
        kill_all()  # a cancelled run leaves no ffmpeg behind
    if isinstance(result, Failure):
        raise NotDoneError(f"{result.cause}; {result.remedy}")
    return result


def _make(job: Job) -> Outcome:
    """The job with every phase as a task of this run."""
    with budget_told(job.name):
        outcome = optimize(job, as_tasks(), open_store(), on_plan=PlanPage(job.name).show)
    show_outcome(job.name, outcome)
    return outcome


def alone(run: object) -> str:
    """What a run without a batch calls its own: the same whoever asks, so that its failure is known again."""
    return f"alone-{str(run)[-8:]}"


def order_from(
    source: str, dest: str, options: OptimizeOptions, terms: Terms, ticket: Ticket | None, batch: str
) -> Order:
    """The order that a run's parameters mean.

    Args:
        source: see `optimize_object`.
        dest: see `optimize_object`.
        options: with the profile's.
        terms: what may be spent.
        ticket: of the batch that gave the order.
        batch: what it counts as where no batch gave it.

    Raises:
        UsageError: there is no such recording.
    """
    if ticket is not None:
        item = Item(name=ticket.name, size=ticket.size, tag=ticket.tag, modified=ticket.modified)
        place, batch, tries = source, ticket.batch, ticket.tries
    else:
        place, _, name = address(source).rpartition("/")
        found = open_place(place or "/").look(name) if name else None
        if found is None:
            raise UsageError(
                f"there is no recording '{source}'; check the address, or use a batch for a whole prefix"
            )
        item, tries = found, 1
    return Order(
        source=place or "/",
        item=item,
        dest=address(dest),
        options=options,
        terms=terms,
        batch=batch,
        tries=tries,
        lease_seconds=ticket.lease_seconds if ticket else 120,
        not_after=ticket.not_after if ticket else None,
    )


def parameters_of(order: Order) -> dict[str, Any]:
    """The parameters of `optimize_object` that mean an order."""
    item = order.item
    ticket = Ticket(
        batch=order.batch,
        name=item.name,
        size=item.size,
        tag=item.tag,
        modified=item.modified,
        tries=order.tries,
        lease_seconds=order.lease_seconds,
        not_after=order.not_after,
    )
    return {
        "source": order.source,
        "dest": order.dest,
        "options": order.options.model_dump(mode="json"),
        "terms": order.terms.model_dump(mode="json"),
        "ticket": ticket.model_dump(mode="json"),
    }


def work_as_flow(order: Order) -> None:
    """Do an order as a flow run of this process; what came of it stands in the destination."""
    configure_prefect()
    with tags(order.batch):
        optimize_object(**parameters_of(order), return_state=True)
