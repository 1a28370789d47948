"""Silence against the recording's own noise floor, and where a voice is heard.

The level is the RMS of 30 ms every 10 ms, without hum and rumble. A median over 0.11 s takes key clicks out: they are
short and broadband, speech is neither. The floor is the level at which the moments without a
voice lie most densely, so that hiss, a fan or a digital zero all count as silence, whatever their level.
"""

from __future__ import annotations

import wave
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from cutdown.errors import MediaError
from cutdown.progress import Progress, unheard
from cutdown.timebase import Seconds, Span, exact_seconds

RATE: Final = 16_000  # Hz of the sound that is measured
HOP: Final = 0.01  # seconds between two levels
LOWEST_DB: Final = -100.0  # stands for digital zero

_HOP: Final = RATE // 100
_WINDOW: Final = 3 * _HOP
_BLOCK: Final = 120 * RATE
_LEAD_IN: Final = 2 * RATE  # the detector has memory: it listens this long before a block counts
_RUMBLE: Final = 81  # samples
_VOICE_CHUNK: Final = 512  # samples; what the detector was trained on
_CLICK: Final = 11  # levels; a median this long forgets anything shorter than half of it

_VOICED: Final = 0.5
_UNVOICED: Final = 0.35  # the detector's own hysteresis
_SURELY_UNVOICED: Final = 0.1
_SURELY_VOICED: Final = 0.8
_SHORTEST_VOICE: Final = 0.1  # seconds
_SHORTEST_PAUSE: Final = 0.1
_SHORTEST_SILENCE: Final = 0.06  # shorter ones are the closures of p, t, k
_SHORTEST_SOUND: Final = 0.15  # without a voice in it, a shorter one is a click that outlived the median

_CLICK_DB: Final = 6.0  # above the sound around it; the RMS of 30 ms of steady hiss strays by 1 dB
_CLICK_APART: Final = 0.05  # seconds; a key goes down and up within them

_LEAST_MARGIN_DB: Final = 2.5  # the RMS of 30 ms of steady hiss strays by 1 dB
_MOST_MARGIN_DB: Final = 8.0
_SPEECH_ABOVE_SILENCE_DB: Final = 6.0  # silence lies at least so far under the speech
_INAUDIBLE_BELOW_SPEECH_DB: Final = 40.0  # under this nobody hears anything, however clean the recording

Levels = NDArray[np.float64]
Samples = NDArray[np.float32]


@dataclass(frozen=True)
class Hearing:
    """What the sound does; times in seconds, levels in dBFS."""

    noise_floor_db: float
    speech_level_db: float | None
    silences: tuple[Span, ...]
    speech: tuple[Span, ...]
    clicks: tuple[Seconds, ...]


def hear(wav16k: Path, progress: Progress = unheard) -> Hearing:
    """Measure silence and speech of a 16 kHz mono WAV whose sample 0 is the recording's start.

    Args:
        wav16k: 16-bit mono, 16 kHz.
        progress: told the share done.

    Raises:
        MediaError: when the file is not such a WAV.
    """
    levels, voice = _measure(wav16k, progress)
    speech = _voiced_stretches(voice, len(levels))
    smooth = _median(levels, _CLICK)
    floor, spread = noise_floor(smooth[voice < _SURELY_UNVOICED], smooth)
    loud = levels[voice > _SURELY_VOICED]
    speech_db = _mean_power(loud) if speech and loud.size else None
    threshold = silence_threshold(floor, spread, speech_db)
    silences = _quiet_stretches(smooth, voice, threshold)
    return Hearing(
        noise_floor_db=round(threshold, 2),
        speech_level_db=None if speech_db is None else round(speech_db, 2),
        silences=silences,
        speech=speech,
        clicks=_clicks(levels, smooth, voice, threshold),
    )


