"""Plays the demo's script: when is what said, typed and shown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Final

import numpy as np

from cutdown.demo.screen import Screen
from cutdown.demo.script import CODE, KEEP, Beat, Command, Edit, Kind, Rest, Run, Say
from cutdown.demo.sound import Samples, Speaker, key_click, room
from cutdown.progress import Progress, unheard
from cutdown.timebase import SAMPLE_RATE, Frozen

_SEED: Final = 20  # rhythm of the keys, hiss
_SPINNER: Final = "|/-\\"
_SPIN: Final = 0.1  # seconds a picture of the spinner stands
_BAR: Final = 36  # cells of the progress bar


class TruthSegment(Frozen):
    """A stretch of the demo, in seconds, with what it is and whether a short version needs it."""

    start: float
    end: float
    kind: Kind
    keep: bool
    text: str = ""
    take: int | None = None


class DemoTruth(Frozen):
    """What really happens in the demo, exact to the sample; gapless."""

    source: str = "the demo's own script"
    rate: int = SAMPLE_RATE
    segments: tuple[TruthSegment, ...]


@dataclass
class Take:
    """The recording as it grows: sound, screens and truth up to now."""

    rng: np.random.Generator = field(default_factory=lambda: np.random.default_rng(_SEED))
    now: int = 0
    """Samples played."""
    screens: list[tuple[int, Screen]] = field(
        default_factory=lambda: [(0, Screen(code=CODE, in_shell=False))]
    )
    """From which sample on a screen is shown."""
    sounds: list[tuple[int, Samples]] = field(default_factory=list)
    truth: list[TruthSegment] = field(default_factory=list)

    @property
    def screen(self) -> Screen:
        """What is shown now."""
        return self.screens[-1][1]

    def show(self, screen: Screen, at: int | None = None) -> None:
        """Change the screen."""
        self.screens.append((self.now if at is None else at, screen))

    def mark(self, begin: int, kind: Kind, text: str = "", take: int | None = None) -> None:
        """Note what the stretch from ``begin`` up to now is."""
        self.truth.append(
            TruthSegment(
                start=round(begin / SAMPLE_RATE, 6),
                end=round(self.now / SAMPLE_RATE, 6),
                kind=kind,
                keep=KEEP[kind],
                text=text,
                take=take,
            )
        )

    def mix(self) -> Samples:
        """All sound together: mono, 48 kHz."""
        mixed = room(self.now, np.random.default_rng(_SEED))
        for begin, sound in self.sounds:
            part = sound[: self.now - begin]
            mixed[begin : begin + part.size] += part
        return mixed


def perform(script: Sequence[Beat], progress: Progress = unheard) -> Take:
    """Play a script from its first beat to its last."""
    take, speaker = Take(), Speaker()
    for count, beat in enumerate(script, 1):
        match beat:
            case Say():
                _say(take, speaker, beat)
            case Rest():
                _wait(take, beat.seconds, beat.kind)
            case Command():
                _command(take, beat.text)
            case Run():
                _run(take, beat)
            case Edit():
                _edit(take, beat)
        progress(count / len(script))
    return take


def _wait(take: Take, seconds: float, kind: Kind) -> None:
    begin = take.now
    take.now += round(seconds * SAMPLE_RATE)
    take.mark(begin, kind)


def _say(take: Take, speaker: Speaker, beat: Say) -> None:
    begin = take.now
    speech = speaker.say(beat.text)
    take.sounds.append((begin, speech))
    if beat.typing:
        take.now += speech.size // 3  # the hands begin when the sentence is under way
        _type_command(take, beat.typing)
    take.now = max(take.now, begin + speech.size)
    take.mark(begin, beat.kind, beat.text, beat.take)


def _command(take: Take, text: str) -> None:
    begin = take.now
    take.now += round(0.4 * SAMPLE_RATE)  # the hand goes to the keys
    _type_command(take, text)
    take.mark(begin, "typing")


def _type_command(take: Take, text: str) -> None:
    take.show(replace(take.screen, in_shell=True, typed=""))
    for letter in text:
        _press(take, letter)
        take.show(replace(take.screen, typed=f"{take.screen.typed or ''}{letter}"))


def _press(take: Take, letter: str) -> None:
    """One key: people hesitate before a word, and no two keys are alike."""
    pause = take.rng.uniform(0.055, 0.15) + (0.09 if letter == " " else 0)
    take.now += round(pause * SAMPLE_RATE)
    take.sounds.append((take.now, key_click(take.rng)))


def _run(take: Take, beat: Run) -> None:
    _press(take, "\n")
    begin = take.now
    before = (*take.screen.lines, f"❯ {take.screen.typed}")
    end = begin + round(beat.seconds * SAMPLE_RATE)
    looks = int(beat.seconds / _SPIN) if beat.label else 0
    for look in range(looks):
        done = round(_BAR * look / looks)
        bar = f"{'█' * done}{'░' * (_BAR - done)} {100 * look // looks:3d} %"
        spinner = f"{_SPINNER[look % len(_SPINNER)]} {beat.label}"
        at = begin + round(look * _SPIN * SAMPLE_RATE)
        take.show(replace(take.screen, lines=(*before, spinner, bar), typed=None), at)
    take.now = end
    take.show(replace(take.screen, lines=(*before, *beat.output), typed=""))
    if begin > round(take.truth[-1].end * SAMPLE_RATE):
        take.truth[-1] = take.truth[-1].model_copy(update={"end": round(begin / SAMPLE_RATE, 6)})
    take.mark(begin, "wait" if beat.label else "gap")


def _edit(take: Take, beat: Edit) -> None:
    begin = take.now
    for row in range(beat.row + 1):
        take.now += round(0.16 * SAMPLE_RATE)
        take.show(replace(take.screen, in_shell=False, row=row, column=min(4, len(take.screen.code[row]))))
    take.now += round(0.5 * SAMPLE_RATE)
    take.show(replace(take.screen, column=beat.column))
    take.now += round(0.5 * SAMPLE_RATE)
    for offset, letter in enumerate(beat.text):
        _press(take, letter)
        line, at = take.screen.code[beat.row], beat.column + offset
        code = list(take.screen.code)
        code[beat.row] = line[:at] + letter + line[at:]
        take.show(replace(take.screen, code=tuple(code), column=at + 1, saved=False))
    take.now += round(0.6 * SAMPLE_RATE)
    take.sounds.append((take.now, key_click(take.rng)))
    take.show(replace(take.screen, saved=True))
    take.now += round(0.4 * SAMPLE_RATE)
    take.mark(begin, "demonstration")
