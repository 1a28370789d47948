"""Real speech through real weights."""

import re
import threading
from collections.abc import Callable
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any

import faster_whisper
import numpy as np
import pytest
from service_kit import an_account

from cutdown.errors import MediaError, UsageError
from cutdown.media.probe import probe
from cutdown.media.sound import extract_sound, open_wav, write_wav
from cutdown.services.choices import Choice
from cutdown.settings import SpeechOptions
from cutdown.speech import open_transcriber, transcriber_names, whisper
from cutdown.speech.passages import WHISPER_RATE, find_speech, pack
from cutdown.speech.whisper import Whisper, check_language
from cutdown.transcript import Transcript

TINY = SpeechOptions(whisper_model="tiny.en")


def sound_of(path: Path, folder: Path) -> tuple[Path, Fraction]:
    recording = probe(path)
    target = folder / f"{path.stem}.wav"
    extract_sound(path, recording, target, track=None, sample_rate=WHISPER_RATE, channels=1)
    return target, recording.duration


def plain(text: str) -> list[str]:
    return re.findall(r"[a-z0-9']+", text.lower())


def check(transcript: Transcript) -> None:
    assert all(0 <= word.start < word.end <= transcript.duration for word in transcript.words)
    assert all(before.end <= after.start for before, after in pairwise(transcript.words))
    covered = [index for s in transcript.segments for index in range(s.first, s.end)]
    assert covered == list(range(len(transcript.words)))


def no_speech(kind: str) -> np.ndarray:
    chance = np.random.default_rng(0)
    count = 12 * WHISPER_RATE
    time = np.arange(count) / WHISPER_RATE
    sounds = {
        "silence": np.zeros(count),
        "hiss": chance.normal(size=count) * 300,
        "loud noise": chance.normal(size=count) * 5000,
        "tone": 6000 * np.sin(2 * np.pi * 440 * time),
        "hum": 2000 * np.sin(2 * np.pi * 50 * time) + 900 * np.sin(2 * np.pi * 150 * time),
        "music": sum(2500 * np.sin(2 * np.pi * f * time) * (np.sin(2 * np.pi * b * time) > 0) for f, b in ((262, 0.5), (330, 0.7), (392, 1.1))),
    }  # fmt: skip
    if kind == "keys":
        keys = np.zeros(count)
        for at in chance.integers(0, count - 400, 60):
            keys[at : at + 400] += (
                chance.normal(size=400) * np.exp(-np.arange(400) / 60) * chance.uniform(2000, 9000)
            )
        return keys.clip(-32768, 32767).astype(np.int16)
    return sounds[kind].astype(np.int16)


@pytest.mark.parametrize("kind", ["silence", "hiss", "loud noise", "tone", "hum", "music", "keys"])
def test_where_nobody_speaks_there_are_no_words(tmp_path: Path, kind: str):
    path = tmp_path / "x.wav"
    write_wav(path, no_speech(kind), WHISPER_RATE)
    transcript = Whisper().transcribe(path, SpeechOptions(), duration=Fraction(12))
    assert (transcript.language, transcript.words, transcript.segments) == ("und", (), ())


def test_no_sound_at_all(tmp_path: Path):
    write_wav(tmp_path / "x.wav", np.zeros(0, np.int16), WHISPER_RATE)
    assert Whisper().transcribe(tmp_path / "x.wav", TINY, duration=Fraction(1)).words == ()


@pytest.mark.parametrize("care", ["careful", "quick"])
def test_every_word_of_a_clear_voice(shared_data: Path, tmp_path: Path, care: str):
    sound, duration = sound_of(shared_data / "speech" / "jfk.flac", tmp_path)
    heard: list[float] = []
    transcript = Whisper(care).transcribe(sound, TINY, duration=duration, progress=heard.append)
    check(transcript)
    assert plain(transcript.text()) == plain((shared_data / "speech" / "jfk.ref.txt").read_text())
    assert (transcript.language, transcript.model, heard[-1]) == ("en", "tiny.en", 1.0)
    again = Whisper(care).transcribe(sound, TINY, duration=duration)
    assert again == transcript


@pytest.mark.slow
def test_pauses_hold_no_words_and_no_word_is_said_twice(shared_data: Path, tmp_path: Path):
    sound, duration = sound_of(shared_data / "video" / "talking_720p30.mp4", tmp_path)
    transcript = Whisper().transcribe(sound, SpeechOptions(), duration=duration)
    check(transcript)
    assert transcript.language == "en"
    assert not [word for word in transcript.words if 18 < word.start < 39]
    bananas = [word for word in transcript.words if "banana" in word.text.lower()]
    assert [round(word.start) for word in bananas] == [17, 40]


