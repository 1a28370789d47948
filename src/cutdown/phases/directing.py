"""Phase 2: the edit plan, made or brought."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from cutdown.errors import PlanError
from cutdown.memory import remembered
from cutdown.metrics import DirectorRecord, PhaseMeter, TokensUsed
from cutdown.phases.accounts import VERSIONS, account_of, monitor_of, paid, who_did_it
from cutdown.plan import EditPlan
from cutdown.products import Directed, as_asked_for
from cutdown.progress import current
from cutdown.recording import Recording
from cutdown.services.account import Spending
from cutdown.services.choices import Choice
from cutdown.services.terms import Terms
from cutdown.settings import DirectorOptions
from cutdown.signals import Signals
from cutdown.store import Ref, Store
from cutdown.transcript import UNDETERMINED, Transcript, language_of

CHARACTERS_A_TOKEN: Final = 4  # the usual rule of thumb for English


@remembered("director", VERSIONS["director"], Directed, worth_keeping=as_asked_for)
def direct(
    store: Store,
    *,
    recording: Recording,
    transcript: Ref,
    signals: Ref,
    options: DirectorOptions,
    choices: tuple[Choice, ...],
    prompts: str,
    examples: Ref | None,
    terms: Terms,
) -> Directed:
    """Phase 2: make the edit plan.

    Args:
        store: holds the files.
        recording: what it is made for.
        transcript: what was heard.
        signals: what sound and picture do.
        options: length and narration.
        choices: the director, and those that go on when it does not deliver.
        prompts: version of what language models are told; only so that it is part of the key.
        examples: an earlier plan of the same series.
        terms: what may be spent.
    """
    del prompts
    earlier = (EditPlan.from_json(store.read_text(examples)),) if examples else ()
    with (
        monitor_of(recording.sha256).phase("phase2_director") as meter,
        account_of(store, terms, recording.sha256, "phase2_director") as account,
    ):
        from cutdown.director import FirstDirector  # its loading is part of the phase

        heard = Transcript.model_validate_json(store.read_text(transcript))
        plan = FirstDirector(choices, account, earlier).plan(
            recording,
            heard,
            Signals.model_validate_json(store.read_text(signals)),
            options,
            progress=current(),
        )
    used_by = who_did_it(choices, account.spending)
    return _directed(store, plan, heard, meter, account.spending, used_by)


def for_voices(
    options: DirectorOptions, voices: tuple[Choice, ...], store: Store, transcript: Ref
) -> DirectorOptions:
    """The director's options for what was heard: no new narration where no chosen voice speaks its language.

    Where all of it is to be spoken anew, nothing else was asked for: the voice then tells what it speaks.
    """
    if options.narration in ("none", "full"):
        return options
    from cutdown.voice import speaks

    language = language_of(store.read_text(transcript))
    if language == UNDETERMINED or any(speaks(voice.provider, language) for voice in voices):
        return options
    return options.model_copy(update={"narration": "none"})


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


def adopt(store: Store, *, recording: Recording, transcript: Ref, plan: EditPlan) -> Directed:
    """Phase 2 when a person brings the plan, or changed it."""
    with monitor_of(recording.sha256).phase("phase2_director") as meter:
        heard = Transcript.model_validate_json(store.read_text(transcript))
    return _directed(store, plan, heard, meter, Spending(), None)


def _directed(
    store: Store,
    plan: EditPlan,
    heard: Transcript,
    meter: PhaseMeter,
    spending: Spending,
    model: Choice | None,
) -> Directed:
    used = spending.used
    asked = model is not None and model.is_service
    return Directed(
        plan=store.put_text(plan.to_json()),
        record=meter.record(
            DirectorRecord,
            transcript_segments=len(heard.segments),
            transcript_tokens=round(len(heard.text()) / CHARACTERS_A_TOKEN),
            **paid(spending),
            llm_provider=model.provider if asked and model else "none",
            llm_model=model.model if asked and model else plan.director,
            api_call_time=spending.waiting_seconds,
            tokens_used=TokensUsed(
                prompt=used.prompt_tokens,
                completion=used.completion_tokens,
                total=used.prompt_tokens + used.completion_tokens,
                cached=used.cached_tokens,
            ),
            actions_generated=len(plan.actions),
            total_time=meter.elapsed_seconds,
        ),
    )
