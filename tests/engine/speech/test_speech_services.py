"""Transcription by API: split where somebody pauses, joined without a lost or doubled word, timed against the recording."""

from __future__ import annotations

import io
import wave
from collections.abc import Mapping
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
import soxr
from fake_services.server import FakeServices
from fake_services.sound import spoken
from fault_matrix import CountingClock, surround
from rapidfuzz.distance import Levenshtein
from service_kit import an_account, chosen

from cutdown.errors import ProviderError, UsageError
from cutdown.progress import unheard
from cutdown.services.clock import timed_by
from cutdown.settings import SpeechOptions
from cutdown.speech import FirstTranscriber, languages, openai_speech
from cutdown.speech.passages import WHISPER_RATE
from cutdown.speech.uploads import to_flac, uploads
from cutdown.transcript import Transcript

LINES = (
    "First we open the settings of the editor.",
    "Then we choose a colour for every window.",
    "The search button finds a file in the folder.",
    "At last we close the page and save our work.",
)
GAP = 3  # seconds between two lines


@pytest.fixture(autouse=True)
def found(fake: FakeServices, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    surround(monkeypatch, fake, tmp_path)


def record(path: Path) -> tuple[Fraction, list[float]]:
    """The lines with silence between them: the recording's length, and where each line begins."""
    parts, starts, at = [], [], 0
    for line in LINES:
        sound = soxr.resample(spoken(line), 24_000, WHISPER_RATE).astype(np.int16)
        parts += [np.zeros(GAP * WHISPER_RATE, np.int16), sound]
        at += GAP * WHISPER_RATE
        loud = int(np.flatnonzero(np.abs(sound) > 500)[0])
        starts.append((at + loud) / WHISPER_RATE)
        at += len(sound)
    samples = np.concatenate([*parts, np.zeros(GAP * WHISPER_RATE, np.int16)])
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(WHISPER_RATE)
        file.writeframes(samples.tobytes())
    return Fraction(len(samples), WHISPER_RATE), starts


def transcribe(folder: Path, model: str, **options: Any) -> tuple[Transcript, list[float], float]:
    duration, starts = record(folder / "speech.wav")
    with timed_by(CountingClock()), an_account(folder) as account:
        transcript = FirstTranscriber((chosen("openai", "transcriber", model=model),), account).transcribe(
            folder / "speech.wav", SpeechOptions(**options), duration=duration, progress=unheard
        )
        return transcript, starts, account.spending.usd or 0.0


def words_of(text: str) -> list[str]:
    return ["".join(sign for sign in word.lower() if sign.isalpha()) for word in text.split()]


@pytest.mark.parametrize(("model", "near"), [("whisper-1", 0.45), ("gpt-4o-mini-transcribe", 0.45)])
def test_no_word_is_lost_or_doubled_at_the_seams(
    fake: FakeServices, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, model: str, near: float
) -> None:
    monkeypatch.setattr(openai_speech, "LONGEST", 8)  # so that there are seams in a short recording
    monkeypatch.setattr(openai_speech, "LONGEST_WITHOUT_TIMES", 8)
    transcript, starts, usd = transcribe(tmp_path, model, glossary="kubectl")
    assert len(fake.asked("openai.transcription")) >= 2
    said = words_of(" ".join(LINES))
    assert Levenshtein.distance(words_of(transcript.text()), said) <= 2
    assert transcript.method == "api"
    assert transcript.model == model
    assert transcript.language == "en"
    assert transcript.text().count(".") >= 3  # the running text's punctuation came along
    for start, line in zip(starts, LINES, strict=True):
        first = words_of(line)[0]
        nearest = min(
            abs(float(word.start) - start) for word in transcript.words if words_of(word.text) == [first]
        )
        assert nearest < near, line
    times = [moment for word in transcript.words for moment in (word.start, word.end)]
    assert times == sorted(times)
    assert times[-1] <= transcript.duration
    sent = fake.asked("openai.transcription")[0].body
    assert sent["prompt"] == "kubectl"
    if model == "whisper-1":
        assert usd == pytest.approx(sum(bill.audio_seconds for bill in fake.billed) / 60 * 0.006)
        assert (
            sum(bill.audio_seconds for bill in fake.billed) < transcript.duration * 0.8
        )  # silence is not paid for


@pytest.mark.parametrize(
    ("model", "told", "language"),
    [
        ("whisper-1", "czech", "cs"),
        ("whisper-1", "klingon", "xx"),
        ("gpt-4o-mini-transcribe", "", "xx"),
    ],
)
def test_a_language_that_is_not_told_is_found_by_listening_and_never_guessed(
    fake: FakeServices, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, model: str, told: str, language: str
) -> None:
    hear = fake.ears
    monkeypatch.setattr(fake, "ears", lambda upload: {**hear(upload), "language": told})
    monkeypatch.setattr(openai_speech, "find_language", lambda passages: "xx" if passages else "")
    transcript, _, _ = transcribe(tmp_path, model)
    assert transcript.language == language
    said, _, _ = transcribe(tmp_path, model, language="de")
    assert said.language == "de"


def test_a_language_that_there_is_none_of_is_told_before_anything_is_sent(
    fake: FakeServices, tmp_path: Path
) -> None:
    with pytest.raises(UsageError, match="no language 'german' in Whisper"):
        transcribe(tmp_path, "whisper-1", language="german")
    assert fake.journal == []


def test_every_language_of_whisper_is_known_by_its_name() -> None:
    from faster_whisper.tokenizer import _LANGUAGE_CODES

    assert sorted(languages._CODES.values()) == sorted(_LANGUAGE_CODES)
    assert languages.code_of("Haitian Creole") == "ht"


def test_text_without_spaces_is_parted_so_that_it_can_be_cut(
    fake: FakeServices, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hear = fake.ears
    text = "「请打开设置页面，然后用 VS Code 保存。」"
    monkeypatch.setattr(fake, "ears", lambda upload: {**hear(upload), "text": text})
    transcript, _, _ = transcribe(tmp_path, "gpt-4o-mini-transcribe", language="zh")
    texts = [word.text for word in transcript.words]
    assert texts[:8] == ["「请", "打", "开", "设", "置", "页", "面，", "然"]
    assert {"VS", "Code", "存。」"} <= set(texts)
    assert max(word.end - word.start for word in transcript.words) < 3
    assert openai_speech._parted("เปิดหน้า settings ค่ะ")[0] == "เ"
    assert openai_speech._parted("Öffne die Seite, bitte.") == ["Öffne", "die", "Seite,", "bitte."]


def test_what_was_heard_once_is_not_paid_for_again(fake: FakeServices, tmp_path: Path) -> None:
    first, _, usd = transcribe(tmp_path, "whisper-1")
    again, _, nothing = transcribe(tmp_path, "whisper-1")
    assert again == first
    assert usd > 0
    assert nothing == 0
    assert len(fake.asked("openai.transcription")) == 1


def test_uploads_stay_under_the_limit_and_hold_every_sample_of_speech(tmp_path: Path) -> None:
    dice = np.random.default_rng(0)
    loudest = dice.integers(-20000, 20000, 600 * WHISPER_RATE).astype(np.int16)  # what packs worst
    from cutdown.speech.passages import Passage, Stretch

    whole = Passage(loudest, (Stretch(0, len(loudest)),))
    content = to_flac(whole)
    assert len(content) < 25 * 1024 * 1024
    with av.open(io.BytesIO(content)) as file:
        decoded = np.concatenate([frame.to_ndarray().reshape(-1) for frame in file.decode(audio=0)])
    assert np.array_equal(decoded, loudest)


def test_silence_between_is_shortened_and_times_find_back(tmp_path: Path) -> None:
    record(tmp_path / "speech.wav")
    from cutdown.media.sound import open_wav

    samples = open_wav(tmp_path / "speech.wav")[:, 0]
    (passage,) = uploads(samples, longest=600)
    assert len(passage.wave) < len(samples) * 0.8
    stretch = passage.stretches[1]
    offset = len(passage.stretches[0]) / WHISPER_RATE
    start, _ = passage.place(offset + 0.5, offset + 0.7)
    assert start == Fraction(stretch.start, WHISPER_RATE) + Fraction(1, 2)


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        (
            lambda heard: {**heard, "words": [{"word": "late", "start": 900.0, "end": 901.0}]},
            "impossible times",
        ),
        (lambda heard: {**heard, "words": heard["words"][::3]}, "too few of the words"),
        (
            lambda heard: {**heard, "words": [{"word": "so", "start": 0.1, "end": 0.2}], "text": "so"},
            "before the end",
        ),
    ],
)
def test_what_cannot_be_is_not_believed(
    fake: FakeServices, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, spoil: Any, told: str
) -> None:
    hear = fake.ears

    def spoilt(upload: bytes) -> Mapping[str, Any]:
        heard: Mapping[str, Any] = spoil(hear(upload))
        return heard

    monkeypatch.setattr(fake, "ears", spoilt)
    monkeypatch.setattr(openai_speech, "_LOST_TAIL", 5.0)
    with pytest.raises(ProviderError, match=told):
        transcribe(tmp_path, "whisper-1")


@pytest.mark.parametrize("model", ["whisper-1", "gpt-4o-mini-transcribe"])
def test_sound_in_which_a_service_hears_no_word_is_no_fault(
    fake: FakeServices, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, model: str
) -> None:
    hear = fake.ears
    monkeypatch.setattr(
        fake, "ears", lambda upload: {**hear(upload), "text": "", "words": [], "segments": []}
    )
    transcript, _, _ = transcribe(tmp_path, model)
    assert transcript.words == ()
    assert transcript.language == "und"
