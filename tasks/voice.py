"""Phase 3 as a task."""

from __future__ import annotations

from prefect import task

from cutdown import phases
from cutdown.products import Voiced
from cutdown.settings import VoiceOptions
from cutdown.store import Ref
from tasks.policies import cached, open_store


@task(**cached(phases.speak), task_run_name="speak with {options.voice}")
def speak(plan: Ref, dictionary: Ref | None, options: VoiceOptions) -> Voiced:
    """Speak the plan's new narration, read as the user's own dictionary says."""
    return phases.speak(open_store(), plan=plan, dictionary=dictionary, options=options)
