"""OpenAI's voices."""

from __future__ import annotations

import base64
import json
from typing import Any, ClassVar, Final, Self

from cutdown.services.account import Account
from cutdown.services.choices import Choice
from cutdown.services.door import Request
from cutdown.services.used import Used
from cutdown.voice import Pace, Speech
from cutdown.voice.decode import decoded
from cutdown.voice.forecast import spoken_seconds
from cutdown.voice.service import DEADLINE, LANGUAGES, PACE, require_words

_BY_CHARACTERS: Final = frozenset({"tts-1", "tts-1-hd"})  # the others charge for tokens, and tell how many
_TOKENS_A_SECOND: Final = 40  # of sound written, at the most; twice what is usual
_TITLE: Final = "OpenAI"


class OpenAIVoice:
    """Speaks by ``audio.speech``, as WAV: what is lost on the way can be seen in it."""

    provider: ClassVar[str] = "openai"
    languages: ClassVar[frozenset[str]] = LANGUAGES
    pace: ClassVar[Pace] = PACE

    def __init__(self, choice: Choice, account: Account) -> None:
        self.name = choice.voice
        self.version = f"{choice.model} {choice.base_url}".strip()
        self._model = choice.model
        self._door = account.door(self.provider)
        self.width = self._door.width

    @classmethod
    def opened(cls, choice: Choice, account: Account) -> Self:
        """The voice that was chosen."""
        return cls(choice, account)

    def say(self, line: str) -> Speech:
        """Speak one line; see `cutdown.voice.Voice.say`."""
        require_words(line, _TITLE)
        counted = self._model not in _BY_CHARACTERS
        most = Used(characters=len(line))
        if counted:
            written = round(spoken_seconds(line, self.pace) * 2 * _TOKENS_A_SECOND)
            most = Used(prompt_tokens=len(line), completion_tokens=written)
        asked: dict[str, Any] = {
            "model": self._model,
            "voice": self.name,
            "input": line,
            "response_format": "wav",
            **({"stream_format": "sse"} if counted else {}),
        }

        async def send(client: Any) -> bytes:
            answer = await client.audio.speech.create(**asked)
            content: bytes = answer.content
            return content

        return self._door.ask(
            Request(
                model=self._model,
                most=most,
                send=send,
                used=_counted if counted else lambda _: Used(characters=len(line)),
                read=lambda content: decoded(_joined(content) if counted else content, _TITLE),
                deadline=DEADLINE,
            )
        )


def _events(content: bytes) -> list[dict[str, Any]]:
    """Server-sent events: each a line ``data: JSON``; OpenAI ends some streams with ``data: [DONE]``."""
    told = [line.removeprefix("data:") for line in content.decode().splitlines() if line.startswith("data:")]
    return [json.loads(event) for event in told if event.strip() != "[DONE]"]


def _counted(content: bytes) -> Used:
    usage = next(event["usage"] for event in _events(content) if event["type"] == "speech.audio.done")
    return Used(prompt_tokens=usage["input_tokens"], completion_tokens=usage["output_tokens"])


def _joined(content: bytes) -> bytes:
    return b"".join(
        base64.b64decode(event["audio"])
        for event in _events(content)
        if event["type"] == "speech.audio.delta"
    )
