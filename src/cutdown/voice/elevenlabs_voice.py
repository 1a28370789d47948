"""ElevenLabs' voices."""

from __future__ import annotations

import base64
import re
import threading
from typing import Any, ClassVar, Final, Self

from cutdown.errors import ProviderError, UsageError
from cutdown.services.account import Account
from cutdown.services.choices import Choice
from cutdown.services.door import Request
from cutdown.services.used import Used
from cutdown.voice import Pace, Speech
from cutdown.voice.decode import decoded
from cutdown.voice.service import DEADLINE, LANGUAGES, PACE, require_words

_TITLE: Final = "ElevenLabs"
_ID: Final = re.compile(r"[A-Za-z0-9]{20}")
_FORMAT: Final = "mp3_44100_128"  # the best that every plan may ask for
_SEED: Final = 0
_SETTINGS: Final = {
    "stability": 0.5,
    "similarity_boost": 0.75,
    "style": 0.0,
    "use_speaker_boost": True,
    "speed": 1.0,
}
"""The same for every line, whatever the account's own are: so lines of all videos sound alike, and a
phrase that was spoken for one fits into another."""


class ElevenLabsVoice:
    """Speaks by ``text_to_speech.convert_with_timestamps``, whose times tell whether the sound is whole."""

    provider: ClassVar[str] = "elevenlabs"
    languages: ClassVar[frozenset[str]] = LANGUAGES
    pace: ClassVar[Pace] = PACE

    def __init__(self, choice: Choice, account: Account) -> None:
        self.name = choice.voice
        self.version = f"{choice.model} seed {_SEED} {choice.base_url}".strip()
        self._model = choice.model
        self._door = account.door(self.provider)
        self.width = self._door.width
        self._id = choice.voice if _ID.fullmatch(choice.voice) else ""
        self._asking = threading.Lock()

    @classmethod
    def opened(cls, choice: Choice, account: Account) -> Self:
        """The voice that was chosen."""
        return cls(choice, account)

    def say(self, line: str) -> Speech:
        """Speak one line; see `cutdown.voice.Voice.say`.

        Raises:
            UsageError: the account has no voice of that name.
        """
        require_words(line, _TITLE)
        voice_id = self._voice_id()

        async def send(client: Any) -> Any:
            from elevenlabs import VoiceSettings

            return await client.text_to_speech.with_raw_response.convert_with_timestamps(
                voice_id,
                text=line,
                model_id=self._model,
                output_format=_FORMAT,
                seed=_SEED,
                voice_settings=VoiceSettings(**_SETTINGS),
                request_options={"max_retries": 0},
            )

        return self._door.ask(
            Request(
                model=self._model,
                most=Used(characters=len(line)),
                send=send,
                used=lambda answer: _used(answer, line),
                read=_read,
                deadline=DEADLINE,
            )
        )

    def _voice_id(self) -> str:
        """The voice's id; a name is looked up in the account, once."""
        with self._asking:
            if not self._id:
                self._id = self._look_up()
            return self._id

    def _look_up(self) -> str:
        async def send(client: Any) -> dict[str, str]:
            listed = await client.voices.get_all(request_options={"max_retries": 0})
            return {
                voice.name: voice.voice_id for voice in listed.voices if voice.name
            }  # not every voice has one

        listed: dict[str, str] = self._door.ask(
            Request(
                model="voices",
                most=Used(),
                send=send,
                used=lambda _: Used(),
                read=lambda names: names,
                deadline=DEADLINE,
                free=True,
            )
        )
        wanted = self.name.casefold()
        for name, voice_id in sorted(listed.items()):
            if name.casefold() == wanted or name.casefold().split(" - ")[0] == wanted:
                return voice_id
        raise UsageError(
            f"ElevenLabs has no voice named '{self.name}' in this account; choose from {', '.join(sorted(listed))}, or give an id"
        )


def _used(answer: Any, line: str) -> Used:
    """What the answer's own header says it took, in credits; the line's characters where it says nothing."""
    told = answer.headers.get("character-cost")
    try:
        return Used(characters=len(line), credits=float(told) if told else None)
    except ValueError:
        return Used(characters=len(line))


def _read(answer: Any) -> Speech:
    body = answer.data
    text = getattr(body, "audio_base_64", None)
    if not isinstance(text, str):
        raise ProviderError(
            f"{_TITLE} gave an answer that cannot be read",
            retryable=True,
            fault="broken answer",
            charged=True,
        )
    ends = getattr(getattr(body, "alignment", None), "character_end_times_seconds", None) or [None]
    return decoded(base64.b64decode(text), _TITLE, seconds=ends[-1])
