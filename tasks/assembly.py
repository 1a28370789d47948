"""Phase 4 as two tasks: making the video, and checking it."""

from __future__ import annotations

from pathlib import Path

from prefect import task

from cutdown import phases
from cutdown.products import Assembled, Checked
from cutdown.recording import Recording
from cutdown.settings import RenderOptions
from cutdown.store import Ref
from tasks.policies import cached, open_store


@task(**cached(phases.assemble), task_run_name="render {recording.name}")
def assemble(
    source: Path,
    recording: Recording,
    transcript: Ref,
    signals: Ref,
    plan: Ref,
    narration: Ref,
    options: RenderOptions,
    audio_track: int | None,
) -> Assembled:
    """Render the plan into the short video, with captions and chapters."""
    return phases.assemble(
        open_store(),
        source=source,
        recording=recording,
        transcript=transcript,
        signals=signals,
        plan=plan,
        narration=narration,
        options=options,
        audio_track=audio_track,
    )


@task(**cached(phases.check), task_run_name="check {recording.name}")
def check(
    source: Path,
    recording: Recording,
    transcript: Ref,
    narration: Ref,
    timeline: Ref,
    video: Ref,
    options: RenderOptions,
    audio_track: int | None,
) -> Checked:
    """Measure the video against its timeline."""
    return phases.check(
        open_store(),
        source=source,
        recording=recording,
        transcript=transcript,
        narration=narration,
        timeline=timeline,
        video=video,
        options=options,
        audio_track=audio_track,
    )
