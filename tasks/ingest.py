"""Phase 1 as a task."""

from __future__ import annotations

from pathlib import Path

from prefect import task

from cutdown import phases
from cutdown.products import Ingested
from cutdown.recording import Recording
from cutdown.settings import SpeechOptions
from tasks.policies import cached, open_store


@task(**cached(phases.ingest), task_run_name="ingest {recording.name}")
def ingest(source: Path, recording: Recording, options: SpeechOptions) -> Ingested:
    """Transcribe the recording and measure what its sound and picture do."""
    return phases.ingest(open_store(), source=source, recording=recording, options=options)
