"""What a run will cost and take, told before anything is asked for."""

from __future__ import annotations

from pathlib import Path

from cutdown import phases
from cutdown.job import Job
from cutdown.metrics import CostEstimator, Forecast, Providers, Text
from cutdown.metrics.records import recent_records
from cutdown.pipeline import Cast, cast_of, listening
from cutdown.products import Ingested
from cutdown.recording import Recording
from cutdown.services.choices import Choice, price_book
from cutdown.settings import DirectorOptions, history_file
from cutdown.signals import Signals
from cutdown.store import Store
from cutdown.transcript import Transcript


def estimate(job: Job, store: Store) -> Forecast:
    """Forecast a job; nothing is asked of any service, and no key is needed.

    A recording that was transcribed before is forecast from its real words and the real prompts.

    Raises:
        UsageError: the recording or an option cannot be used.
        MediaError: the recording cannot be read.
    """
    job.check()
    recording = phases.examine(store, job.source)
    cast = cast_of(job.options, keys=False)
    known = phases.ingest.recall(store, **listening(job, recording, cast))
    text = None if known is None else _text(known, recording, job.options.director, store)
    return forecast(recording, cast, job.terms.prices, text, candidates=job.options.director.candidates)


def forecast(
    recording: Recording,
    cast: Cast,
    prices: Path | None,
    text: Text | None = None,
    *,
    candidates: int = 1,
) -> Forecast:
    """The forecast for a cast; what earlier runs on this machine took is counted in.

    Without a sound there are no words, and nobody is asked about them.
    """
    if not recording.audio:
        text = Text(characters=0, prompt_tokens=0)
    chosen = Providers(
        transcription=cast.transcribers[0] if recording.audio else Choice(provider="local"),
        language_model=cast.directors[0],
        voice=cast.voices[0],
        candidates=candidates,
    )
    estimator = CostEstimator(price_book(prices, (chosen.transcription, chosen.language_model, chosen.voice)))
    return estimator.forecast(
        float(recording.duration), chosen, earlier=recent_records(history_file()), text=text
    )


def text_of(transcript: Transcript, signals: Signals, recording: Recording, options: DirectorOptions) -> Text:
    """What a director would be told of these words."""
    from cutdown.director.llm.director import first_prompts

    asked = first_prompts(recording, transcript, signals, options)
    characters = sum(len(prompt.stable) + len(prompt.shared) + len(prompt.fresh) for prompt in asked)
    return Text(characters=len(transcript.text()), prompt_tokens=characters // 4)


def _text(known: Ingested, recording: Recording, options: DirectorOptions, store: Store) -> Text:
    transcript = Transcript.model_validate_json(store.read_text(known.transcript))
    signals = Signals.model_validate_json(store.read_text(known.signals))
    return text_of(transcript, signals, recording, options)
