"""A run that stops after its plan, and asks a person through a form in Prefect's UI."""

from __future__ import annotations

import itertools
from typing import Final, Literal

from prefect.context import FlowRunContext
from prefect.exceptions import FlowPauseTimeout
from prefect.flow_runs import pause_flow_run, suspend_flow_run
from prefect.input import RunInput, keyset_from_base_key, read_flow_run_input
from prefect.settings import get_current_settings

from cutdown.approval import Answer, PlanAgain, RejectedError, Reviewer, decide
from cutdown.errors import PlanError, UsageError
from cutdown.plan import EditPlan
from cutdown.store import hash_key
from cutdown.terminal.summary import clock
from tasks.artifacts import show_plan

Review = Literal["none", "pause", "suspend"]

PATIENCE: Final = 30 * 24 * 3600  # seconds; after a month an answer comes too late
POLL: Final = 5  # seconds between two looks at a paused run


class PlanForm(RunInput, Answer):
    """The answer, as a form that Prefect shows and checks."""


class PlanPage:
    """The plan as a page of the UI, and where it is."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.link: str | None = None

    def show(self, plan: EditPlan) -> None:
        """Draw the page."""
        self.link = show_plan(self.name, plan)


def reviewer(page: PlanPage, how: Review) -> Reviewer | None:
    """Who is asked about a plan of this run; None where nobody is.

    Args:
        page: where the plan is shown, for the form.
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
            # An answer is to this plan: should a resumed run come to another one, it asks anew.
            key = f"plan-{next(turns)}-{hash_key(plan.to_json())[:12]}"
            answer = _ask(_text(page, plan, fault), how, key)
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
    given = read_flow_run_input(keyset_from_base_key(f"{state}-{key}")["response"])
    return PlanForm.model_validate(given) if given else None


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


def _text(page: PlanPage, plan: EditPlan, fault: str) -> str:
    """What the form says above its fields, as Markdown."""
    told = f"**That could not be followed:** {fault}\n\n" if fault else ""
    where = f"[Look at the plan]({page.link}). " if page.link else ""
    unsure = ", ".join(action.id for action in plan.doubtful)
    doubts = f"\n\n**Look at these first, the director was not sure:** {unsure}" if unsure else ""
    return (
        f"{told}### {page.name}: is this plan good?\n\n{where}"
        f"It makes {clock(plan.planned_duration)} of {clock(plan.duration)}, in {len(plan.actions)} actions.{doubts}"
    )
