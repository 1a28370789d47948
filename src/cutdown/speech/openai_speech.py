"""OpenAI's transcription: word times where the model gives them, else laid over the speech that was measured."""

from __future__ import annotations

import hashlib
import re
from fractions import Fraction
from itertools import accumulate, pairwise
from pathlib import Path
from typing import Any, ClassVar, Final, Self

from rapidfuzz.distance import Opcodes
from rapidfuzz.distance.Indel import opcodes

from cutdown.errors import ProviderError
from cutdown.media.sound import MonoSound
from cutdown.progress import Progress, unheard
from cutdown.services.account import Account
from cutdown.services.choices import Choice
from cutdown.services.door import Request
from cutdown.services.loop import side_by_side
from cutdown.services.used import Used
from cutdown.settings import SpeechOptions
from cutdown.speech.languages import code_of
from cutdown.speech.passages import WHISPER_RATE, Passage
from cutdown.speech.uploads import LONGEST, LONGEST_WITHOUT_TIMES, to_flac, uploads
from cutdown.speech.whisper import find_language, require_language
from cutdown.speech.words import HeardSegment, HeardWord, to_transcript_words
from cutdown.timebase import Frozen
from cutdown.transcript import Transcript

_WITH_TIMES: Final = frozenset({"whisper-1"})  # the newer models give text alone
_DEADLINE: Final = 300.0  # seconds for ten minutes of sound, its upload included
_TOKENS_A_SECOND: Final = 12  # of sound read, at the most, by models that charge for tokens
_WRITTEN_A_SECOND: Final = 8  # of text written, at the most
_LOST_TAIL: Final = 10.0  # seconds of an upload, which is all speech, without a word at its end
_SILENT_EDGE: Final = 0.55  # seconds of silence at both ends of a stretch: the detector's and ours
_UNSPACED: Final = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff"  # Thai to Chinese
)
_SIGN: Final = re.compile(rf"\W*[{_UNSPACED}]\W*|[^{_UNSPACED}]+")
_UNTOLD: Final = 0.9  # probability of a word where the service tells none


class _Said(Frozen):
    """One word at seconds of the upload."""

    text: str
    start: float
    end: float


class _Heard(Frozen):
    """What a service heard in one upload."""

    language: str
    groups: tuple[tuple[_Said, ...], ...]
    """Words as they came together."""
    doubts: tuple[tuple[float, float, float], ...]
    """For each group: no-speech probability, mean log probability, compression ratio."""


class OpenAISpeech:
    """Transcribes by ``audio.transcriptions``."""

    provider: ClassVar[str] = "openai"

    def __init__(self, choice: Choice, account: Account) -> None:
        self._model = choice.model
        self._base_url = choice.base_url
        self._door = account.door(self.provider)

    @classmethod
    def opened(cls, choice: Choice, account: Account) -> Self:
        """The transcriber that was chosen."""
        return cls(choice, account)

    def transcribe(
        self, sound: Path, options: SpeechOptions, *, duration: Fraction, progress: Progress = unheard
    ) -> Transcript:
        """Write down one sound track; see `cutdown.speech.Transcriber`."""
        require_language(options.language)
        longest = LONGEST if self._model in _WITH_TIMES else LONGEST_WITHOUT_TIMES
        passages = uploads(MonoSound(sound), longest=longest)
        done: list[int] = []

        def hear(passage: Passage) -> _Heard:
            heard = self._hear(passage, options)
            done.append(1)
            progress(len(done) / len(passages))
            return heard

        answers = side_by_side(hear, passages, width=self._door.width)
        segments = [
            segment
            for passage, heard in zip(passages, answers, strict=True)
            for segment in _placed(heard, passage)
        ]
        words, bounds = to_transcript_words(segments, duration)
        told = [heard.language for heard in answers if heard.language]
        most_told = max(told, key=told.count) if told else ""  # the newer models tell none
        return Transcript(
            language=(options.language or most_told or find_language(passages)) if words else "und",
            model=self._model,
            method="api",
            duration=duration,
            words=words,
            segments=bounds,
        )

    def _hear(self, passage: Passage, options: SpeechOptions) -> _Heard:
        seconds = len(passage) / WHISPER_RATE
        timed = self._model in _WITH_TIMES
        content = to_flac(passage)
        asked: dict[str, Any] = {"model": self._model, "response_format": "verbose_json" if timed else "json"}
        if timed:
            asked["timestamp_granularities"] = ["word", "segment"]
        if options.language:
            asked["language"] = options.language
        if options.glossary.strip():
            asked["prompt"] = options.glossary.strip()

        async def send(client: Any) -> Any:
            return await client.audio.transcriptions.create(
                file=("speech.flac", content, "audio/flac"), **asked
            )

        said = hashlib.sha256(repr((self._base_url, sorted(asked.items()))).encode() + passage.wave.tobytes())
        most = Used(seconds=seconds)
        if not timed:
            read, written = round(seconds * _TOKENS_A_SECOND) + 50, round(seconds * _WRITTEN_A_SECOND) + 50
            most = Used(prompt_tokens=read, audio_tokens=read, completion_tokens=written, seconds=seconds)
        return self._door.ask(
            Request(
                model=self._model,
                most=most,
                send=send,
                used=lambda answer: _used(answer, seconds),
                read=lambda answer: _heard(answer, passage, timed=timed),
                deadline=_DEADLINE,
                form=_Heard,
                known_by=said.hexdigest(),
            )
        )


