"""What a run shows in Prefect's UI: the plan, the metrics, where the result is, how far it is."""

from __future__ import annotations

import contextlib
import contextvars
import re
import threading
import time
from collections.abc import Iterator, Sequence
from typing import Final
from uuid import UUID

from prefect.artifacts import (
    create_link_artifact,
    create_markdown_artifact,
    create_progress_artifact,
    create_table_artifact,
    update_progress_artifact,
)
from prefect.logging import get_run_logger
from prefect.settings import get_current_settings

from cutdown.batch.account import BatchAccount
from cutdown.batch.page import markdown, table
from cutdown.janitor import Tidied
from cutdown.job import Outcome
from cutdown.plan import EditPlan
from cutdown.progress import Progress
from cutdown.store import hash_key
from cutdown.terminal.janitor import age_in_words, bytes_in_words
from cutdown.terminal.summary import PHASE_NAMES, clock, dollars, sureness, what

LONG_PHASES: Final = ("ingest", "assembly")
_MOST_ROWS: Final = 500  # the server keeps every table in its database
_SECONDS_BETWEEN: Final = (
    5.0  # an update costs 18 ms here, and is an event that the server takes several times as long for
)


def key_of(name: str) -> str:
    """An artifact's key: Prefect takes small letters, digits and dashes only; where others are lost, something tells names apart."""
    plain = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-") or "run"
    return plain if name.isascii() else f"{plain}-{hash_key(name)[:6]}"


@contextlib.contextmanager
def _never_in_the_way() -> Iterator[None]:
    """A page that cannot be drawn must not fail a video that was made."""
    try:
        yield
    except Exception as error:  # noqa: BLE001  # whatever the server said
        get_run_logger().warning("an artifact could not be written: %s", type(error).__name__)


class ProgressArtifacts:
    """A `cutdown.progress.Listener` that shows long phases as progress bars in the UI."""

    def begin(self, phase: str) -> Progress:
        """A bar for a long phase."""
        if phase not in LONG_PHASES:
            return lambda _share, /: None
        bar: UUID | None = None
        last = 0.0
        run = contextvars.copy_context()  # work in other threads does not know which run it is part of
        turn = threading.Lock()

        def tell(share: float, /) -> None:
            nonlocal last
            now = time.monotonic()
            if (share < 1 and now - last < _SECONDS_BETWEEN) or not turn.acquire(blocking=False):
                return
            try:
                last = now
                run.run(draw, share)
            finally:
                turn.release()

        def draw(share: float) -> None:
            nonlocal bar
            with _never_in_the_way():
                if bar is None:
                    made = create_progress_artifact(progress=100 * share, description=phase)
                    bar = made if isinstance(made, UUID) else None
                else:
                    update_progress_artifact(bar, progress=100 * share)

        return tell

    def end(self, phase: str, *, ok: bool, cached: bool) -> None:
        """Nothing to tidy: the bar stays where it ended."""


def show_plan(name: str, plan: EditPlan) -> str | None:
    """The edit plan as a page of the UI, a new version each time; its address."""
    with _never_in_the_way():
        made = create_markdown_artifact(
            plan_table(name, plan),
            key=f"plan-{key_of(name)}",
            description="What is kept, cut, sped up and spoken anew",
        )
        address = get_current_settings().ui_url
        return f"{address}/artifacts/artifact/{made}" if address else None
    return None


def plan_table(name: str, plan: EditPlan) -> str:
    """The edit plan as a Markdown table."""
    rows = "\n".join(
        f"| {a.id} | {clock(a.start)} | {clock(a.end)} | {what(a)} | {sureness(a)} | {_cell(a.reason)} | {_cell(a.narration or a.quote)} |"
        for a in plan.actions
    )
    return (
        f"# Edit plan of {_cell(name)}\n\n{clock(plan.duration)} -> {clock(plan.planned_duration)} before narration is fitted\n\n{_told_first(plan)}"
        f"| id | from | to | action | sure | why | what is said |\n| --- | --- | --- | --- | --- | --- | --- |\n{rows}\n"
    )


def _told_first(plan: EditPlan) -> str:
    """What a person should know before the table: what is in doubt, and what the length left out."""
    told = []
    if plan.doubtful:
        told.append(f"**Look at these first:** {', '.join(action.id for action in plan.doubtful)}\n\n")
    if plan.left_out:
        rows = "\n".join(
            f"| {clock(p.start)} | {clock(p.end)} | {p.worth:.1%} | {_cell(p.quote)} |"
            for p in plan.left_out[:_MOST_ROWS]
        )
        told.append(
            f"Left out for the length, worth {sum(p.worth for p in plan.left_out):.0%} of what is said:\n\n"
            f"| from | to | worth | what is said |\n| --- | --- | --- | --- |\n{rows}\n\n"
        )
    return "".join(told)


def show_outcome(name: str, outcome: Outcome) -> None:
    """Times and costs as a table, and a link to the result."""
    table = [
        {
            "phase": PHASE_NAMES.get(phase.phase, phase.phase),
            "seconds": round(phase.seconds, 2),
            "from the cache": phase.cached,
            "cost": dollars(phase.cost),
        }
        for phase in outcome.phases
    ]
    with _never_in_the_way():
        if outcome.downgrades:
            create_markdown_artifact(
                "# Not as asked for\n\n" + "\n".join(f"- {_cell(made)}" for made in outcome.downgrades),
                key=f"stand-ins-{key_of(name)}",
                description="Providers that did not deliver, and who went on",
            )
        if outcome.advice:
            create_markdown_artifact(
                "# What would have helped\n\n" + "\n".join(f"- {_cell(line)}" for line in outcome.advice),
                key=f"advice-{key_of(name)}",
                description="Settings for the next run, by this run's own figures",
            )
        create_table_artifact(table, key=f"metrics-{key_of(name)}", description="Time and cost by phase")
        if outcome.video:
            create_link_artifact(
                (outcome.folder / outcome.video).as_uri(),
                key=f"result-{key_of(name)}",
                link_text=outcome.video,
            )


def show_batch(account: BatchAccount) -> None:
    """A batch: what came of each recording, the figures by recording, and the whole page."""
    key = key_of(account.batch)
    with _never_in_the_way():
        if account.rows:
            create_table_artifact(table(account), key=f"batch-{key}", description=account.sentence())
        if account.records:
            figures = account.metrics
            create_table_artifact(
                figures.table("video"), key=f"batch-metrics-{key}", description="Time and cost by recording"
            )
        create_markdown_artifact(
            markdown(account), key=f"batch-summary-{key}", description="The whole account of the batch"
        )


def show_tidied(told: Sequence[Tidied]) -> None:
    """What the janitor removed, or would remove, as a table; the newest version of one artifact."""
    rows = [
        {
            "what": item.kind,
            "name": item.name,
            "in": item.place,
            "size": "" if item.size is None else bytes_in_words(item.size),
            "age": age_in_words(item.age),
        }
        for tidied in told
        for item in tidied.removed
    ]
    freed = bytes_in_words(sum(tidied.freed for tidied in told))
    verb = "would be removed" if any(tidied.dry_run for tidied in told) else "removed"
    with _never_in_the_way():
        create_table_artifact(
            rows[:_MOST_ROWS], key="janitor", description=f"{len(rows)} {verb}, {freed} freed"
        )


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")
