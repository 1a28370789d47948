"""Random cuts of finished outputs, listened to by machine.

For each cut in the sound:

- *Jump*: the largest step from one sample to the next within 50 ms of the cut. A click is a step that stands above what
  the speech around it does by itself: more than one and a half times the largest step in the half second
  before and after, and more than a hundredth of full scale (24 dB under the loudness of the output's speech; less is masked).
- *Words*: the last word before the cut and the first one behind it, as the plan has them. They are clipped where
  Whisper does not hear them in the output but does in the sound laid plainly from its sources.
- *Step*: loudness (ITU-R BS.1770, gated) of the three seconds of speech that follow the cut, less that of the
  three before it, in LU; pauses are passed over.

Beside ours stands the plain cut: the same sounds put end to end as they are, as most tools do it.
"""

from __future__ import annotations

import random
from bisect import bisect_left
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from itertools import accumulate
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from cutdown import phases
from cutdown.assembly.loudness import SILENT, measure
from cutdown.captions import spoken_words
from cutdown.media.sound import choose_track, extract_sound, open_wav
from cutdown.narration import Narration
from cutdown.recording import Recording
from cutdown.services.choices import Choice
from cutdown.services.terms import Terms
from cutdown.settings import DirectorOptions, RenderOptions, SpeechOptions, VoiceOptions
from cutdown.store import Store
from cutdown.timebase import SAMPLE_RATE, Frozen
from cutdown.timeline import Sound, Timeline
from cutdown.transcript import Transcript
from cutdown.verify.hearing import Ears
from cutdown.verify.listen import LISTEN_RATE, SourceSound, hear_output
from cutdown.verify.recogniser import recogniser
from cutdown.verify.reference import Reference

CLICK_RATIO: Final = 1.5  # times the largest step nearby
CLICK_LEAST: Final = 0.01  # of full scale
STEP_LIMIT: Final = 2.0  # LU
_NEAR: Final = SAMPLE_RATE // 20  # samples around a cut in which a jump is laid to it
_AROUND: Final = SAMPLE_RATE // 2  # samples on each side of these that tell what is usual
_LOUD: Final = 3.0  # s of speech on each side over which loudness is taken
_FAR: Final = 8.0  # s from the cut; speech farther away is no neighbour
_SPEECH_NEAR: Final = 1.0  # s; a cut farther from any word is heard by nobody
_WINDOW: Final = 7.0  # s on each side that are transcribed
_EARLY: Final = 0.05  # s; a word's start is heard this early at times
_LEAST_LOUD: Final = 1.0  # s of speech; the loudness of less is that of a word

Samples = NDArray[np.float32]


class CutMeasured(Frozen):
    """What was heard at one cut."""

    file: str
    at: float
    """Seconds of the output."""
    before: str
    after: str
    """What meets: ``recording``, ``narration`` or ``room``."""
    jump: float
    """Of full scale."""
    jump_allowed: float
    plain_jump: float | None
    """Of the same cut made plainly, at the output's loudness; None where it is not between two recorded stretches."""
    words: tuple[str, ...]
    clipped: tuple[str, ...]
    unclear: int
    """Words beside the cut that are not understood in their source either."""
    step: float | None
    """LU; None where hardly anybody speaks on one side."""
    plain_step: float | None
    """Between the same words of the sound laid plainly."""

    @property
    def clicks(self) -> bool:
        """Whether the jump stands out."""
        return self.jump > self.jump_allowed


class CutReport(Frozen):
    """All cuts that were listened to."""

    seed: int
    outputs: int
    cuts: tuple[CutMeasured, ...]


class Output(NamedTuple):
    """A finished output, and everything that it was made from."""

    source: Path
    recording: Recording
    transcript: Transcript
    narration: Narration
    timeline: Timeline
    video: Path


