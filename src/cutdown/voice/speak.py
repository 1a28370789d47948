"""Phase three: every line of a plan becomes a sound in the store."""

from __future__ import annotations

import wave
from typing import Final, NamedTuple

import numpy as np

from cutdown.errors import ProviderError
from cutdown.narration import Narration, NarrationLine
from cutdown.plan import EditPlan
from cutdown.progress import Progress, unheard
from cutdown.settings import VoiceOptions
from cutdown.store import Ref, Store, hash_key
from cutdown.timebase import SAMPLE_RATE
from cutdown.voice import Voice, open_voice
from cutdown.voice.forecast import spoken_seconds
from cutdown.voice.lines import Line, lines_of
from cutdown.voice.polish import polished, to_wav
from cutdown.voice.pronunciation import load_dictionary
from cutdown.voice.shorten import shortened

_CACHE_VERSION: Final = 1  # of everything between the voice's samples and the stored file
_SHORTEST: Final = 0.35  # of its forecast: less, and words are missing
_LONGEST: Final = 2.5  # times its forecast: more, and the voice stutters or rambles
_LEEWAY: Final = 1.0  # s on top, for lines of a word or two
_UNDETERMINED: Final = "und"


class _Spoken(NamedTuple):
    sound: Ref
    samples: int
    made_now: bool


def speak(plan: EditPlan, options: VoiceOptions, store: Store, *, progress: Progress = unheard) -> Narration:
    """Speak a plan's narration.

    A line that was ever spoken by the same voice comes from the store. The pronunciation
    dictionary changes what the voice is given, never what captions show. A line forecast to
    overrun its picture by far is shortened first, so its ``text`` may be less than the plan's.

    Args:
        plan: rewrites, and sped-up waits with a bridge, are spoken.
        options: the voice, and the user's pronunciation dictionary.
        store: where sounds lie.
        progress: told the share of the lines that is done.

    Raises:
        UsageError: for an unknown voice or a faulty dictionary.
        ModelError: when the voice's weights are missing.
        ProviderError: when the voice does not speak the plan's language, or gives no usable sound.
    """
    voice = open_voice(options.voice)
    lines = lines_of(plan, voice.pace)
    language = _language(plan, voice, any_lines=bool(lines))
    dictionary = load_dictionary(options.pronunciation)
    made: list[NarrationLine] = []
    fixes = calls = characters = 0
    total = sum(len(line.text) for line in lines)
    done = 0
    for line in lines:
        text = shortened(line.text, line.slot, voice.pace)
        reading = dictionary.read(text)
        fixes += reading.fixes
        spoken = _spoken(reading.text, line, voice, store)
        if spoken.made_now:
            calls += 1
            characters += len(reading.text)
        made.append(
            NarrationLine(
                actions=line.actions,
                text=text,
                spoken=reading.text,
                sound=spoken.sound,
                samples=spoken.samples,
            )
        )
        done += len(line.text)
        progress(done / total)
    return Narration(
        provider=voice.provider,
        voice=voice.name,
        language=language,
        lines=tuple(made),
        pronunciation_fixes=fixes,
        calls=calls,
        characters=characters,
    )


def _language(plan: EditPlan, voice: Voice, *, any_lines: bool) -> str:
    """The language spoken, refused before any work where the voice does not have it."""
    if plan.language == _UNDETERMINED:
        return "en" if "en" in voice.languages else min(voice.languages)
    language = plan.language.lower().replace("_", "-").partition("-")[0]
    if any_lines and language not in voice.languages:
        raise ProviderError(
            f"voice '{voice.provider}' speaks {', '.join(sorted(voice.languages))} only, but the plan is in "
            f"'{plan.language}'; make the plan with --narration none, or choose a voice for that language"
        )
    return language


def _spoken(text: str, line: Line, voice: Voice, store: Store) -> _Spoken:
    """A line's sound: recalled where this voice ever said it, else made, checked and remembered."""
    key = hash_key("phrase", _CACHE_VERSION, voice.provider, voice.name, voice.version, text)
    if (known := store.recall(key)) is not None:
        with wave.open(str(store.path(known)), "rb") as file:
            return _Spoken(known, file.getnframes(), made_now=False)
    try:
        samples = polished(voice.say(text))
        _check_length(samples.size / SAMPLE_RATE, spoken_seconds(text, voice.pace))
    except ProviderError as error:
        raise ProviderError(
            f"action '{line.actions[0]}': {error}", retryable=error.retryable, retry_after=error.retry_after
        ) from error
    sound = store.put_bytes(to_wav(np.asarray(samples)), ".wav")
    store.remember(key, sound)
    return _Spoken(sound, int(samples.size), made_now=True)


def _check_length(seconds: float, forecast: float) -> None:
    if not _SHORTEST * forecast - _LEEWAY / 2 <= seconds <= _LONGEST * forecast + _LEEWAY:
        raise ProviderError(
            f"the voice took {seconds:.1f} s for a line of about {forecast:.1f} s, so words are missing or "
            "repeated; reword the narration, or choose another voice with --voice"
        )
