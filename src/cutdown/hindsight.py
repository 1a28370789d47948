"""What a finished run says about its settings."""

from __future__ import annotations

from collections.abc import Sequence

from cutdown.advice import Case, Finding, advise, this_machine, troubled
from cutdown.job import Job
from cutdown.metrics import PhaseRecord
from cutdown.plan import EditPlan
from cutdown.publish import Results
from cutdown.services.choices import Choice, price_book
from cutdown.store import Store


def look_back(
    job: Job,
    results: Results,
    records: Sequence[PhaseRecord],
    store: Store,
    cast: tuple[tuple[Choice, ...], tuple[Choice, ...], tuple[Choice, ...]],
) -> tuple[Finding, ...]:
    """What was wrong with a run, and what to set otherwise next time.

    Args:
        job: what was asked for.
        results: what the phases gave.
        records: the run's metrics records, one a phase.
        store: holds the plan.
        cast: who transcribed, decided and spoke, in order.
    """
    transcribers, directors, voices = cast
    case = Case(
        records=tuple(records),
        video_seconds=float(results.recording.duration),
        language=EditPlan.from_json(store.read_text(results.directed.plan)).language,
        render=job.effective_options.render,
        transcribers=transcribers,
        directors=directors,
        voices=voices,
        prices=price_book(job.terms.prices, (*transcribers, *directors, *voices)),
        machine=this_machine(services=False),
    )
    if not troubled(case):
        return ()
    return advise(case.model_copy(update={"machine": this_machine()}))
