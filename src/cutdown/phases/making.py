"""Phase 4: the video, and the check of it."""

from __future__ import annotations

import tempfile
from pathlib import Path

from cutdown.memory import remembered
from cutdown.metrics import MEGABYTE, AssemblyRecord, PhaseRecord
from cutdown.narration import Narration
from cutdown.phases.accounts import VERSIONS, monitor_of
from cutdown.plan import EditPlan
from cutdown.products import Assembled, Checked
from cutdown.progress import current
from cutdown.recording import Recording
from cutdown.settings import RenderOptions
from cutdown.signals import Signals
from cutdown.store import Ref, Store
from cutdown.timeline import Timeline
from cutdown.transcript import Transcript


def try_render_options(recording: Recording, options: RenderOptions) -> None:
    """See that the encoder and the engine work, before anything else costs time.

    Raises:
        UsageError: the engine or the encoder is not there, or an option does not fit.
    """
    from cutdown.assembly.render import try_options
    from cutdown.fitting import output_rate

    try_options(recording, options, output_rate(recording, options.fps))


@remembered("assembly", VERSIONS["assembly"], Assembled)
def assemble(
    store: Store,
    *,
    source: Path,
    recording: Recording,
    transcript: Ref,
    signals: Ref,
    plan: Ref,
    narration: Ref,
    options: RenderOptions,
    audio_track: int | None,
) -> Assembled:
    """Phase 4: lay the plan out, render it, write captions and chapters."""
    with (
        monitor_of(recording.sha256).phase("phase4_assembly") as meter,
        tempfile.TemporaryDirectory() as scratch,
    ):
        from cutdown.assembly.render import render  # its loading is part of the phase
        from cutdown.captions import captions, chapters, to_srt, to_vtt
        from cutdown.fitting import build_timeline, output_rate, softened

        edit = EditPlan.from_json(store.read_text(plan))
        heard = Transcript.model_validate_json(store.read_text(transcript))
        seen = Signals.model_validate_json(store.read_text(signals))
        spoken = Narration.model_validate_json(store.read_text(narration))
        rate = output_rate(recording, options.fps)
        timeline = build_timeline(edit, spoken, recording, seen, rate=rate, transcript=heard)
        if options.cuts == "soft" and options.engine == "pyav":
            timeline = softened(timeline, seen)
        shown = captions(timeline, heard, spoken, edit)
        parts = chapters(edit, timeline, heard)
        rendered = render(
            source,
            recording,
            timeline,
            spoken,
            seen,
            options,
            store,
            chapters=parts,
            title=Path(recording.name).stem,
            language=spoken.language if spoken.lines else heard.language,
            track=audio_track,
            scratch=Path(scratch),
            progress=current(),
        )
        size = rendered.path.stat().st_size
        kept = {  # writing them down is part of the phase
            "video": store.put(rendered.path, move=True),
            "timeline": store.put_text(timeline.model_dump_json(indent=2) + "\n"),
            "srt": store.put_text(to_srt(shown), ".srt"),
            "vtt": store.put_text(to_vtt(shown), ".vtt"),
        }
    return Assembled(
        **kept,
        chapters=parts,
        record=meter.record(
            AssemblyRecord,
            input_video_duration=recording.duration,
            input_video_size_mb=recording.size_bytes / MEGABYTE,
            cfr_conversion_time=rendered.cfr_conversion_time,
            clip_creation_time=rendered.clip_creation_time,
            rendering_time=rendered.rendering_time,
            output_video_duration=timeline.duration,
            output_video_size_mb=size / MEGABYTE,
            compression_ratio=1 - timeline.duration / recording.duration,
            fps=timeline.rate,
            resolution=f"{rendered.width}x{rendered.height}",
            total_time=meter.elapsed_seconds,
        ),
    )


@remembered("check", VERSIONS["check"], Checked)
def check(
    store: Store,
    *,
    source: Path,
    recording: Recording,
    transcript: Ref,
    narration: Ref,
    timeline: Ref,
    video: Ref,
    options: RenderOptions,
    audio_track: int | None,
) -> Checked:
    """Measure the output against the timeline; a failed check is told, not raised."""
    with monitor_of(recording.sha256).phase("check") as meter, tempfile.TemporaryDirectory() as scratch:
        from cutdown.captions import spoken_words
        from cutdown.speech.whisper import let_models_go
        from cutdown.verify import verify

        heard = Transcript.model_validate_json(store.read_text(transcript))
        planned = Timeline.model_validate_json(store.read_text(timeline))
        spoken = Narration.model_validate_json(store.read_text(narration))
        certificate = verify(
            store.path(video),
            source,
            recording,
            planned,
            spoken,
            spoken_words(planned, heard, spoken),
            options,
            store=store,
            language=heard.language,
            scratch=Path(scratch),
            track=audio_track,
            progress=current(),
        )
        let_models_go()
        kept = store.put_text(certificate.model_dump_json(indent=2) + "\n")
    return Checked(
        certificate=kept,
        passed=certificate.passed,
        record=meter.record(PhaseRecord),
    )
