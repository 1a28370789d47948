"""Real speech by the local voice, in the formats that providers send; real ears by the local Whisper."""

from __future__ import annotations

import functools
import io
import tempfile
import threading
import wave
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import soxr
from av.audio.frame import AudioFrame
from numpy.typing import NDArray

from cutdown.settings import SpeechOptions
from cutdown.speech.whisper import Whisper
from cutdown.voice.hibari import HibariVoice

RATE = 24_000
_turn = threading.Lock()


@functools.lru_cache(maxsize=256)
def spoken(text: str) -> NDArray[np.int16]:
    """Mono speech at 24 kHz."""
    with _turn:
        speech = HibariVoice().say(text)
    assert speech.rate == RATE
    return np.round(np.clip(speech.samples, -1, 1) * 32767).astype(np.int16)


def as_wav(samples: NDArray[np.int16]) -> bytes:
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(samples.tobytes())
    return buffer.getvalue()


def as_mp3(samples: NDArray[np.int16]) -> bytes:
    """MP3 at 44.1 kHz and 128 kb/s, as ElevenLabs sends it."""
    resampled = soxr.resample(samples, RATE, 44_100)
    buffer = io.BytesIO()
    with av.open(buffer, "w", format="mp3") as file:
        stream = file.add_stream("libmp3lame", rate=44_100, layout="mono")
        stream.bit_rate = 128_000
        frame = AudioFrame.from_ndarray(resampled.reshape(1, -1), format="s16", layout="mono")
        frame.sample_rate = 44_100
        frame.pts = 0
        for packet in (*stream.encode(frame), *stream.encode(None)):
            file.mux(packet)
    return buffer.getvalue()


@functools.lru_cache(maxsize=64)
def heard(upload: bytes) -> dict[str, Any]:
    """What tiny.en hears in a sound file: duration, words and segments as OpenAI's verbose JSON has them."""
    samples = _decoded(upload)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "upload.wav")
        with wave.open(str(path), "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(16_000)
            file.writeframes(samples.tobytes())
        duration = Fraction(len(samples), 16_000)
        transcript = Whisper("quick").transcribe(
            path, SpeechOptions(whisper_model="tiny.en"), duration=duration
        )
    words = [
        {"word": word.text.strip(".,?!;:"), "start": float(word.start), "end": float(word.end)}
        for word in transcript.words
        if word.text.strip(".,?!;:")
    ]
    segments = [
        {
            "id": number, "seek": 0, "tokens": [], "temperature": 0.0, "avg_logprob": -0.2, "compression_ratio": 1.2,
            "no_speech_prob": 0.01, "start": float(transcript.words[part.first].start),
            "end": float(transcript.words[part.end - 1].end),
            "text": " " + " ".join(word.text for word in transcript.words[part.first : part.end]),
        }
        for number, part in enumerate(transcript.segments)
    ]  # fmt: skip
    return {"text": transcript.text(), "duration": float(duration), "words": words, "segments": segments}


def _decoded(upload: bytes) -> NDArray[np.int16]:
    resampler = av.AudioResampler(format="s16", layout="mono", rate=16_000)
    parts: list[NDArray[np.int16]] = []
    with av.open(io.BytesIO(upload)) as file:
        for frame in file.decode(audio=0):
            parts += [out.to_ndarray().reshape(-1) for out in resampler.resample(frame)]
    parts += [out.to_ndarray().reshape(-1) for out in resampler.resample(None)]
    return np.concatenate(parts)
