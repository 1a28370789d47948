"""Timelines made by hand over flash-and-click recordings, and what is read back from their outputs."""

from __future__ import annotations

import math
import random
from fractions import Fraction
from pathlib import Path
from typing import NamedTuple

import av
import numpy as np
from media_kit import luma_of, read_bar_code

from cutdown.narration import Narration, NarrationLine
from cutdown.recording import Recording
from cutdown.signals import Signals
from cutdown.store import Store
from cutdown.timebase import SAMPLE_RATE, Span, sample_of_frame
from cutdown.timeline import FRAME_TOLERANCE, Segment, Sound, Timeline


class Cut(NamedTuple):
    """One action of a test: type, length in source frames, speed, frames held at its end."""

    type: str
    length: int
    speed: Fraction = Fraction(1)
    hold: int = 0


def some_cuts(frames: int, count: int, seed: int) -> list[Cut]:
    """``count`` actions of all types over ``frames`` source frames."""
    chance = random.Random(seed)
    edges = sorted(chance.sample(range(40, frames - 40, 20), count - 1))
    lengths = [b - a for a, b in zip([0, *edges], [*edges, frames], strict=True)]
    kinds = ["keep", "cut", "speedup", "keep", "rewrite"]
    speeds = [Fraction(2), Fraction(4), Fraction(8), Fraction(3, 2)]
    cuts = []
    for number, length in enumerate(lengths):
        kind = kinds[number % len(kinds)]
        if kind == "speedup":
            cuts.append(Cut(kind, length, chance.choice(speeds)))
        elif kind == "rewrite":
            cuts.append(
                Cut(kind, length, chance.choice([Fraction(1), Fraction(9, 10)]), chance.choice([0, 7]))
            )
        else:
            cuts.append(Cut(kind, length))
    return cuts


def timeline_of(recording: Recording, rate: Fraction, cuts: list[Cut], *, late: int = 0) -> Timeline:
    """The timeline of some actions; ``late`` shows the picture that many frames too late, on purpose."""
    segments: list[Segment] = []
    sounds: list[Sound] = []
    at = source = 0
    for number, cut in enumerate(cuts):
        if cut.type != "cut":
            frames = max(1, math.floor(cut.length / cut.speed)) + cut.hold
            segments.append(
                Segment(
                    action=f"a{number}", type=cut.type, first_frame=at, frames=frames,
                    source_frame=max(0, source - late), speed=cut.speed, hold=cut.hold,
                )
            )  # fmt: skip
            first, end = sample_of_frame(at, rate), sample_of_frame(at + frames, rate)
            kind = {"keep": "recording", "speedup": "room", "rewrite": "narration"}[cut.type]
            place = sample_of_frame(source, rate) if kind == "recording" else 0
            line = 0 if kind == "narration" else None
            sounds.append(
                Sound(kind=kind, first_sample=first, samples=end - first, source_sample=place, line=line)
            )
            at += frames
        source += cut.length
    return Timeline(
        recording_sha256=recording.sha256, rate=rate, segments=tuple(segments), sounds=tuple(sounds)
    )


def planned_numbers(timeline: Timeline, frames: int) -> list[int]:
    """The source frame that every output frame must show, for a recording of one constant rate."""
    return [
        min(
            frames - 1,
            math.floor((segment.source_moment(offset, timeline.rate) + FRAME_TOLERANCE) * timeline.rate),
        )
        for segment in timeline.segments
        for offset in range(segment.frames)
    ]


def quiet_narration(store: Store, scratch: Path, seconds: float) -> Narration:
    """One line of soft sound without anything that could be taken for a click."""
    from cutdown.media.sound import write_wav

    path = scratch / "line.wav"
    time = np.arange(round(seconds * SAMPLE_RATE)) / SAMPLE_RATE
    write_wav(path, (900 * np.sin(2 * np.pi * 300 * time)).astype(np.int16), SAMPLE_RATE)
    line = NarrationLine(actions=("a0",), text="so", spoken="so", sound=store.put(path), samples=len(time))
    return Narration(provider="made", voice="tone", language="en", lines=(line,))


def plain_signals(recording: Recording, *, speech_level_db: float | None = -24.0) -> Signals:
    """Signals of a flash-and-click recording: it is quiet between the first clicks."""
    return Signals(
        duration=recording.duration,
        noise_floor_db=-45,
        speech_level_db=speech_level_db,
        silences=(Span(start=Fraction(1, 5), end=Fraction(9, 10)),),
        speech=(),
        screen=(),
    )


class Seen(NamedTuple):
    """What an output really holds."""

    numbers: list[int]
    """The source frame number in every frame."""
    flashes: list[Fraction]
    """Seconds at which the picture flashes."""
    clicks: list[Fraction]
    """Seconds at which a click begins."""
    samples: int


def look_and_listen(path: Path) -> Seen:
    """Decode an output, with nothing of the product's own code."""
    numbers, flashes = [], []
    with av.open(str(path)) as container:
        for frame in container.decode(video=0):
            luma = luma_of(frame)
            numbers.append(read_bar_code(luma))
            if luma[luma.shape[0] // 4].mean() > 190:
                flashes.append(frame.pts * frame.time_base)
    parts = []
    with av.open(str(path)) as container:
        for frame in container.decode(audio=0):
            if not parts:
                start = frame.pts * frame.time_base
            parts.append(frame.to_ndarray()[0])
    sound = np.concatenate(parts)
    swing = np.abs(np.diff(sound, prepend=0.0))  # favours the click's 3 kHz over tones
    loud = np.flatnonzero(swing > 0.3 * swing.max())
    first = loud[np.diff(loud, prepend=-SAMPLE_RATE) > SAMPLE_RATE // 10]
    clicks = [start + Fraction(int(at), SAMPLE_RATE) for at in first]
    return Seen(numbers, flashes, clicks, len(sound))


def worst_offset(seen: Seen, timeline: Timeline) -> tuple[float, int]:
    """The largest distance between a flash and its click where the recording's own sound is kept.

    Returns:
        Seconds, and how many pairs were compared.
    """
    offsets = []
    kept = [segment for segment in timeline.segments if segment.type == "keep"]
    for flash in seen.flashes:
        frame = round(flash * timeline.rate)
        # Right at a cut the fade may let a click of the other side through.
        if any(segment.first_frame + 3 <= frame < segment.end_frame - 3 for segment in kept):
            offsets.append(min(abs(click - flash) for click in seen.clicks))
    return float(max(offsets)), len(offsets)