def _used(answer: Any, seconds: float) -> Used:
    """Seconds or tokens, as the service counted them; the sound's own length where it does not tell."""
    if not isinstance(answer.text, str):
        raise TypeError("no text")
    usage = getattr(answer, "usage", None)
    if usage is None:
        return Used(seconds=seconds)
    if usage.type == "duration":
        return Used(seconds=usage.seconds)
    details = getattr(usage, "input_token_details", None)
    return Used(
        prompt_tokens=usage.input_tokens,
        audio_tokens=(details.audio_tokens or 0) if details else 0,
        completion_tokens=usage.output_tokens,
    )


def _heard(answer: Any, passage: Passage, *, timed: bool) -> _Heard:
    """The answer in order, checked: times that run forward within the upload, text that is whole."""
    seconds = len(passage) / WHISPER_RATE
    if not timed:
        words = tuple(_spread(_parted(answer.text), passage))
        return _Heard(
            language="", groups=(words,) if words else (), doubts=((0.0, 0.0, 1.0),) if words else ()
        )
    words = tuple(
        _Said(text=word.word.strip(), start=float(word.start), end=max(float(word.start), float(word.end)))
        for word in answer.words or ()
    )
    starts = [word.start for word in words]
    if starts != sorted(starts) or not all(-1 < word.start <= word.end < seconds + 1 for word in words):
        raise ProviderError(
            "OpenAI gave words at impossible times", retryable=True, fault="broken answer", charged=True
        )
    if words and seconds - words[-1].end > _LOST_TAIL:
        raise ProviderError(
            "OpenAI left off before the end", retryable=True, fault="broken answer", charged=True
        )
    texts = answer.text.split()
    if len(words) < len(texts) / 2:
        raise ProviderError(
            "OpenAI gave times for too few of the words", retryable=True, fault="broken answer", charged=True
        )
    words = _punctuated(words, texts)
    groups, doubts = [], []
    for segment in answer.segments or ():
        group = tuple(word for word in words if segment.start <= (word.start + word.end) / 2 < segment.end)
        if group:
            groups.append(group)
            doubts.append((segment.no_speech_prob, segment.avg_logprob, segment.compression_ratio))
    if sum(map(len, groups)) != len(words):  # segments that leave words out cannot be trusted to part them
        groups, doubts = ([words], [(0.0, 0.0, 1.0)]) if words else ([], [])
    language = code_of(str(answer.language))
    return _Heard(language=language, groups=tuple(groups), doubts=tuple(doubts))


def _punctuated(words: tuple[_Said, ...], texts: list[str]) -> tuple[_Said, ...]:
    """The words with the punctuation and capitals of the running text; times come with bare words."""
    bare = [_bare(word.text) for word in words]
    found: Opcodes = opcodes(bare, [_bare(text) for text in texts])
    result = list(words)
    for step in found:
        if step.tag == "equal":
            for word, text in zip(
                range(step.src_start, step.src_end), range(step.dest_start, step.dest_end), strict=True
            ):
                result[word] = words[word].model_copy(update={"text": texts[text]})
    return tuple(result)


def _bare(text: str) -> str:
    return "".join(sign for sign in text.casefold() if sign.isalnum())


def _parted(text: str) -> list[str]:
    """Words; where a script has no spaces between them its signs, as Whisper parts them, each with its punctuation."""
    return [part for word in text.split() for part in _SIGN.findall(word)]


def _spread(texts: list[str], passage: Passage) -> list[_Said]:
    """Words over the speech of an upload, each with its share of the letters.

    An upload is speech without its long silences, so what is left runs at a steady pace; the silence
    that every stretch keeps at its ends is left out of the count.
    """
    if not texts:
        return []
    weights = [len(_bare(text)) + 1.5 for text in texts]  # a short word takes longer than its letters
    edges = [0.0, *accumulate(weights)]
    voiced = _voiced(passage)
    lengths = [0.0, *accumulate(end - start for start, end in voiced)]

    def said(text: str, start: float, end: float) -> _Said:
        first, last = start * lengths[-1], end * lengths[-1]
        home = min(sum(length <= (first + last) / 2 for length in lengths[1:]), len(voiced) - 1)
        low, high = voiced[home]
        shift = low - lengths[home]
        return _Said(text=text, start=max(low, first + shift), end=min(high, last + shift))

    shares = pairwise(edge / edges[-1] for edge in edges)
    return [said(text, start, end) for text, (start, end) in zip(texts, shares, strict=True)]


def _voiced(passage: Passage) -> list[tuple[float, float]]:
    """Where in the upload somebody speaks, in seconds, without the silence around."""
    offsets = [0, *accumulate(len(stretch) for stretch in passage.stretches)]
    return [
        (start / WHISPER_RATE + edge, end / WHISPER_RATE - edge)
        for start, end in pairwise(offsets)
        for edge in (min(_SILENT_EDGE, (end - start) / WHISPER_RATE / 3),)
    ]


def _placed(heard: _Heard, passage: Passage) -> list[HeardSegment]:
    """The upload's words at times of the recording."""
    return [
        HeardSegment(
            words=tuple(
                HeardWord(*passage.place(word.start, word.end), word.text, _UNTOLD) for word in group
            ),
            no_speech=doubt[0],
            average_log_probability=doubt[1],
            compression=doubt[2],
        )
        for group, doubt in zip(heard.groups, heard.doubts, strict=True)
    ]