def test_the_times_of_words_survive_a_long_silence(shared_data: Path, tmp_path: Path):
    sound, duration = sound_of(shared_data / "speech" / "jfk.flac", tmp_path)
    speech = open_wav(sound)[:, 0]
    silence = np.zeros(40 * WHISPER_RATE, np.int16)
    write_wav(tmp_path / "two.wav", np.concatenate([speech, silence, speech]), WHISPER_RATE)
    whole = 2 * duration + 40
    transcript = Whisper().transcribe(tmp_path / "two.wav", TINY, duration=whole)
    check(transcript)
    half = len(transcript.words) // 2
    one, two = transcript.words[:half], transcript.words[half:]
    assert plain(" ".join(w.text for w in one)) == plain(" ".join(w.text for w in two))
    apart = [float(b.start - a.start) for a, b in zip(one, two, strict=True)]
    assert np.median(apart) == pytest.approx(51, abs=0.1)
    assert apart == pytest.approx([51] * half, abs=0.6)


def test_how_many_listen_changes_no_word(
    shared_data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nor a time, nor a probability; each passage is decoded once, its end included."""
    sound, duration = sound_of(shared_data / "speech" / "sonnet.mp3", tmp_path)
    samples = open_wav(sound)[:, 0]
    passages = pack(samples, find_speech(samples))
    assert len(passages) >= 3
    transcripts, threads = [], []
    for cores in (1, 2, 5):
        monkeypatch.setattr(whisper, "_cores", lambda cores=cores: cores)
        whisper.let_models_go()
        model = whisper.load_model(TINY.whisper_model, whisper.listeners(len(passages)))
        listening = model.encode

        def encode(features: np.ndarray, listening: Callable[..., Any] = listening) -> Any:
            threads.append(threading.current_thread().name)
            return listening(features)

        monkeypatch.setattr(model, "encode", encode)
        transcripts.append(Whisper().transcribe(sound, TINY, duration=duration))
    whisper.let_models_go()
    assert transcripts[0].words
    assert transcripts[0] == transcripts[1] == transcripts[2]
    assert len(threads) == 3 * len(passages)
    assert len(set(threads)) > 2  # the main one alone, then others


def test_a_passage_alone_has_all_cores_and_the_same_words(
    shared_data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Unless others listen beside it."""
    sound, duration = sound_of(shared_data / "speech" / "jfk.flac", tmp_path)
    loading, loaded = faster_whisper.WhisperModel, []

    def load(*given: Any, **options: Any) -> Any:
        loaded.append((options["cpu_threads"], options["num_workers"]))
        return loading(*given, **options)

    monkeypatch.setattr(faster_whisper, "WhisperModel", load)
    transcripts = []
    for cores, alone in ((1, True), (2, True), (4, True), (4, False)):
        monkeypatch.setattr(whisper, "_cores", lambda cores=cores: cores)
        whisper.let_models_go()
        transcripts.append(Whisper(alone=alone).transcribe(sound, TINY, duration=duration))
    whisper.let_models_go()
    assert loaded == [(1, 1), (2, 1), (4, 1), (1, 4)]
    assert transcripts[0].words
    assert all(transcript == transcripts[0] for transcript in transcripts)


def test_a_model_is_loaded_once_until_it_is_let_go() -> None:
    model = whisper.load_model("tiny.en", 2)
    assert whisper.load_model("tiny.en", 2) is model
    whisper.let_models_go()
    assert whisper.load_model("tiny.en", 2) is not model


def test_passages_are_short_and_lose_no_speech(shared_data: Path, tmp_path: Path):
    sound, _ = sound_of(shared_data / "speech" / "columbia.wma", tmp_path)
    samples = open_wav(sound)[:, 0]
    stretches = find_speech(samples)
    passages = pack(samples, stretches)
    assert all(len(passage.wave) <= 29 * WHISPER_RATE for passage in passages)
    assert [s for passage in passages for s in passage.stretches] == stretches
    assert all(a.end <= b.start for a, b in pairwise(stretches))
    for passage in passages:
        at = 0
        for stretch in passage.stretches:
            middle = (at + len(stretch) / 2) / WHISPER_RATE
            start, end = passage.place(middle, middle + 0.1)
            assert stretch.start <= start * WHISPER_RATE <= end * WHISPER_RATE <= stretch.end
            at += len(stretch)


def test_an_english_model_refuses_other_languages():
    with pytest.raises(UsageError, match=r"'tiny\.en' knows English alone, not 'de'"):
        check_language(SpeechOptions(whisper_model="tiny.en", language="de"))
    with pytest.raises(UsageError, match="no language 'english'"):
        check_language(SpeechOptions(language="english"))
    check_language(SpeechOptions(language="ja"))


def test_sound_of_another_kind_is_refused(tmp_path: Path):
    write_wav(tmp_path / "x.wav", np.zeros((100, 2), np.int16), 48000)
    with pytest.raises(MediaError, match="2 channels at 48000 Hz"):
        Whisper().transcribe(tmp_path / "x.wav", TINY, duration=Fraction(1))


def test_an_unknown_transcriber_lists_those_there_are(tmp_path: Path):
    assert "local" in transcriber_names()
    with pytest.raises(UsageError, match="no transcriber named 'hal'; choose from local, openai"):
        open_transcriber(Choice(provider="hal"), an_account(tmp_path))
