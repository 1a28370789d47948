"""Phase 2 as a task."""

from __future__ import annotations

from prefect import task

from cutdown import phases
from cutdown.products import Directed
from cutdown.recording import Recording
from cutdown.settings import DirectorOptions
from cutdown.store import Ref
from tasks.policies import cached, open_store


@task(**cached(phases.direct), task_run_name="plan {recording.name}")
def direct(recording: Recording, transcript: Ref, signals: Ref, options: DirectorOptions) -> Directed:
    """Decide what to keep, cut, speed up and speak anew."""
    return phases.direct(
        open_store(), recording=recording, transcript=transcript, signals=signals, options=options
    )
