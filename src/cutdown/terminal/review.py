"""A plan that is asked about in the terminal, before anything is spoken or rendered."""

from __future__ import annotations

import sys
from collections.abc import Callable

from rich.console import Console
from rich.markup import escape

from cutdown.approval import RejectedError
from cutdown.errors import UsageError
from cutdown.job import Job


def reviewed(job: Job, console: Console, show: Callable[[Job], object]) -> Job:
    """Make and show the plan, and ask what to do with it.

    Args:
        job: what is asked for.
        console: where the question goes.
        show: makes the plan of a dry run, and shows it.

    Returns:
        The job to run: the same one, or the one with the plan that was changed meanwhile.

    Raises:
        UsageError: nobody is there to answer.
        RejectedError: the answer was no.
    """
    if not sys.stdin.isatty():
        raise UsageError(
            "--review asks in a terminal, and there is none; use --dry-run, then --plan PLAN.json"
        )
    show(job.model_copy(update={"dry_run": True}))
    plan = job.folder / "plan.json"
    question = f"Render this plan? y: yes; n: no; c: yes, as changed in '{plan}'"
    console.print(escape(question), highlight=False, soft_wrap=True)
    while True:
        answer = sys.stdin.readline()
        match answer.strip().lower():
            case "y" | "yes":
                return job
            case "c" | "changed":
                return job.model_copy(update={"plan": plan})
            case "n" | "no":
                raise RejectedError("the plan was rejected; nothing was rendered")
        if not answer:  # the terminal is gone
            raise RejectedError("the plan was rejected: no answer came; nothing was rendered")
        console.print("y, n or c?", highlight=False)
