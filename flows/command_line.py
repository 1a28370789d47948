"""The command line of `cutdown.cli`, each job as a Prefect flow run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cutdown.batch.wishes import BatchWishes
from cutdown.cli import build_app, start
from cutdown.job import Job, Outcome
from flows.local import configure_prefect, end_orphaned_servers, quiet_terminal
from flows.temporary_server import start_server

if TYPE_CHECKING:
    from cutdown.batch.account import BatchAccount
    from cutdown.terminal.batch import BatchLines


def run(job: Job) -> Outcome:
    """A job as a flow run of this process; one that was done before needs no server to be found."""
    from cutdown.pipeline import everything_at_hand, listening_ahead, optimize, prepare, recalled
    from cutdown.shared_store import local_store

    store = local_store()  # the shared one's keys may lie in a block
    # A mistake is told before a server starts; keys may lie in its blocks.
    recording = prepare(job, store, keys=False)
    if everything_at_hand(job, store):
        return optimize(job, recalled(store), store)
    configure_prefect()
    quiet_terminal()
    end_orphaned_servers()
    with listening_ahead(job, recording, store):  # the server takes some seconds to start
        server = start_server()
        from prefect.exceptions import TerminationSignal

        from flows.optimize import optimize_video

        try:
            with server:
                return optimize_video(
                    source=job.source.absolute(),
                    out=job.folder,
                    plan=job.plan and job.plan.absolute(),
                    dry_run=job.dry_run,
                    preview=job.preview,
                    metrics_output=job.metrics_output and job.metrics_output.absolute(),
                    like=job.like and job.like.absolute(),
                    options=job.options,
                    terms=job.terms,
                )
        except TerminationSignal as signal:  # asked to end, as by Ctrl-C
            raise KeyboardInterrupt from signal


def run_batch(wishes: BatchWishes, lines: BatchLines) -> BatchAccount:
    """A batch as a flow run of this process, each recording as one of its own."""
    from cutdown.batch.here import check

    check(wishes)  # a mistake is told before a server starts
    configure_prefect()
    quiet_terminal()
    end_orphaned_servers()
    server = start_server()
    from prefect.exceptions import TerminationSignal

    from flows.batch import optimize_batch, watching

    watching.set(lines)
    try:
        with server:
            state = optimize_batch(
                source=wishes.source,
                dest=wishes.dest,
                selection=wishes.selection,
                limits=wishes.limits,
                options=wishes.options,
                terms=wishes.terms,
                return_state=True,
            )
            if lines.account is None:
                state.result()  # raises what stopped it
    except TerminationSignal as signal:
        raise KeyboardInterrupt from signal
    assert lines.account is not None
    return lines.account


def main() -> int:
    """Run it, and tell the exit code."""
    return start(build_app(run, run_batch, name="./run.sh"))
