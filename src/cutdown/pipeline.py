"""The phases in order: from a job to the files it leaves behind.

The order stands here once. Who runs a phase is given: `here` runs it in this process; the
flow in ``flows/optimize.py`` gives Prefect tasks.
"""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Callable, Iterator
from typing import Any, Final, NamedTuple, TypeVar

from pydantic import BaseModel

from cutdown import phases
from cutdown.approval import PlanAgain, Reviewer
from cutdown.current_run import current_run, running, unobserved
from cutdown.director.llm.prompts import prompt_version
from cutdown.errors import MissingKeyError, UsageError
from cutdown.hindsight import look_back
from cutdown.job import Job, Outcome
from cutdown.logs import tell
from cutdown.memory import Remembered
from cutdown.metrics import Forecast, PhaseRecord
from cutdown.metrics.found import found_again
from cutdown.metrics.records import cost_of
from cutdown.observing import ends_told, observed
from cutdown.plan import EditPlan
from cutdown.products import Assembled, Checked, Directed, Ingested, Voiced
from cutdown.progress import heard_by_nobody, phase
from cutdown.publish import Results, publish, with_checking
from cutdown.recording import Recording
from cutdown.services.choices import Choice, completed, parse_choices, price_book
from cutdown.services.ledger import Ledger
from cutdown.settings import OptimizeOptions, shared_store
from cutdown.signals import Signals
from cutdown.store import Ref, Store
from cutdown.tracing import span
from cutdown.transcript import Transcript

Result = TypeVar("Result", bound=BaseModel)

_log: Final = logging.getLogger(__name__)


class Phases(NamedTuple):
    """Who does each phase: called with keywords, gives the result and whether it was there already."""

    ingest: Callable[..., tuple[Ingested, bool]]
    direct: Callable[..., tuple[Directed, bool]]
    speak: Callable[..., tuple[Voiced, bool]]
    assemble: Callable[..., tuple[Assembled, bool]]
    check: Callable[..., tuple[Checked, bool]]


def here(store: Store) -> Phases:
    """The phases in this process; what was done before is found."""

    def done(work: Remembered[Result]) -> Callable[..., tuple[Result, bool]]:
        def run(**inputs: Any) -> tuple[Result, bool]:
            known = work.recall(store, **inputs) is not None
            return work(store, **inputs), known

        return run

    return _each(done)


def recalled(store: Store) -> Phases:
    """The phases as they were done before, and nothing else.

    Raises:
        NotAtHandError: by a phase that would have to be done.
    """

    def found(work: Remembered[Result]) -> Callable[..., tuple[Result, bool]]:
        def run(**inputs: Any) -> tuple[Result, bool]:
            result = work.recall(store, **inputs)
            if result is None:
                raise NotAtHandError(work.name)
            return result, True

        return run

    return _each(found)


class NotAtHandError(LookupError):
    """A phase's result is not in the store."""


def _each(how: Callable[[Remembered[Any]], Callable[..., tuple[Any, bool]]]) -> Phases:
    return Phases(
        *(how(work) for work in (phases.ingest, phases.direct, phases.speak, phases.assemble, phases.check))
    )


def everything_at_hand(job: Job, store: Store) -> bool:
    """Whether the whole job was done before, so that only its files have to be written."""
    try:
        with heard_by_nobody(), unobserved(), running():
            _results(job, prepare(job, store), recalled(store), store)
    except (NotAtHandError, MissingKeyError):
        return False
    return True


class _Account:
    """Runs phases one after another, and keeps each one's record for this run."""

    def __init__(self, video_id: str, run_id: str) -> None:
        # A phase that works measures itself; this tells what it took to find one that was done before.
        self._monitor = phases.monitor_of(video_id, run_id, samples_a_second=1)
        self.records: list[PhaseRecord] = []

    def run(self, name: str, work: Callable[..., tuple[Result, bool]], **inputs: Any) -> Result:
        """Do a phase, or find what it did before; its record becomes one of this run."""
        with span(name, video_id=self._monitor.video_id) as traced:
            tell(_log, "phase begins", phase=name)
            with phase(name) as running, self._monitor.phase(name) as meter:
                result, running.cached = work(**inputs)
            facts: dict[str, Any] = {"cached": running.cached}
            record = getattr(result, "record", None)
            if isinstance(record, PhaseRecord):
                ids = {"video_id": self._monitor.video_id, "run_id": self._monitor.run_id}
                record = found_again(record, meter) if running.cached else record
                self.records.append(record.model_copy(update=ids))
                facts["cost_usd"] = cost_of(record)
            traced.tell(**facts)
            tell(_log, "phase ends", phase=name, seconds=round(meter.elapsed_seconds, 3), **facts)
        return result


