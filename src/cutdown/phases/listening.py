"""Phase 1: listening and watching."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

from cutdown.beside import both
from cutdown.memory import remembered
from cutdown.metrics import IngestRecord
from cutdown.phases.accounts import VERSIONS, account_of, monitor_of, paid, who_did_it
from cutdown.products import Ingested, as_asked_for
from cutdown.progress import Progress, current, part
from cutdown.recording import Recording
from cutdown.services.choices import Choice
from cutdown.services.terms import Terms
from cutdown.settings import SpeechOptions
from cutdown.signals import Signals
from cutdown.store import Ref, Store
from cutdown.transcript import Transcript


@remembered("ingest", VERSIONS["ingest"], Ingested, worth_keeping=as_asked_for)
def ingest(
    store: Store,
    *,
    source: Path,
    recording: Recording,
    options: SpeechOptions,
    choices: tuple[Choice, ...],
    terms: Terms,
) -> Ingested:
    """Phase 1: take the sound out, transcribe it, measure beside it what sound and picture do."""
    tell = current()
    with (
        monitor_of(recording.sha256).phase("phase1_ingest") as meter,
        tempfile.TemporaryDirectory() as scratch,
        account_of(store, terms, recording.sha256, "phase1_ingest") as account,
    ):
        from cutdown.media.measure import measure_signals  # its loading is part of the phase
        from cutdown.media.sound import choose_track, extract_sound
        from cutdown.media.waveform import find_peaks
        from cutdown.speech import FirstTranscriber
        from cutdown.speech.whisper import let_models_go

        wav = Path(scratch, "speech.wav") if recording.audio else None
        if wav is not None:
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

        def transcribe() -> Transcript:
            if wav is None:
                return Transcript(
                    language="und", model="none", duration=recording.duration, words=(), segments=()
                )
            with meter.step("transcription"):
                return FirstTranscriber(choices, account).transcribe(
                    wav, options, duration=recording.duration, progress=part(tell, 0.03, 1)
                )

        def measure(progress: Progress) -> tuple[tuple[float, ...], Signals]:
            with meter.step("signals"):
                peaks = find_peaks(wav) if wav else ()
                return peaks, measure_signals(source, recording, wav, progress=progress)

        transcript, (peaks, signals) = both(transcribe, measure)
        let_models_go()
        kept = _written(store, transcript, signals, peaks)  # part of the phase
    return Ingested(
        **kept,
        record=meter.record(
            IngestRecord,
            **paid(account.spending),
            video_duration_seconds=recording.duration,
            audio_extraction_time=meter.seconds("extraction"),
            transcription_time=meter.seconds("transcription"),
            transcription_method=transcript.method,
            transcription_provider=who_did_it(choices, account.spending).provider,
            whisper_model=transcript.model,
            signals_time=meter.seconds("signals"),
            total_time=meter.elapsed_seconds,
            segments_generated=len(transcript.segments),
        ),
    )


def _written(
    store: Store, transcript: Transcript, signals: Signals, peaks: tuple[float, ...]
) -> dict[str, Ref]:
    """What was found, as files."""
    return {
        "transcript": store.put_text(transcript.model_dump_json()),
        "signals": store.put_text(signals.model_dump_json()),
        "waveform": store.put_text(json.dumps(peaks)),
    }
