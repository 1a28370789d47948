"""Phase 2 as a task."""

from __future__ import annotations

from prefect import task

from cutdown import phases
from cutdown.products import Directed
from cutdown.recording import Recording
from cutdown.services.choices import Choice
from cutdown.services.terms import Terms
from cutdown.settings import DirectorOptions
from cutdown.store import Ref
from tasks.policies import cached, open_store
from tasks.services import services_within_reach


@task(**cached(phases.direct), task_run_name="plan {recording.name}")
def direct(
    recording: Recording,
    transcript: Ref,
    signals: Ref,
    options: DirectorOptions,
    choices: tuple[Choice, ...],
    prompts: str,
    examples: Ref | None,
    terms: Terms,
) -> Directed:
    """Decide what to keep, cut, speed up and speak anew."""
    with services_within_reach():
        return phases.direct(
            open_store(),
            recording=recording,
            transcript=transcript,
            signals=signals,
            options=options,
            choices=choices,
            prompts=prompts,
            examples=examples,
            terms=terms,
        )
