"""One recording in, one short narrated video out."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from prefect import flow
from prefect.states import Cancelled
from prefect.tasks import Task
from pydantic import BaseModel

from blocks.reach import keys_from_blocks
from blocks.saved_options import options_of_profile
from cutdown import phases
from cutdown.approval import RejectedError
from cutdown.job import Job, Outcome
from cutdown.media.ffmpeg import kill_all
from cutdown.memory import Remembered
from cutdown.pipeline import Phases, optimize
from cutdown.profiles import only_changed, with_profile
from cutdown.progress import heard_by
from cutdown.services.terms import Terms
from cutdown.settings import OptimizeOptions
from flows.approval import PlanPage, Review, reviewer
from tasks.artifacts import ProgressArtifacts, show_outcome
from tasks.assembly import assemble, check
from tasks.director import direct
from tasks.events import budget_told
from tasks.ingest import ingest
from tasks.policies import open_store
from tasks.voice import speak

Result = TypeVar("Result", bound=BaseModel)


@flow(name="optimize-video", flow_run_name="optimize {source.name}", validate_parameters=True)
def optimize_video(
    source: Path,
    out: Path | None = None,
    plan: Path | None = None,
    profile: str | None = None,
    review: Review = "none",
    dry_run: bool = False,
    preview: bool = False,
    like: Path | None = None,
    metrics_output: Path | None = None,
    options: OptimizeOptions = OptimizeOptions(),
    terms: Terms = Terms(),
) -> Outcome:
    """Make a short, polished, narrated video of a recording.

    Args:
        source: The recording: a video, or sound alone
        out: Folder for the results; NAME.cutdown where not given
        plan: Render this edit plan instead of making one
        profile: Options of this name: the block cutdown-profile/NAME, or offline, cheap, best; options below win
        review: Ask a person about the plan before anything is rendered: pause keeps the worker waiting, suspend
            frees it, even for days
        dry_run: Stop after the plan, render nothing
        preview: A quick look: at most 480 lines, fast preset
        like: An edit plan of the same series, for a language model to follow
        metrics_output: Also write times and costs to this JSON file, as a baseline
        options: Options by phase
        terms: What may be spent
    """
    job = Job(
        source=source,
        out=out,
        plan=plan,
        dry_run=dry_run,
        preview=preview,
        metrics_output=metrics_output,
        like=like,
        # A form sends every option, also the untouched ones: only what differs from its default counts as given.
        options=with_profile(only_changed(options), options_of_profile(profile)) if profile else options,
        terms=terms,
    )
    page = PlanPage(job.name)
    asked = reviewer(page, review)
    try:
        with heard_by(ProgressArtifacts()), keys_from_blocks(), budget_told(job.name):
            outcome = optimize(job, as_tasks(), open_store(), on_plan=page.show, review=asked)
    except RejectedError as rejected:  # nobody's fault, so no failure: a state of its own
        return Cancelled(name="Rejected", message=str(rejected))  # type: ignore[return-value]  # Prefect takes it
    finally:
        kill_all()  # a cancelled run leaves no ffmpeg behind
    show_outcome(job.name, outcome)
    outcome.require_passed()  # a run whose result failed a check is a failed run
    return outcome


def as_tasks() -> Phases:
    """Every phase as its task."""
    return Phases(
        as_task(phases.ingest, ingest),
        as_task(phases.direct, direct),
        as_task(phases.speak, speak),
        as_task(phases.assemble, assemble),
        as_task(phases.check, check),
    )


def as_task(phase: Remembered[Result], task: Task[..., Result]) -> Callable[..., tuple[Result, bool]]:
    """Run a phase as its task, and tell whether its result was there already."""

    def run(**inputs: Any) -> tuple[Result, bool]:
        known = phase.recall(open_store(), **inputs) is not None
        state = task(**inputs, return_state=True)
        result: Result = state.result()
        return result, known or state.name == "Cached"

    return run