def make_output(
    source: Path, store: Store, *, model: str = "base", ratio: float | None = None, preset: str = "superfast"
) -> Output:
    """Make one recording short; what was done before is found in the store.

    Args:
        source: the recording.
        store: remembers all that is made.
        model: Whisper model that transcribes.
        ratio: length wanted as a share; None for what the director thinks right.
        preset: of the encoder.

    Raises:
        UsageError: the recording has no sound.
    """
    recording = phases.examine(store, source)
    choose_track(recording, None)  # without sound there is no cut to be heard
    local, hibari, offline = (Choice(provider=name) for name in ("local", "hibari", "offline"))
    heard = phases.ingest(
        store,
        source=source,
        recording=recording,
        options=SpeechOptions(whisper_model=model),
        choices=(local,),
        terms=Terms(),
    )
    directed = phases.direct(
        store,
        recording=recording,
        transcript=heard.transcript,
        signals=heard.signals,
        options=phases.for_voices(DirectorOptions(target_ratio=ratio), (hibari,), store, heard.transcript),
        choices=(offline,),
        prompts="",
        examples=None,
        terms=Terms(),
    )
    voiced = phases.speak(
        store, plan=directed.plan, dictionary=None, options=VoiceOptions(), choices=(hibari,), terms=Terms()
    )
    made = phases.assemble(
        store,
        source=source,
        recording=recording,
        transcript=heard.transcript,
        signals=heard.signals,
        plan=directed.plan,
        narration=voiced.narration,
        options=RenderOptions(preset=preset),
        audio_track=None,
    )
    return Output(
        source,
        recording,
        Transcript.model_validate_json(store.read_text(heard.transcript)),
        Narration.model_validate_json(store.read_text(voiced.narration)),
        Timeline.model_validate_json(store.read_text(made.timeline)),
        store.path(made.video),
    )


def listen_to(
    outputs: Sequence[Output],
    store: Store,
    *,
    count: int,
    seed: int,
    told: Callable[[str], object] = lambda _: None,
) -> CutReport:
    """Listen to ``count`` random cuts of each output."""
    dice = random.Random(seed)  # noqa: S311  # draws of a benchmark
    cuts: list[CutMeasured] = []
    for output in outputs:
        told(f"{output.source.name}: listening")
        with TemporaryDirectory() as scratch, ExitStack() as files:
            listener = _Listener(output, store, Path(scratch), files)
            places = listener.places()
            chosen = sorted(dice.sample(places, min(count, len(places))))
            cuts += [listener.listen(place) for place in chosen]
    return CutReport(seed=seed, outputs=len(outputs), cuts=tuple(cuts))


