"""Whisper on this machine, by faster-whisper: int8 on the CPU, a time for every word.

The same sound gives the same words: there is no random sampling anywhere. Where the model
loses itself in a loop, the passage is decoded again in halves, and at last with repetition made
costly.
"""

from __future__ import annotations

import functools
import os
import threading
from collections.abc import Sequence
from fractions import Fraction
from itertools import chain, count
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal, Self

from cutdown.errors import MediaError, UsageError
from cutdown.heap import give_back, keep_few_arenas
from cutdown.media.sound import MonoSound, read_wav_header
from cutdown.progress import Progress, unheard
from cutdown.services.account import Account
from cutdown.services.choices import Choice
from cutdown.services.loop import side_by_side
from cutdown.settings import SpeechOptions
from cutdown.speech.passages import WHISPER_RATE, Passage, find_speech, pack
from cutdown.speech.weights import BUNDLED, fetch, unpacked
from cutdown.speech.words import HeardSegment, HeardWord, to_transcript_words
from cutdown.transcript import Transcript

if TYPE_CHECKING:
    from faster_whisper import WhisperModel
    from faster_whisper.transcribe import Segment

Care = Literal["careful", "quick"]

_BEAMS: Final[dict[Care, int]] = {"careful": 5, "quick": 1}
_LOOPING: Final = 2.4  # OpenAI's limit for gzip's ratio: beyond it the text repeats itself
_LOST: Final = -1.0  # OpenAI's limit for the mean log probability of a token
_REPETITION_PENALTY: Final = 1.2  # on tokens said before, when a passage is decoded again
# After a passage's last word its padding is left, and what that word's end errs by. faster-whisper would listen to it
# once more, and Whisper would fill it with words nobody said. More than this is left where Whisper stopped early.
_REST_SECONDS: Final = 2.0
_SURE: Final = 0.7  # probability of a language at which no further passage is listened to
_LANGUAGE_PASSAGES: Final = 4
_LANGUAGE_MODEL: Final = "base"
_MOST_LISTENERS: Final = 4  # each works in 130 MB with ``base``, in 500 MB with large-v3


class Whisper:
    """Transcribes with a model on this machine.

    Args:
        care: ``careful`` searches with five beams; ``quick`` with one, which is enough to check
            what an output says.
        alone: no other thread listens beside it, so that a single passage may have all cores.
    """

    def __init__(self, care: Care = "careful", *, alone: bool = True) -> None:
        self._beams = _BEAMS[care]
        self._alone = alone

    @classmethod
    def opened(cls, choice: Choice, account: Account) -> Self:
        """The careful one; it costs nothing."""
        del choice, account
        return cls()

    def transcribe(
        self, sound: Path, options: SpeechOptions, *, duration: Fraction, progress: Progress = unheard
    ) -> Transcript:
        """Write down one sound track; see `cutdown.speech.Transcriber`."""
        check_language(options)
        header = read_wav_header(sound)
        if (header.sample_rate, header.channels) != (WHISPER_RATE, 1):
            raise MediaError(
                f"'{sound.name}' has {header.channels} channels at {header.sample_rate} Hz; "
                f"Whisper takes mono at {WHISPER_RATE} Hz"
            )
        samples = MonoSound(sound)
        passages = pack(samples, find_speech(samples))
        progress(0.0)  # whoever does not wait any more can say so here, and again after the model
        language = "und"
        heard: list[HeardSegment] = []
        if passages:
            at_once = listeners(len(passages)) if self._alone else listeners()
            model = load_model(options.whisper_model, at_once)
            progress(0.0)
            language = options.language or _find_language(model, passages)
            heard = self._listen_to_all(model, passages, language, options.glossary, progress)
        words, segments = to_transcript_words(heard, duration)
        return Transcript(
            language=language if words else "und",
            model=options.whisper_model,
            duration=duration,
            words=words,
            segments=segments,
        )

    def _listen_to_all(
        self,
        model: WhisperModel,
        passages: Sequence[Passage],
        language: str,
        glossary: str,
        progress: Progress,
    ) -> list[HeardSegment]:
        """Every passage by itself, several at a time; in which order they are done changes no word."""
        done = count(1)

        def listen(passage: Passage) -> list[HeardSegment]:
            heard = self._listen(model, passage, language, glossary)
            progress(next(done) / len(passages))
            return heard

        return list(chain.from_iterable(side_by_side(listen, passages, width=listeners())))

    def _listen(
        self, model: WhisperModel, passage: Passage, language: str, glossary: str
    ) -> list[HeardSegment]:
        """Decode a passage; where the model loses itself, its halves, and at last with repetition made costly."""
        segments = self._decode(model, passage, language, glossary)
        if not any(map(_went_wrong, segments)):
            return segments
        if halves := passage.halves():
            return [heard for half in halves for heard in self._listen(model, half, language, glossary)]
        again = self._decode(model, passage, language, "", repetition_penalty=_REPETITION_PENALTY)
        if sum(map(_went_wrong, again)) < sum(map(_went_wrong, segments)):
            return again
        return [segment for segment in segments if segment.compression <= _LOOPING]

    def _decode(
        self,
        model: WhisperModel,
        passage: Passage,
        language: str,
        glossary: str,
        repetition_penalty: float = 1.0,
    ) -> list[HeardSegment]:
        segments, _ = model.transcribe(
            passage.wave,
            language=language,
            beam_size=self._beams,
            temperature=0.0,  # sampling would give other words in every process
            repetition_penalty=repetition_penalty,
            condition_on_previous_text=False,  # a mistake in one passage would spread to the next
            hotwords=glossary.strip() or None,  # unlike an initial prompt, it is given to every window
            word_timestamps=True,
            # With timestamps in its text Whisper leaves the end of every other passage to a next window, and each
            # window costs the same. A passage ends in a pause, so its end need not be heard again.
            without_timestamps=True,
            vad_filter=False,  # the passage holds speech alone
        )
        length = len(passage) / WHISPER_RATE
        heard: list[HeardSegment] = []
        for segment in segments:  # the next window is decoded when the next segment is asked for
            heard.append(_heard(segment, passage))
            if segment.words and length - segment.words[-1].end < _REST_SECONDS:
                break
        return heard