class Cast(NamedTuple):
    """Who does the work of each phase that may be a service's, in order; every model named."""

    transcribers: tuple[Choice, ...]
    directors: tuple[Choice, ...]
    voices: tuple[Choice, ...]


def cast_of(options: OptimizeOptions, *, keys: bool = True) -> Cast:
    """Who does what, with what was left open filled in.

    Args:
        options: what the user wrote.
        keys: whether services have to be within reach.

    Raises:
        UsageError: an unknown provider, or one that needs to be told more.
        MissingKeyError: no key for a service.
    """
    from cutdown.director import director_names
    from cutdown.speech import transcriber_names
    from cutdown.voice import voice_names

    transcribers = parse_choices(options.speech.transcriber, "transcriber", transcriber_names())
    directors = parse_choices(options.director.llm, "llm", director_names())
    voices = parse_choices(options.voice.voice, "voice", voice_names())
    return Cast(
        completed(transcribers, "transcriber", keys=keys),
        completed(directors, "llm", keys=keys),
        completed(voices, "voice", keys=keys),
    )


def listening(job: Job, recording: Recording, cast: Cast) -> dict[str, Any]:
    """What the first phase is given."""
    return {
        "source": job.source,
        "recording": recording,
        "options": job.options.speech.model_copy(update={"transcriber": ""}),
        "choices": cast.transcribers,
        "terms": job.terms,
    }


def prepare(job: Job, store: Store, *, keys: bool = True) -> Recording:
    """Find every fault that can be found before work begins.

    Args:
        job: what is asked for.
        store: where everything that is made is kept.
        keys: whether all keys have to be within reach by now.

    Raises:
        UsageError: a path or an option cannot be used.
        MediaError: the recording cannot be read.
        PlanError: the plan that was brought breaks its contract.
    """
    job.check()
    job.check_folder()
    options = job.effective_options
    cast = cast_of(options, keys=keys)
    price_book(job.terms.prices, (*cast.transcribers, *cast.directors, *cast.voices))
    if job.like is not None:
        if not any(choice.is_service for choice in cast.directors):
            raise UsageError(
                "--like is for a language model to follow, and the offline director asks none; name one with --llm"
            )
        EditPlan.read(job.like)
    recording = phases.examine(store, job.source)
    phases.take_dictionary(store, options.voice)
    if job.plan is not None:
        phases.read_plan(job.plan, recording)
    if not job.dry_run:
        phases.try_render_options(recording, options.render)
    return recording


@contextlib.contextmanager
def listening_ahead(job: Job, recording: Recording, store: Store) -> Iterator[None]:
    """Begin to listen while whoever is to run the phases gets ready; its first phase then takes up what was begun.

    A service is not asked ahead: what it costs is a matter of the run. Where machines share what they made, one of them may
    have listened already.
    """
    cast = cast_of(job.effective_options, keys=False)
    if shared_store() or any(choice.is_service for choice in cast.transcribers):
        yield
        return
    with running(folder=job.folder), phases.ingest.ahead(store, **listening(job, recording, cast)):
        yield


def optimize(
    job: Job,
    do: Phases,
    store: Store,
    *,
    on_plan: Callable[[EditPlan], object] = lambda _plan: None,
    review: Reviewer | None = None,
) -> Outcome:
    """Make one recording short.

    Args:
        job: what is asked for.
        do: who does the phases.
        store: where everything that is made is kept.
        on_plan: shown the edit plan as soon as there is one.
        review: asked about the plan before anything is spoken or rendered; a wish for another length is
            followed, and asked about again.

    Returns:
        What was left in ``job.folder``. A failed check of the output is told in ``passed``.

    Raises:
        CutdownError: one line that says what was wrong; nothing was written to the folder.
        RejectedError: the plan was rejected; nothing was rendered or written.
    """
    with running(folder=job.folder), observed(), ends_told(), span("optimize") as traced:
        with phase("probe"):
            recording = prepare(job, store)
        spent = Ledger().unfinished(recording.sha256)
        foreseen = _foreseen(job, store)
        results, parts = _results(job, recording, do, store, on_plan, review)
        records = with_checking(parts)
        findings = look_back(job, results, records, store, cast_of(job.options))
        told = _forecast(job, results, store)
        outcome = publish(job, results, records, store, told, foreseen=foreseen, findings=findings)
        if not job.dry_run:  # what a plan cost counts towards the budget of the run that renders it
            Ledger().finish(outcome.video_id, outcome.run_id)
        traced.tell(video_id=outcome.video_id, passed=outcome.passed, cost_usd=outcome.cost())
    return outcome.model_copy(update={"spent_before": spent.total})


