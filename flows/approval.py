"""A run that stops after its plan, and asks a person through a form in Prefect's UI."""

from __future__ import annotations

import itertools
from typing import Final, Literal

from prefect.context import FlowRunContext
from prefect.exceptions import FlowPauseTimeout, ObjectNotFound
from prefect.flow_runs import pause_flow_run, suspend_flow_run
from prefect.input import RunInput, keyset_from_base_key
from prefect.settings import get_current_settings

from cutdown.approval import Answer, PlanAgain, RejectedError, Reviewer, decide
from cutdown.errors import PlanError, UsageError
from cutdown.plan import EditPlan
from cutdown.terminal.summary import clock
from tasks.artifacts import key_of

Review = Literal["none", "pause", "suspend"]

PATIENCE: Final = 30 * 24 * 3600  # seconds; a form that nobody answers for a month fails its run
POLL: Final = 5  # seconds between two looks at a paused run


class PlanForm(RunInput, Answer):
    """The answer, as a form that Prefect shows and checks."""


def reviewer(name: str, how: Review) -> Reviewer | None:
    """Who is asked about a plan of this run; None where nobody is.

    Args:
        name: of the recording, for the form.
        how: ``pause`` keeps the worker waiting; ``suspend`` ends the process, and a new one goes on
            from what is kept when the answer is there, be it days later.

    Raises:
        UsageError: nobody could see the form.
    """
    if how == "none":
        return None
    _require_someone_who_sees_it(how)
    turns = itertools.count(1)

    def review(plan: EditPlan) -> EditPlan | PlanAgain:
        fault = ""
        while True:
            answer = _ask(_text(name, plan, fault), how, f"plan-{next(turns)}")
            try:
                return decide(plan, answer)
            except PlanError as error:  # the form is shown again, with what was wrong
                fault = str(error)

    return review


def _ask(text: str, how: Review, key: str) -> Answer:
    """The answer to a form. One that was given before, to this run, is not asked for again."""
    earlier = _earlier_answer(how, key)
    if earlier is not None:
        return earlier
    form = PlanForm.with_initial_data(description=text)
    if how == "suspend":
        return suspend_flow_run(wait_for_input=form, timeout=PATIENCE, key=key)
    try:
        return pause_flow_run(wait_for_input=form, timeout=PATIENCE, poll_interval=POLL, key=key)
    except FlowPauseTimeout as error:
        raise RejectedError("the plan was rejected: nobody answered in time") from error


def _earlier_answer(how: Review, key: str) -> Answer | None:
    state = {"pause": "paused", "suspend": "suspended"}[how]
    try:
        return PlanForm.load(keyset_from_base_key(f"{state}-{key}"), _sync=True)  # type: ignore[call-arg,return-value]  # Prefect's decorator takes it
    except ObjectNotFound:
        return None


def _require_someone_who_sees_it(how: Review) -> None:
    if not get_current_settings().api.url:
        raise UsageError(
            f"review '{how}' needs a Prefect server whose UI can show the form; start ./run.sh server, ./run.sh deploy and "
            "./run.sh worker, and run the deployment optimize-video/optimize-video (without a server: --dry-run, then --plan)"
        )
    run = FlowRunContext.get()
    if how == "suspend" and (run is None or run.flow_run is None or run.flow_run.deployment_id is None):
        raise UsageError(
            "review 'suspend' needs a run of a deployment, so that a worker can go on with it later; run "
            "optimize-video/optimize-video, or take review 'pause'"
        )


def _text(name: str, plan: EditPlan, fault: str) -> str:
    """What the form says above its fields, as Markdown."""
    told = f"**That could not be followed:** {fault}\n\n" if fault else ""
    return (
        f"{told}# {name}: is this plan good?\n\n"
        f"{clock(plan.duration)} become {clock(plan.planned_duration)}, in {len(plan.actions)} actions. "
        f"The plan is the artifact [plan-{key_of(name)}]({_page(name)})."
    )


def _page(name: str) -> str:
    return f"{get_current_settings().ui_url or ''}/artifacts/key/plan-{key_of(name)}"
