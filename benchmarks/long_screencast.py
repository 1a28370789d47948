"""A made screencast of any length: 1080p30, real synthetic speech, typing, waits, pauses, botched takes.

The same length gives the same recording. About a quarter of its frames differ from the one
before, as in real screen recordings.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Final, NamedTuple

import av
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from cutdown.voice.hibari import HibariVoice

WIDTH: Final = 1920
HEIGHT: Final = 1080
RATE: Final = 30
SOUND_RATE: Final = 24_000
_LINE: Final = 36
_ROWS: Final = (HEIGHT - 80) // _LINE
_SUBJECTS: Final = (
    "the scheduler",
    "this table",
    "our worker",
    "the build step",
    "a new index",
    "the config file",
    "the retry policy",
    "each request",
)
_VERBS: Final = ("keeps", "reads", "replaces", "protects", "explains", "measures", "updates", "releases")
_OBJECTS: Final = (
    "the last known state",
    "every pending job",
    "a copy of the schema",
    "the slow queries",
    "the shared cache",
    "two open connections",
    "the message queue",
    "all failed uploads",
)
_ENDINGS: Final = (
    "before the server starts",
    "when the lock is free",
    "so nothing is lost",
    "in less than a second",
    "until you stop it",
    "and writes a short report",
    "as the diagram shows",
    "without a restart",
)
_STARTS: Final = (
    "First,",
    "Now",
    "In practice",
    "As you can see,",
    "Next,",
    "Here",
    "After that",
    "In this case",
)
_COMMANDS: Final = (
    "git status --short",
    "pytest -q tests/engine",
    "docker compose up -d",
    "make build",
    "psql -c 'select count(*) from jobs'",
    "tail -f worker.log",
)


class Part(NamedTuple):
    """A stretch of the recording: its sound (mono float32 at 24 kHz) and what the screen does."""

    sound: NDArray[np.float32]
    screen: str  # "still", "typing", "busy"


def make(target: Path, seconds: float, *, seed: int = 0) -> None:
    """Write the recording.

    Args:
        target: the MP4 file.
        seconds: its length; the last part is cut there.
        seed: another one gives other words and other times.
    """
    chance = random.Random(seed)  # noqa: S311  # a made recording keeps no secret
    noise = np.random.default_rng(seed)
    screen = _Screen(chance)
    with av.open(str(target), "w") as file:
        picture = file.add_stream(
            "libx264", rate=RATE, options={"preset": "ultrafast", "crf": "23", "g": "250"}
        )
        picture.width, picture.height, picture.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        sound = file.add_stream("aac", rate=SOUND_RATE, layout="mono")
        total = round(seconds * RATE)
        frame, at = 0, 0
        for part in _parts(chance):
            frames = min(len(part.sound) * RATE // SOUND_RATE, total - frame)
            if frames <= 0:
                break
            samples = frames * SOUND_RATE // RATE
            hiss = noise.normal(0, 0.0008, samples).astype(np.float32)
            chunk = av.AudioFrame.from_ndarray(
                (part.sound[:samples] + hiss)[None, :], format="fltp", layout="mono"
            )
            chunk.sample_rate, chunk.pts, chunk.time_base = SOUND_RATE, at, Fraction(1, SOUND_RATE)
            file.mux(sound.encode(chunk))
            at += samples
            for shown in screen.play(part.screen, frames):
                shown.pts, shown.time_base = frame, Fraction(1, RATE)
                file.mux(picture.encode(shown))
                frame += 1
        file.mux(picture.encode(None))
        file.mux(sound.encode(None))


def _parts(chance: random.Random) -> Iterator[Part]:
    voice = HibariVoice()

    def say(line: str, screen: str) -> Part:
        return Part(np.asarray(voice.say(line).samples, dtype=np.float32) * 2, screen)

    def quiet(seconds: float, screen: str) -> Part:
        return Part(np.zeros(round(seconds * SOUND_RATE), dtype=np.float32), screen)

    while True:
        for _ in range(chance.randint(2, 5)):
            sentence = " ".join(map(chance.choice, (_STARTS, _SUBJECTS, _VERBS, _OBJECTS, _ENDINGS))) + "."
            if chance.random() < 0.12:
                yield say(" ".join(sentence.split()[:6]), "still")
                yield quiet(0.8, "still")
                yield say("Scratch that.", "still")
                yield quiet(0.7, "still")
            yield say(sentence, chance.choice(("still", "still", "busy")))
        yield quiet(chance.uniform(2, 7), "still")
        yield quiet(chance.uniform(3, 9), "typing")
        if chance.random() < 0.5:
            yield quiet(chance.uniform(6, 20), chance.choice(("busy", "still")))


class _Screen:
    """A terminal of text lines, drawn only where something changes."""

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance
        self._font = ImageFont.load_default(size=28)
        self._planes = np.full((HEIGHT * 3 // 2, WIDTH), 128, dtype=np.uint8)
        self._planes[:HEIGHT] = 30
        self._row, self._count = 0, 0
        self._shown = self._as_frame()

    def play(self, what: str, frames: int) -> Iterator[av.VideoFrame]:
        """``frames`` frames of one behaviour; an unchanged picture is the same frame object."""
        command = "$ " + self._chance.choice(_COMMANDS)
        typed = 0
        for index in range(frames):
            if what == "typing" and index % 3 == 0:
                typed += 1
                if typed > len(command):
                    command, typed = "$ " + self._chance.choice(_COMMANDS), 1
                    self._next_row()
                self._write(command[:typed])
            elif what == "busy" and index % 6 == 0:
                self._count += 1
                self._next_row()
                self._write(
                    f"[{self._count:06d}] worker {self._count % 7}: done in {self._chance.randint(3, 900)} ms"
                )
            yield self._shown

    def _next_row(self) -> None:
        self._row += 1
        if self._row == _ROWS:
            self._planes[40 : HEIGHT - 40 - _LINE] = self._planes[40 + _LINE : HEIGHT - 40]
            self._planes[HEIGHT - 40 - _LINE : HEIGHT - 40] = 30
            self._row = _ROWS - 1

    def _write(self, text: str) -> None:
        strip = Image.new("L", (WIDTH, _LINE), 30)
        ImageDraw.Draw(strip).text((40, 0), text, font=self._font, fill=220)
        top = 40 + self._row * _LINE
        self._planes[top : top + _LINE] = np.asarray(strip)
        self._shown = self._as_frame()

    def _as_frame(self) -> av.VideoFrame:
        return av.VideoFrame.from_ndarray(self._planes, format="yuv420p")
