"""Phase 1 as a task."""

from __future__ import annotations

from pathlib import Path

from prefect import task

from cutdown import phases
from cutdown.products import Ingested
from cutdown.recording import Recording
from cutdown.services.choices import Choice
from cutdown.services.terms import Terms
from cutdown.settings import SpeechOptions
from tasks.policies import cached, open_store
from tasks.services import services_within_reach


@task(**cached(phases.ingest), task_run_name="ingest {recording.name}")
def ingest(
    source: Path, recording: Recording, options: SpeechOptions, choices: tuple[Choice, ...], terms: Terms
) -> Ingested:
    """Transcribe the recording and measure what its sound and picture do."""
    with services_within_reach():
        return phases.ingest(
            open_store(), source=source, recording=recording, options=options, choices=choices, terms=terms
        )