def noise_floor(unvoiced: Levels, everything: Levels) -> tuple[float, float]:
    """Level and half-width (dB) of the densest third of the levels without a voice.

    Args:
        unvoiced: smoothed levels where no voice is heard.
        everything: all smoothed levels, used where a voice never pauses.
    """
    if unvoiced.size < 0.5 / HOP:
        floor = float(np.percentile(everything, 3)) if everything.size else LOWEST_DB
        return floor, 0.0
    ordered = np.sort(unvoiced)
    width = max(1, ordered.size // 3)
    spans = ordered[width:] - ordered[: ordered.size - width]
    first = int(np.argmin(spans))
    return float(np.median(ordered[first : first + width + 1])), float(spans[first]) / 2


def silence_threshold(floor: float, spread: float, speech_db: float | None) -> float:
    """The level (dBFS) under which a moment is silent."""
    threshold = floor + min(_MOST_MARGIN_DB, max(_LEAST_MARGIN_DB, 4 * spread))
    if speech_db is None:
        return threshold
    return min(max(threshold, speech_db - _INAUDIBLE_BELOW_SPEECH_DB), speech_db - _SPEECH_ABOVE_SILENCE_DB)


def _measure(wav16k: Path, progress: Progress) -> tuple[Levels, Levels]:
    """Levels and voice probability, both every 10 ms."""
    from faster_whisper.vad import get_vad_model

    detector = get_vad_model()
    levels, voice = [], []
    for samples, lead, share in _blocks(wav16k):
        powers = np.cumsum(np.concatenate([[0.0], _without_rumble(_without_rumble(samples)) ** 2]))
        middles = np.arange(lead // _HOP, len(samples) // _HOP) * _HOP + _HOP // 2
        first = np.clip(middles - _WINDOW // 2, 0, None)
        last = np.clip(middles + _WINDOW // 2, None, len(samples))
        power = np.maximum(powers[last] - powers[first], 0) / (last - first)
        levels.append(10 * np.log10(np.maximum(power, 10 ** (LOWEST_DB / 10))))
        filled = np.pad(samples, (0, -len(samples) % _VOICE_CHUNK))
        heard = detector(filled).ravel()
        voice.append(heard[np.minimum(middles // _VOICE_CHUNK, len(heard) - 1)])
        progress(share)
    if not levels:
        return np.zeros(0), np.zeros(0)
    return np.concatenate(levels), np.concatenate(voice).astype(np.float64)


def _without_rumble(samples: NDArray[Any]) -> Levels:
    """The sound less its own mean over 5 ms: hum and rumble go, everything above 150 Hz stays."""
    sums = np.cumsum(np.concatenate([[0.0], samples.astype(np.float64)]))
    at = np.arange(len(samples))
    first = np.maximum(at - _RUMBLE // 2, 0)
    last = np.minimum(at + _RUMBLE // 2 + 1, len(samples))
    return np.asarray(samples - (sums[last] - sums[first]) / (last - first), dtype=np.float64)


def _blocks(wav16k: Path) -> Iterator[tuple[Samples, int, float]]:
    """Samples of a block with its lead-in, the lead-in's length, and the share read so far."""
    try:
        with wave.open(str(wav16k), "rb") as file:
            if (file.getframerate(), file.getnchannels(), file.getsampwidth()) != (RATE, 1, 2):
                raise MediaError(f"'{wav16k.name}' is not 16-bit mono sound at 16 kHz")
            total = file.getnframes()
            before: Samples = np.zeros(0, dtype=np.float32)
            read = 0
            while read < total:
                raw = np.frombuffer(file.readframes(_BLOCK), dtype="<i2")
                if raw.size < _HOP:
                    break
                block: Samples = (raw.astype(np.float32) / 32768).astype(np.float32)
                read += raw.size
                yield np.concatenate([before, block]), before.size, read / total
                before = block[-_LEAD_IN:]
    except (wave.Error, EOFError) as error:
        raise MediaError(f"'{wav16k.name}' is not a WAV that can be read: {error}") from error


def _median(levels: Levels, width: int) -> Levels:
    """Running median; in blocks, so that memory stays small."""
    if not levels.size:
        return levels
    padded = np.pad(levels, width // 2, mode="edge")
    step = 60_000
    return np.concatenate(
        [
            np.median(sliding_window_view(padded[at : at + step + width - 1], width), axis=1)
            for at in range(0, levels.size, step)
        ]
    )


def _mean_power(levels: Levels) -> float:
    return float(10 * np.log10(np.mean(10 ** (levels / 10))))


def _stretches(mask: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """Runs of True as half-open index pairs."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], mask, [False]]).astype(np.int8)))
    return list(zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True))


def _spans(stretches: list[tuple[int, int]], shortest: float) -> tuple[Span, ...]:
    return tuple(
        Span.model_validate({"start": first * HOP, "end": last * HOP})
        for first, last in stretches
        if (last - first) * HOP >= shortest - 1e-9
    )


def _quiet_stretches(smooth: Levels, voice: Levels, threshold: float) -> tuple[Span, ...]:
    quiet = smooth < threshold
    for first, last in _stretches(~quiet):
        if (last - first) * HOP < _SHORTEST_SOUND and voice[first:last].max() < _UNVOICED:
            quiet[first:last] = True
    return _spans(_stretches(quiet), _SHORTEST_SILENCE)


def _clicks(levels: Levels, smooth: Levels, voice: Levels, threshold: float) -> tuple[Seconds, ...]:
    """Moments at which a sound without a voice rises out of silence and is gone at once."""
    short = (levels - smooth >= _CLICK_DB) & (smooth < threshold) & (voice < _UNVOICED)
    moments: list[float] = []
    for first, last in _stretches(short):
        moment = (first + int(np.argmax(levels[first:last]))) * HOP
        if not moments or moment - moments[-1] >= _CLICK_APART:
            moments.append(moment)
    return tuple(exact_seconds(round(moment, 3)) for moment in moments)


def _voiced_stretches(voice: Levels, count: int) -> tuple[Span, ...]:
    voiced = np.zeros(count, dtype=bool)
    inside = False
    for index in range(count):
        inside = voice[index] >= (_UNVOICED if inside else _VOICED)
        voiced[index] = inside
    for first, last in _stretches(~voiced):
        if first > 0 and last < count and (last - first) * HOP < _SHORTEST_PAUSE:
            voiced[first:last] = True
    return _spans(_stretches(voiced), _SHORTEST_VOICE)
