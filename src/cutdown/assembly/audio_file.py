"""From a timeline's sounds to one encoded sound file, at the loudness asked for."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Final, NamedTuple

import av
import numpy as np
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream

from cutdown.assembly.levelling import gains_for, levelled
from cutdown.assembly.limiter import amplify
from cutdown.assembly.loudness import Loudness, gain_for, integrated, measure
from cutdown.assembly.recorded_sound import open_sound
from cutdown.assembly.room_tone import room_tone
from cutdown.assembly.samples import SampleSource, Stereo, WavSource
from cutdown.assembly.soundtrack import mix
from cutdown.assembly.weighting import Curve, WeightedPowers
from cutdown.narration import Narration
from cutdown.progress import Progress, unheard
from cutdown.recording import Recording
from cutdown.settings import RenderOptions
from cutdown.signals import Signals
from cutdown.store import Ref, Store, hash_key
from cutdown.timebase import SAMPLE_RATE
from cutdown.timeline import Timeline

SOUND_VERSION: Final = 8  # counted up when the same timeline would sound otherwise
AUDIO_BIT_RATE: Final = 160_000
# Measured on speech, with both channels alike and with a voice in each: the error stays 35 to 50 dB below the sound. Intensity stereo,
# one spectrum for two channels, would leave 25 dB where they differ a little; at 192 kbit/s speech takes twice the time.
_AAC: Final = {"aac_coder": "fast", "aac_is": "0", "aac_pns": "0", "aac_tns": "0"}
_CODING_MARGIN: Final = 0.6  # dB; what AAC adds to a true peak, at rates up to 192 kbit/s
_CLOSE_ENOUGH: Final = 0.3  # LU
_ROUNDS: Final = 8  # one or two do as a rule; where key clicks stand 30 dB above a faint voice, five or six
_SPEECH_LEVEL: Final = -24.0  # dBFS, for narration where the recording has no speech to match
_READ: Final = 10 * SAMPLE_RATE
_FRAME: Final = SAMPLE_RATE * 30 // 1000  # levels of speech are measured over 30 ms, as in Signals
_QUIETEST: Final = -80.0  # dBFS; below there is nothing to bring up


class SoundMade(NamedTuple):
    """The encoded sound."""

    ref: Ref
    loudness: Loudness | None
    """As measured after encoding; None where it came from the store."""


def make_sound(
    source: Path,
    recording: Recording,
    timeline: Timeline,
    narration: Narration | None,
    signals: Signals,
    options: RenderOptions,
    store: Store,
    *,
    track: int | None,
    scratch: Path,
    progress: Progress = unheard,
) -> SoundMade:
    """Mix, level and encode the sound of a timeline: AAC in an MP4 file, 48 kHz stereo.

    Sample 0 of the timeline is at time 0 of the file: the encoder's priming lies before it.

    Raises:
        MediaError: the recording's sound cannot be decoded.
        RenderError: encoding or measuring failed.
    """
    key = _key(recording, timeline, narration, signals, options, track)
    if kept := store.recall(key):
        progress(1.0)
        return SoundMade(kept, None)
    lines = _narrated(narration, signals, store)
    mixed = scratch / "mixed.f32"
    weighted = WeightedPowers()
    with open_sound(source, recording, track, scratch) as recorded, mixed.open("wb") as file:
        progress(0.2)
        for block in mix(timeline.sounds, recorded, lines, room_tone(recorded, signals)):
            weighted.hear(block)
            file.write(np.ascontiguousarray(block).data)
    powers = weighted.powers()
    is_speech = bool(lines) or signals.speech_level_db is not None
    gains = gains_for(powers) if is_speech else np.ones(len(powers))
    progress(0.4)
    encoded = scratch / "sound.m4a"
    loudness = _level_and_encode(mixed, gains, integrated(powers * gains**2), encoded, options)
    mixed.unlink()
    ref = store.put(encoded, move=True)
    store.remember(key, ref)
    progress(1.0)
    return SoundMade(ref, loudness)


def _key(
    recording: Recording,
    timeline: Timeline,
    narration: Narration | None,
    signals: Signals,
    options: RenderOptions,
    track: int | None,
) -> str:
    return hash_key(
        "sound",
        SOUND_VERSION,
        recording.sha256,
        track,
        [sound.model_dump(mode="json") for sound in timeline.sounds],
        [line.sound.sha256 for line in narration.lines] if narration else [],
        signals.model_dump(mode="json", include={"silences", "speech_level_db"}),
        [options.loudness, options.true_peak],
    )


def _narrated(narration: Narration | None, signals: Signals, store: Store) -> list[SampleSource]:
    """The lines at the level of the recording's speech: one gain for all, so that a voice keeps its dynamics."""
    paths = [store.path(line.sound) for line in narration.lines] if narration else []
    level = speech_level([WavSource(path) for path in paths])
    if level is None:
        return [WavSource(path) for path in paths]
    wanted = _SPEECH_LEVEL if signals.speech_level_db is None else signals.speech_level_db
    gain = 10 ** ((wanted - level) / 20)
    return [WavSource(path, gain) for path in paths]


def speech_level(lines: Sequence[WavSource]) -> float | None:
    """The level of speech, pauses left out: RMS in dBFS over the frames within 20 dB of the loudest.

    Returns:
        None where nothing is said.
    """
    powers = [np.square(line.read(0, line.samples)).mean(axis=1) for line in lines]
    frames = [
        power[: len(power) // _FRAME * _FRAME].reshape(-1, _FRAME).mean(axis=1)
        for power in powers
        if len(power) >= _FRAME
    ]
    if not frames:
        return None
    everything = np.concatenate(frames)
    spoken = everything[everything > everything.max() / 100]
    level = 10 * math.log10(float(spoken.mean())) if len(spoken) else -math.inf
    return level if level > _QUIETEST else None


def _level_and_encode(
    mixed: Path, gains: Curve, before: float, target: Path, options: RenderOptions
) -> Loudness:
    """Encode a sound with its gains, at the loudness asked for; ``before`` is the one that it has with them, in LUFS."""
    gain = gain_for(before, options.loudness)
    aim = before + gain
    ceiling = options.true_peak - _CODING_MARGIN
    for _ in range(_ROUNDS):
        evened = levelled(_blocks(mixed), gains)
        encode_aac(amplify(evened, 10 ** (gain / 20), 10 ** (ceiling / 20)), target)
        after = measure(["-i", str(target)], peaks=True)
        missed = aim - after.integrated if after.integrated > -70 else 0.0
        over = after.true_peak - options.true_peak
        if abs(missed) <= _CLOSE_ENOUGH and over <= 0:
            break
        gain += missed
        ceiling -= max(0.0, over + 0.1)
    return after


def _blocks(mixed: Path) -> Iterator[Stereo]:
    with mixed.open("rb") as file:
        while len(raw := np.fromfile(file, dtype="<f4", count=2 * _READ)):
            yield raw.reshape(-1, 2)


def encode_aac(blocks: Iterable[Stereo], target: Path) -> None:
    """Encode sound as AAC in an MP4 file."""
    with av.open(str(target), "w", format="mp4") as out:
        stream = out.add_stream("aac", rate=SAMPLE_RATE, layout="stereo", options=_AAC)
        assert isinstance(stream, AudioStream)
        stream.bit_rate = AUDIO_BIT_RATE
        at = 0
        for block in blocks:
            frame = AudioFrame.from_ndarray(np.ascontiguousarray(block.T), format="fltp", layout="stereo")
            frame.sample_rate, frame.time_base, frame.pts = SAMPLE_RATE, Fraction(1, SAMPLE_RATE), at
            at += len(block)
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