def _heard(segment: Segment, passage: Passage) -> HeardSegment:
    return HeardSegment(
        words=tuple(
            HeardWord(*passage.place(word.start, word.end), word.word.strip(), float(word.probability))
            for word in segment.words or ()
            if word.word.strip()
        ),
        no_speech=segment.no_speech_prob,
        average_log_probability=segment.avg_logprob,
        compression=segment.compression_ratio,
    )


def _went_wrong(segment: HeardSegment) -> bool:
    return segment.compression > _LOOPING or segment.average_log_probability < _LOST


def check_language(options: SpeechOptions) -> None:
    """Refuse a language that no Whisper model, or not this one, knows.

    Raises:
        UsageError: names what is allowed.
    """
    require_language(options.language)
    if options.whisper_model.endswith(".en") and options.language not in (None, "en"):
        raise UsageError(
            f"the model '{options.whisper_model}' knows English alone, not '{options.language}'; choose base or larger"
        )


def require_language(code: str | None) -> None:
    """Refuse a language that no Whisper model knows.

    Raises:
        UsageError: names what is allowed.
    """
    from faster_whisper.tokenizer import _LANGUAGE_CODES

    if code is not None and code not in _LANGUAGE_CODES:
        raise UsageError(
            f"no language '{code}' in Whisper; give an ISO 639-1 code such as en, de, ja, or none to have it found"
        )


_loading = threading.Lock()


def load_model(name: str, at_once: int) -> WhisperModel:
    """A model, loaded once per process until `let_models_go`.

    Args:
        name: of the model.
        at_once: passages that it listens to at the same time; they share the cores.

    Raises:
        UsageError: no such model.
        ModelError: its files are missing or are not the ones expected.
    """
    with _loading:
        return _load(name, at_once)


@functools.lru_cache(maxsize=2)
def _load(name: str, at_once: int) -> WhisperModel:
    from faster_whisper import WhisperModel

    keep_few_arenas()
    # A core to itself does a passage for less than two cores that wait for each other at every layer. The
    # number of threads changes no bit of the answer.
    load = functools.partial(
        WhisperModel,
        device="cpu",
        compute_type="int8",
        cpu_threads=max(1, _cores() // at_once),
        num_workers=at_once,
    )
    if name in BUNDLED:
        with unpacked(name) as folder:
            return load(str(folder))
    return load(str(fetch(name)))


def let_models_go() -> None:
    """Give the memory of loaded models back, and of what they worked in: some 400 MB for ``base``.

    What comes after listening needs memory too; to load a model again takes half a second.
    """
    with _loading:
        _load.cache_clear()
    give_back()


def listeners(passages: int = _MOST_LISTENERS) -> int:
    """Passages that are listened to at the same time, of as many as there are."""
    return min(_cores(), _MOST_LISTENERS, passages)


def _cores() -> int:
    """Cores that this process may use; Linux tells, elsewhere all count."""
    affinity = getattr(os, "sched_getaffinity", None)
    return len(affinity(0)) if affinity else os.cpu_count() or 1


def find_language(passages: Sequence[Passage]) -> str:
    """The language spoken, by the model that comes with the installation: for those who only get text from elsewhere.

    Args:
        passages: at least one; of a long one its first 30 s count.
    """
    return _find_language(load_model(_LANGUAGE_MODEL, 1), passages)


def _find_language(model: WhisperModel, passages: Sequence[Passage]) -> str:
    """The language most likely over the first passages; the first alone where it leaves no doubt."""
    if not model.model.is_multilingual:
        return "en"
    votes: dict[str, float] = {}
    for passage in passages[:_LANGUAGE_PASSAGES]:
        _, _, probabilities = model.detect_language(passage.wave)
        for language, probability in probabilities:
            votes[language] = votes.get(language, 0.0) + probability
        if max(votes.values()) >= _SURE:
            break
    return max(votes, key=lambda language: votes[language])