class _Listener:
    """Listens to one output."""

    def __init__(self, output: Output, store: Store, scratch: Path, files: ExitStack) -> None:
        self._output = output
        self._scratch = scratch
        self._sounds = output.timeline.sounds
        self._words = spoken_words(output.timeline, output.transcript, output.narration)
        self._starts = [float(word.start) for word in self._words]
        self._wave = _sound_of(output.video, phases.examine(store, output.video), scratch / "output.wav")
        self._plain: Samples = np.zeros(0, np.float32)
        source: SourceSound | None = None
        if output.recording.audio:
            self._plain = _sound_of(output.source, output.recording, scratch / "source.wav")
            track = choose_track(output.recording, None)
            source = files.enter_context(SourceSound(output.source, track.stream_index))
        heard = hear_output(output.video, scratch, output.timeline.duration)
        self._reference = Reference(output.timeline, source, output.narration, store)
        listen = recogniser(output.transcript.language, scratch)
        self._ears = Ears(heard, self._words, self._reference, listen)

    def places(self) -> list[int]:
        """Numbers of the sounds that begin with a cut near speech."""
        return [
            number
            for number in range(1, len(self._sounds))
            if not _goes_on(self._sounds[number - 1], self._sounds[number])
            and self._beside(self._sounds[number].first_sample / SAMPLE_RATE)
        ]

    def listen(self, number: int) -> CutMeasured:
        """Measure one cut."""
        last, sound = self._sounds[number - 1], self._sounds[number]
        at = sound.first_sample
        jump, allowed = jump_at(self._wave, at)
        beside = self._beside(at / SAMPLE_RATE)
        hearing = self._ears.hear_twice(max(0.0, at / SAMPLE_RATE - _WINDOW), at / SAMPLE_RATE + _WINDOW)
        both = last.kind == sound.kind == "recording"
        return CutMeasured(
            file=self._output.source.name,
            at=round(at / SAMPLE_RATE, 3),
            before=last.kind,
            after=sound.kind,
            jump=round(jump, 4),
            jump_allowed=round(allowed, 4),
            plain_jump=self._plain_jump(last, sound) if both else None,
            words=tuple(self._words[word].text for word in beside),
            clipped=tuple(self._words[word].text for word in beside if word in hearing.missing),
            unclear=sum(word in hearing.unclear for word in beside),
            step=self._step(at / SAMPLE_RATE, self._output_between, SAMPLE_RATE),
            plain_step=self._step(at / SAMPLE_RATE, self._reference.between, LISTEN_RATE),
        )

    def _beside(self, at: float) -> list[int]:
        """The last word before a moment and the first one after it, where they are near."""
        after = bisect_left(self._starts, at - _EARLY)
        near = []
        if after > 0 and at - float(self._words[after - 1].end) <= _SPEECH_NEAR:
            near.append(after - 1)
        if after < len(self._words) and self._starts[after] - at <= _SPEECH_NEAR:
            near.append(after)
        return near

    def _plain_jump(self, last: Sound, sound: Sound) -> float | None:
        """The step that the same cut has if nothing is done about it, at the output's loudness."""
        if last.tempo != 1 or sound.tempo != 1:
            return None
        end, begin = last.source_sample + last.samples, sound.source_sample
        near = self._wave[max(0, sound.first_sample - _AROUND) : sound.first_sample + _AROUND]
        before, after = self._plain[max(0, end - _AROUND) : end], self._plain[begin : begin + _AROUND]
        if not len(before) or not len(after):
            return None
        gain = _level(near) / max(_level(np.concatenate([before, after])), 1e-9)
        return round(float(abs(after[0] - before[-1])) * gain, 4)

    def _output_between(self, start: float, end: float) -> Samples:
        return self._wave[round(start * SAMPLE_RATE) : round(end * SAMPLE_RATE)]

    def _step(self, at: float, sound: Callable[[float, float], Samples], rate: int) -> float | None:
        after = bisect_left(self._starts, at - _EARLY)
        sides = (self._words[:after][::-1], self._words[after:])
        loudness = []
        for side in sides:
            spans = [
                (float(word.start), float(word.end)) for word in side if abs(float(word.start) - at) < _FAR
            ]
            enough = [span for span, so_far in zip(spans, _sums(spans), strict=True) if so_far < _LOUD]
            loudness.append(self._loudness([sound(*span) for span in sorted(enough)], rate))
        if loudness[0] is None or loudness[1] is None:
            return None
        return round(loudness[1] - loudness[0], 2)

    def _loudness(self, words: Sequence[Samples], rate: int) -> float | None:
        speech = np.concatenate([np.zeros(0, np.float32), *words])
        if len(speech) < _LEAST_LOUD * rate:
            return None
        path = self._scratch / "speech.f32"
        path.write_bytes(np.ascontiguousarray(speech, dtype="<f4").tobytes())
        bare = ["-f", "f32le", "-ar", str(rate), "-ac", "1", "-i", str(path.absolute())]
        found = measure(bare, peaks=False).integrated
        return found if found > SILENT else None


def _sums(spans: Sequence[tuple[float, float]]) -> list[float]:
    """Seconds ahead of each of some spans, in all."""
    return [0.0, *accumulate(end - start for start, end in spans[:-1])] if spans else []


def jump_at(wave: Samples, at: int) -> tuple[float, float]:
    """The largest step near a place, and the largest that is no click there; see the module.

    Args:
        wave: mono samples.
        at: the place.
    """
    first, last = max(0, at - _NEAR), min(len(wave), at + _NEAR)
    steps = np.abs(np.diff(wave[max(0, first - _AROUND) : last + _AROUND]))
    begin = first - max(0, first - _AROUND)
    near = steps[begin : begin + last - first]
    usual = np.concatenate([steps[:begin], steps[begin + last - first :]])
    allowed = max(CLICK_LEAST, CLICK_RATIO * float(usual.max(initial=0.0)))
    return float(near.max(initial=0.0)), allowed


def _goes_on(last: Sound, sound: Sound) -> bool:
    if last.kind != sound.kind or last.kind == "narration":
        return False
    if last.kind == "room":
        return True
    return last.tempo == sound.tempo == 1 and last.source_sample + last.samples == sound.source_sample


def _sound_of(path: Path, recording: Recording, target: Path) -> Samples:
    extract_sound(path, recording, target, track=None, sample_rate=SAMPLE_RATE, channels=1)
    return open_wav(target)[:, 0].astype(np.float32) / np.float32(32768)


def _level(wave: Samples) -> float:
    return float(np.sqrt(np.square(wave, dtype=np.float64).mean())) if len(wave) else 0.0
