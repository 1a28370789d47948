"""Phase 3 as a task."""

from __future__ import annotations

from prefect import task

from cutdown import phases
from cutdown.products import Voiced
from cutdown.services.choices import Choice
from cutdown.services.terms import Terms
from cutdown.settings import VoiceOptions
from cutdown.store import Ref
from tasks.policies import cached, open_store
from tasks.services import services_within_reach


@task(**cached(phases.speak), task_run_name="speak")
def speak(
    plan: Ref, dictionary: Ref | None, options: VoiceOptions, choices: tuple[Choice, ...], terms: Terms
) -> Voiced:
    """Speak the plan's new narration, read as the user's own dictionary says."""
    with services_within_reach():
        return phases.speak(
            open_store(), plan=plan, dictionary=dictionary, options=options, choices=choices, terms=terms
        )
