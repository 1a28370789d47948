"""Phase 3: new narration."""

from __future__ import annotations

from cutdown.memory import remembered
from cutdown.metrics import VoiceRecord
from cutdown.phases.accounts import VERSIONS, account_of, monitor_of, paid, who_did_it
from cutdown.plan import EditPlan
from cutdown.products import Voiced, as_asked_for
from cutdown.progress import current
from cutdown.services.choices import Choice
from cutdown.services.connections import providers
from cutdown.services.terms import Terms
from cutdown.settings import VoiceOptions
from cutdown.store import Ref, Store


def take_dictionary(store: Store, options: VoiceOptions) -> Ref | None:
    """Read the user's pronunciation dictionary, so that its faults are told first, and keep it by content."""
    from cutdown.voice.pronunciation import load_dictionary

    if options.pronunciation is None:
        return None
    load_dictionary(options.pronunciation)
    return store.put(options.pronunciation)


@remembered("voice", VERSIONS["voice"], Voiced, worth_keeping=as_asked_for)
def speak(
    store: Store,
    *,
    plan: Ref,
    dictionary: Ref | None,
    options: VoiceOptions,
    choices: tuple[Choice, ...],
    terms: Terms,
) -> Voiced:
    """Phase 3: speak the plan's new narration; phrases that were spoken before are not spoken again."""
    edit = EditPlan.from_json(store.read_text(plan))
    if dictionary is not None:
        options = options.model_copy(update={"pronunciation": store.path(dictionary)})
    with (
        monitor_of(edit.recording_sha256).phase("phase3_voice") as meter,
        account_of(store, terms, edit.recording_sha256, "phase3_voice") as account,
    ):
        from cutdown.voice.speak import speak as speak_lines  # its loading is part of the phase

        with meter.step("synthesis"):
            narration = speak_lines(
                edit, options, store, choices=choices, account=account, progress=current()
            )
        kept = store.put_text(narration.model_dump_json())
    spending = account.spending
    served = narration.provider in providers()
    return Voiced(
        narration=kept,
        sounds=tuple(dict.fromkeys(line.sound for line in narration.lines)),
        record=meter.record(
            VoiceRecord,
            **paid(spending),
            narration_segments=len(narration.lines),
            total_narration_duration=sum(line.seconds for line in narration.lines),
            tts_provider=narration.provider,
            tts_model=who_did_it(choices, spending).model,
            voice_id=narration.voice,
            api_calls=narration.calls,
            total_api_time=spending.waiting_seconds if served else meter.seconds("synthesis"),
            pronunciation_fixes_applied=narration.pronunciation_fixes,
            total_time=meter.elapsed_seconds,
        ),
    )
