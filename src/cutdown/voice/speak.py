"""Phase three: every line of a plan becomes a sound in the store."""

from __future__ import annotations

import wave
from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from cutdown.errors import ProviderError
from cutdown.narration import Narration, NarrationLine
from cutdown.plan import EditPlan
from cutdown.progress import Progress, unheard
from cutdown.services.account import Account
from cutdown.services.choices import Choice
from cutdown.services.connections import providers
from cutdown.services.fallback import first_that_delivers
from cutdown.services.loop import side_by_side
from cutdown.settings import VoiceOptions
from cutdown.store import Ref, Store, hash_key
from cutdown.timebase import SAMPLE_RATE
from cutdown.voice import Voice, open_voice, plain_language
from cutdown.voice.forecast import spoken_seconds
from cutdown.voice.lines import Line, lines_of
from cutdown.voice.polish import polished, to_wav
from cutdown.voice.pronunciation import Pronunciation, load_dictionary
from cutdown.voice.shorten import shortened

_CACHE_VERSION: Final = 1  # of everything between the voice's samples and the stored file
_SHORTEST: Final = 0.35  # of its forecast: less, and words are missing
_LONGEST: Final = 2.5  # times its forecast: more, and the voice stutters or rambles
_LEEWAY: Final = 1.0  # s on top, for lines of a word or two
_SERVICE_TRIES: Final = 2  # the same line may come out well the next time; each is paid for
_UNDETERMINED: Final = "und"


class _Spoken(NamedTuple):
    sound: Ref
    samples: int
    made_now: bool


def speak(
    plan: EditPlan,
    options: VoiceOptions,
    store: Store,
    *,
    choices: Sequence[Choice],
    account: Account,
    progress: Progress = unheard,
) -> Narration:
    """Speak a plan's narration, all of it in one voice.

    A line that was ever spoken by the same voice comes from the store. The pronunciation
    dictionary changes what the voice is given, never what captions show. A line forecast to
    overrun its picture by far is shortened first, so its ``text`` may be less than the plan's.
    Where a voice does not deliver, the next one speaks every line anew: two voices in one video
    would be heard.

    Args:
        plan: rewrites, and sped-up waits with a bridge, are spoken.
        options: the user's pronunciation dictionary.
        store: where sounds lie.
        choices: the voice, and those to go on with when it does not deliver.
        account: pays for services.
        progress: told the share of the lines that is done.

    Raises:
        UsageError: for an unknown voice or a faulty dictionary.
        ModelError: when the voice's weights are missing.
        ProviderError: when no voice speaks the plan's language, or gives usable sound.
        BudgetError: the next line would break the budget; lines spoken so far are kept.
    """
    dictionary = load_dictionary(options.pronunciation)

    def by(choice: Choice) -> Narration:
        return _spoken_by(open_voice(choice, account), plan, dictionary, store, progress)

    return first_that_delivers(choices, by, account)


def _spoken_by(
    voice: Voice, plan: EditPlan, dictionary: Pronunciation, store: Store, progress: Progress
) -> Narration:
    lines = lines_of(plan, voice.pace)
    language = _language(plan, voice, any_lines=bool(lines))
    texts = [shortened(line.text, line.slot, voice.pace) for line in lines]
    readings = [dictionary.read(text) for text in texts]
    asked = {reading.text: line for reading, line in reversed(list(zip(readings, lines, strict=True)))}
    done: list[int] = []

    def say(text: str) -> _Spoken:
        spoken = _spoken(text, asked[text], voice, store)
        done.append(len(text))
        progress(sum(done) / sum(map(len, asked)))
        return spoken

    first_said = list(dict.fromkeys(reading.text for reading in readings))
    sounds = dict(zip(first_said, side_by_side(say, first_said, width=voice.width), strict=True))
    made = tuple(
        NarrationLine(
            actions=line.actions,
            text=text,
            spoken=reading.text,
            sound=sounds[reading.text].sound,
            samples=sounds[reading.text].samples,
        )
        for line, text, reading in zip(lines, texts, readings, strict=True)
    )
    new = [text for text, spoken in sounds.items() if spoken.made_now]
    return Narration(
        provider=voice.provider,
        voice=voice.name,
        language=language,
        lines=made,
        pronunciation_fixes=sum(reading.fixes for reading in readings),
        calls=len(new),
        characters=sum(map(len, new)),
    )


def _language(plan: EditPlan, voice: Voice, *, any_lines: bool) -> str:
    """The language spoken, refused before any work where the voice does not have it."""
    if plan.language == _UNDETERMINED:
        return "en" if "en" in voice.languages else min(voice.languages)
    language = plain_language(plan.language)
    if any_lines and language not in voice.languages:
        raise ProviderError(
            f"voice '{voice.provider}' speaks {', '.join(sorted(voice.languages))} only, but the plan is in "
            f"'{plan.language}'; make the plan with --narration none, or choose a voice for that language"
        )
    return language


def _spoken(text: str, line: Line, voice: Voice, store: Store) -> _Spoken:
    """A line's sound: recalled where this voice ever said it, else made, checked and remembered.

    Another process that wants the same phrase meanwhile waits for this one: it is paid for once. What was paid for
    is known to all machines that share the store; to make a line here takes less time than to ask for it there.
    """
    key = hash_key("phrase", _CACHE_VERSION, voice.provider, voice.name, voice.version, text)
    with store.exclusive(key):
        return _recalled_or_made(key, text, line, voice, store)


def _recalled_or_made(key: str, text: str, line: Line, voice: Voice, store: Store) -> _Spoken:
    paid_for = voice.provider in providers()
    if (known := store.find(key) if paid_for else store.recall(key)) is not None:
        with wave.open(str(store.path(known)), "rb") as file:
            return _Spoken(known, file.getnframes(), made_now=False)
    try:
        samples = _said(voice, text, tries=_SERVICE_TRIES if paid_for else 1)
    except ProviderError as error:
        raise ProviderError(
            f"action '{line.actions[0]}': {error}",
            retryable=error.retryable,
            retry_after=error.retry_after,
            fault=error.fault,
        ) from error
    sound = store.put_bytes(to_wav(samples), ".wav")
    (store.share if paid_for else store.remember)(key, sound)
    return _Spoken(sound, int(samples.size), made_now=True)


def _said(voice: Voice, text: str, *, tries: int) -> NDArray[np.int16]:
    """A line's samples, trimmed and level; said again where they cannot be the line, and a voice may do better."""
    while True:
        speech = voice.say(text)
        try:
            samples = polished(speech)
            _check_length(samples.size / SAMPLE_RATE, spoken_seconds(text, voice.pace))
        except ProviderError:
            if tries <= 1:
                raise
            tries -= 1
        else:
            return samples


def _check_length(seconds: float, forecast: float) -> None:
    if not _SHORTEST * forecast - _LEEWAY / 2 <= seconds <= _LONGEST * forecast + _LEEWAY:
        raise ProviderError(
            f"the voice took {seconds:.1f} s for a line of about {forecast:.1f} s, so words are missing or "
            "repeated; reword the narration, or choose another voice with --voice"
        )
