"""The phases: each takes references and options, does its work, and leaves files and a record.

Each is done once for the same content (`memory`). Nothing here knows an order: `pipeline` has it.
Progress goes to `progress.current`.
"""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Final

from cutdown.errors import PlanError, UsageError
from cutdown.memory import remembered
from cutdown.metrics import (
    MEGABYTE,
    AssemblyRecord,
    DirectorRecord,
    IngestRecord,
    PerformanceMonitor,
    PhaseMeter,
    PhaseRecord,
    TokensUsed,
    VoiceRecord,
)
from cutdown.narration import Narration
from cutdown.plan import EditPlan
from cutdown.products import Assembled, Checked, Directed, Ingested, Voiced
from cutdown.progress import current, part
from cutdown.recording import Recording
from cutdown.settings import DirectorOptions, RenderOptions, SpeechOptions, VoiceOptions
from cutdown.signals import Signals
from cutdown.store import Ref, Store, hash_key
from cutdown.timeline import Timeline
from cutdown.transcript import Transcript

VERSIONS: Final = {"probe": 1, "ingest": 1, "director": 1, "voice": 1, "assembly": 1, "check": 1}
"""Counted up whenever a phase answers differently for the same input, so that old answers are not used."""


CHARACTERS_A_TOKEN: Final = 4  # the usual rule of thumb for English
NO_RUN: Final = (
    "-"  # a phase's work belongs to its content; the run it was done for is filled in by the pipeline
)


def _monitor(recording: Recording) -> PerformanceMonitor:
    return PerformanceMonitor(video_id=recording.sha256, run_id=NO_RUN)


def examine(store: Store, source: Path) -> Recording:
    """Describe the recording; a file that was not touched since is not hashed again.

    Raises:
        MediaError: the file cannot be read.
        UsageError: there is no such file.
    """
    from cutdown.media.probe import probe

    try:
        state = source.stat()
    except OSError as error:
        raise UsageError(f"cannot read '{source}': {error.strerror}; check the path") from error
    place = [str(source.absolute()), state.st_size, state.st_mtime_ns, state.st_ino]
    key = hash_key("probe", VERSIONS["probe"], place)
    if known := store.recall(key):
        return Recording.model_validate_json(store.read_text(known))
    recording = probe(source)
    store.remember(key, store.put_text(recording.model_dump_json()))
    return recording


@remembered("ingest", VERSIONS["ingest"], Ingested)
def ingest(store: Store, *, source: Path, recording: Recording, options: SpeechOptions) -> Ingested:
    """Phase 1: take the sound out, transcribe it, measure what sound and picture do."""
    from cutdown.media.measure import measure_signals
    from cutdown.media.sound import choose_track, extract_sound
    from cutdown.media.waveform import find_peaks
    from cutdown.speech import transcriber_named

    tell = current()
    with _monitor(recording).phase("phase1_ingest") as meter, tempfile.TemporaryDirectory() as scratch:
        wav: Path | None = None
        transcript = Transcript(
            language="und", model="none", duration=recording.duration, words=(), segments=()
        )
        if recording.audio:
            wav = Path(scratch, "speech.wav")
            with meter.step("extraction"):
                extract_sound(
                    source,
                    recording,
                    wav,
                    track=choose_track(recording, options.audio_track).order,
                    sample_rate=16_000,  # what Whisper listens at
                    channels=1,
                    progress=part(tell, 0, 0.03),
                )
            with meter.step("transcription"):
                transcript = transcriber_named("local").transcribe(
                    wav, options, duration=recording.duration, progress=part(tell, 0.03, 0.95)
                )
        with meter.step("signals"):
            peaks = find_peaks(wav) if wav else ()
            signals = measure_signals(source, recording, wav, progress=part(tell, 0.95, 1))
    return Ingested(
        transcript=store.put_text(transcript.model_dump_json()),
        signals=store.put_text(signals.model_dump_json()),
        waveform=store.put_text(json.dumps(peaks)),
        record=meter.record(
            IngestRecord,
            video_duration_seconds=recording.duration,
            audio_extraction_time=meter.seconds("extraction"),
            transcription_time=meter.seconds("transcription"),
            transcription_method=transcript.method,
            whisper_model=transcript.model,
            signals_time=meter.seconds("signals"),
            total_time=meter.elapsed_seconds,
            segments_generated=len(transcript.segments),
        ),
    )


@remembered("director", VERSIONS["director"], Directed)
def direct(
    store: Store, *, recording: Recording, transcript: Ref, signals: Ref, options: DirectorOptions
) -> Directed:
    """Phase 2: make the edit plan."""
    from cutdown.director import director_named

    with _monitor(recording).phase("phase2_director") as meter:
        heard = Transcript.model_validate_json(store.read_text(transcript))
        plan = director_named("offline").plan(
            recording, heard, Signals.model_validate_json(store.read_text(signals)), options
        )
    return _directed(store, plan, heard, meter)