def _foreseen(job: Job, store: Store) -> Forecast | None:
    """What was to be expected of a whole run before it began."""
    if job.dry_run:
        return None
    from cutdown.estimate import estimate

    return estimate(job, store)


def _forecast(job: Job, results: Results, store: Store) -> Forecast | None:
    """After a dry run, what the whole run would take."""
    if not job.dry_run:
        return None
    from cutdown.estimate import forecast, text_of

    heard = results.ingested
    text = text_of(
        Transcript.model_validate_json(store.read_text(heard.transcript)),
        Signals.model_validate_json(store.read_text(heard.signals)),
        results.recording,
        job.options.director,
    )
    return forecast(
        results.recording,
        cast_of(job.options),
        job.terms.prices,
        text,
        candidates=job.options.director.candidates,
    )


def _results(
    job: Job,
    recording: Recording,
    do: Phases,
    store: Store,
    on_plan: Callable[[EditPlan], object] = lambda _plan: None,
    review: Reviewer | None = None,
) -> tuple[Results, list[PhaseRecord]]:
    options = job.effective_options
    cast = cast_of(options)
    account = _Account(recording.sha256, current_run().id)
    heard = account.run("ingest", do.ingest, **listening(job, recording, cast))
    while True:
        directed = _direct(job, do, account, store, recording, heard, cast)
        plan = EditPlan.from_json(store.read_text(directed.plan))
        on_plan(plan)
        answer = review(plan) if review else plan
        if not isinstance(answer, PlanAgain):
            break
        job = job.with_target(answer.target_seconds)
    if answer != plan:
        directed = _adopt(account, store, recording, heard, answer)
        on_plan(answer)
    results = Results(recording, heard, directed)
    if not job.dry_run:
        dictionary = phases.take_dictionary(store, options.voice)
        results = _make(job, do, account, results, dictionary, cast.voices)
    return results, account.records


def _direct(
    job: Job,
    do: Phases,
    account: _Account,
    store: Store,
    recording: Recording,
    heard: Ingested,
    cast: Cast,
) -> Directed:
    """The director's plan, or the one that a person brought."""
    transcript = heard.transcript
    if job.plan is not None:
        return _adopt(account, store, recording, heard, phases.read_plan(job.plan, recording))
    asked = any(choice.is_service for choice in cast.directors)
    options = phases.for_voices(job.effective_options.director, cast.voices, store, transcript)
    example = EditPlan.read(job.like).to_json() if job.like and asked else None
    return account.run(
        "director",
        do.direct,
        recording=recording,
        transcript=transcript,
        signals=heard.signals,
        options=options.model_copy(update={"llm": ""}),
        choices=cast.directors,
        prompts=prompt_version() if asked else "",
        examples=store.put_text(example) if example else None,
        terms=job.terms,
    )


def _adopt(
    account: _Account, store: Store, recording: Recording, heard: Ingested, plan: EditPlan
) -> Directed:
    """A plan that a person made or changed."""
    adopted = phases.adopt(store, recording=recording, transcript=heard.transcript, plan=plan)
    return account.run("director", lambda: (adopted, False))


def _make(
    job: Job,
    do: Phases,
    account: _Account,
    results: Results,
    dictionary: Ref | None,
    choices: tuple[Choice, ...],
) -> Results:
    """From the plan to the checked video."""
    options = job.effective_options
    heard, plan = results.ingested, results.directed.plan
    # What the dictionary says counts, not where it lies; who speaks is in the choices.
    voice = options.voice.model_copy(update={"pronunciation": None, "voice": ""})
    voiced = account.run(
        "voice",
        do.speak,
        plan=plan,
        dictionary=dictionary,
        options=voice,
        choices=choices,
        terms=job.terms,
    )
    shared = {
        "source": job.source,
        "recording": results.recording,
        "transcript": heard.transcript,
        "narration": voiced.narration,
        "options": options.render,
        "audio_track": options.speech.audio_track,
    }
    made = account.run("assembly", do.assemble, **shared, plan=plan, signals=heard.signals)
    checked = account.run("check", do.check, **shared, timeline=made.timeline, video=made.video)
    return results._replace(voiced=voiced, assembled=made, checked=checked)