def read_plan(path: Path, recording: Recording) -> EditPlan:
    """A plan that a person brought.

    Raises:
        PlanError: the plan breaks its contract, or was made for another recording.
    """
    plan = EditPlan.read(path)
    if plan.recording_sha256 != recording.sha256:
        raise PlanError(
            f"'{path.name}' was made for another recording than '{recording.name}' (their contents differ); "
            "make a plan for this one with --dry-run"
        )
    if plan.duration != recording.duration:
        raise PlanError(
            f"'{path.name}': 'duration' is {float(plan.duration):g} but '{recording.name}' lasts "
            f"{float(recording.duration):g} s; put the duration back"
        )
    return plan


def adopt(store: Store, *, recording: Recording, transcript: Ref, path: Path) -> Directed:
    """Phase 2 when a person brings the plan; see `read_plan`."""
    with _monitor(recording).phase("phase2_director") as meter:
        plan = read_plan(path, recording)
    return _directed(store, plan, Transcript.model_validate_json(store.read_text(transcript)), meter)


def _directed(store: Store, plan: EditPlan, heard: Transcript, meter: PhaseMeter) -> Directed:
    return Directed(
        plan=store.put_text(plan.to_json()),
        record=meter.record(
            DirectorRecord,
            transcript_segments=len(heard.segments),
            transcript_tokens=round(len(heard.text()) / CHARACTERS_A_TOKEN),
            llm_provider="none",
            llm_model=plan.director,
            api_call_time=0.0,
            tokens_used=TokensUsed(),
            estimated_cost=0.0,
            actions_generated=len(plan.actions),
            total_time=meter.elapsed_seconds,
        ),
    )


def take_dictionary(store: Store, options: VoiceOptions) -> Ref | None:
    """Read the user's pronunciation dictionary, so that its faults are told first, and keep it by content."""
    from cutdown.voice.pronunciation import load_dictionary

    if options.pronunciation is None:
        return None
    load_dictionary(options.pronunciation)
    return store.put(options.pronunciation)


def try_render_options(recording: Recording, options: RenderOptions) -> None:
    """See that the encoder and the engine work, before anything else costs time.

    Raises:
        UsageError: the engine or the encoder is not there, or an option does not fit.
    """
    from cutdown.assembly.render import try_options
    from cutdown.fitting import output_rate

    try_options(recording, options, output_rate(recording, options.fps))


@remembered("voice", VERSIONS["voice"], Voiced)
def speak(store: Store, *, plan: Ref, dictionary: Ref | None, options: VoiceOptions) -> Voiced:
    """Phase 3: speak the plan's new narration; phrases that were spoken before are not spoken again."""
    from cutdown.voice.speak import speak as speak_lines

    edit = EditPlan.from_json(store.read_text(plan))
    if dictionary is not None:
        options = options.model_copy(update={"pronunciation": store.path(dictionary)})
    monitor = PerformanceMonitor(video_id=edit.recording_sha256, run_id=NO_RUN)
    with monitor.phase("phase3_voice") as meter, meter.step("synthesis"):
        narration = speak_lines(edit, options, store, progress=current())
    return Voiced(
        narration=store.put_text(narration.model_dump_json()),
        record=meter.record(
            VoiceRecord,
            narration_segments=len(narration.lines),
            total_narration_duration=sum(line.seconds for line in narration.lines),
            tts_provider=narration.provider,
            voice_id=narration.voice,
            api_calls=narration.calls,
            total_api_time=meter.seconds("synthesis"),
            estimated_cost=0.0,
            pronunciation_fixes_applied=narration.pronunciation_fixes,
            total_time=meter.elapsed_seconds,
        ),
    )


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
    from cutdown.assembly.render import render
    from cutdown.captions import captions, chapters, to_srt, to_vtt
    from cutdown.fitting import build_timeline, output_rate

    edit = EditPlan.from_json(store.read_text(plan))
    heard = Transcript.model_validate_json(store.read_text(transcript))
    seen = Signals.model_validate_json(store.read_text(signals))
    spoken = Narration.model_validate_json(store.read_text(narration))
    with _monitor(recording).phase("phase4_assembly") as meter, tempfile.TemporaryDirectory() as scratch:
        timeline = build_timeline(edit, spoken, recording, seen, rate=output_rate(recording, options.fps))
        shown = captions(timeline, heard, spoken, edit)
        rendered = render(
            source,
            recording,
            timeline,
            spoken,
            seen,
            options,
            store,
            chapters=chapters(edit, timeline, heard),
            title=Path(recording.name).stem,
            track=audio_track,
            scratch=Path(scratch),
            progress=current(),
        )
        size = rendered.path.stat().st_size
        video = store.put(rendered.path, move=True)
    return Assembled(
        video=video,
        timeline=store.put_text(timeline.model_dump_json(indent=2) + "\n"),
        srt=store.put_text(to_srt(shown), ".srt"),
        vtt=store.put_text(to_vtt(shown), ".vtt"),
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
    from cutdown.captions import spoken_words
    from cutdown.verify import verify

    heard = Transcript.model_validate_json(store.read_text(transcript))
    planned = Timeline.model_validate_json(store.read_text(timeline))
    spoken = Narration.model_validate_json(store.read_text(narration))
    with _monitor(recording).phase("check") as meter, tempfile.TemporaryDirectory() as scratch:
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
    return Checked(
        certificate=store.put_text(certificate.model_dump_json(indent=2) + "\n"),
        passed=certificate.passed,
        record=meter.record(PhaseRecord),
    )
