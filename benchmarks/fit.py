"""How well made rewrites are fitted to their picture, read from the timelines themselves.

A line is *solved* where nothing of it is lost, it ends before its picture does, its voice is at most
1.1 times as fast, and no frame is held but on a still screen, within the stated bounds. What was
promised is measured on segments and sounds; what the fitting says of itself is not asked.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from fractions import Fraction
from typing import Final

import numpy as np

from benchmarks.fit_cases import Case
from benchmarks.fit_line_by_line import by_line, by_voice
from cutdown.fitting import build_timeline, output_rate
from cutdown.fitting import discomfort as cost
from cutdown.fitting.anchors import Namer
from cutdown.fitting.limits import (
    EASY_HOLD,
    EASY_SLOW,
    EASY_VOICE,
    FASTEST_VOICE,
    HOLD_LIMIT,
    LEAD,
    SLOWEST,
    SYNC_TOLERANCE,
    TAIL,
    TRIM_FROM,
)
from cutdown.plan import ActionType, EditAction
from cutdown.timebase import SAMPLE_RATE, Frozen, sample_of_frame
from cutdown.timeline import Segment, Sound, Timeline

OURS: Final = "cutdown"
BANDS: Final = ((0.0, 0.75), (0.75, 1.0), (1.0, 1.2), (1.2, 1.4), (1.4, 1.7), (1.7, 9.9))
PROMISED_TO: Final = 1.4  # times its slot: up to here a line should be solved

Way = Callable[[Case, Fraction], Timeline]
WAYS: Final[Mapping[str, Way]] = {
    OURS: lambda case, rate: build_timeline(
        case.plan, case.narration, case.recording, case.signals, rate=rate, transcript=case.transcript
    ),
    "line by line": lambda case, rate: by_line(case.plan, case.narration, case.recording, case.signals, rate),
    "stretched voice": lambda case, rate: by_voice(
        case.plan, case.narration, case.recording, case.signals, rate
    ),
}


class LineFit(Frozen):
    """How one line was fitted by one way; seconds, if nothing else is said."""

    file: str
    way: str
    action: str
    slot: float
    ratio: float
    """Length of the spoken line, unhurried, to that of its slot."""
    words: int
    words_lost: float
    """By the share of the line's samples that are not played."""
    overlap: float
    """By which it runs out of its own picture."""
    voice: float
    """Times as fast as it was spoken."""
    shown: float
    held: float
    held_moving: float
    """Of ``held``, where the screen is not still."""
    overrun: float
    """By which picture is held beyond all bounds, so that the line is not cut."""
    slowed: float
    slowest: float
    apart: tuple[float, ...]
    """Of each word that names what is shown: seconds between the two."""
    discomfort: float

    @property
    def solved(self) -> bool:
        """Whether it was fitted within the bounds."""
        within = self.voice <= FASTEST_VOICE and self.slowest >= SLOWEST
        return within and not (self.words_lost or self.overlap or self.held_moving or self.overrun)


class WayFigures(Frozen):
    """All lines by one way."""

    way: str
    lines: int
    solved: dict[str, float]
    """Share of the lines, by band of length to slot."""
    solved_promised: float
    """Share of the lines up to 1.4 times their slot."""
    flagged: int
    """Lines that could not be fitted within the bounds."""
    words: int
    words_lost: float
    overlaps: int
    voice_p50: float
    voice_p95: float
    voice_most: float
    frozen_share: float
    """Of what is shown under lines."""
    holds: int
    holds_moving: int
    slowed_share: float
    named: int
    """Words that name what is shown."""
    named_in_time: float
    discomfort: float
    """A line, on average; without that of lines that were not solved it would not be comparable."""
    discomfort_promised: float
    """A line up to 1.4 times its slot, on average."""
    seconds: float
    """That the fitting took in all."""


class FitReport(Frozen):
    """Everything that was measured over a folder."""

    seed: int
    recordings: int
    figures: tuple[WayFigures, ...]
    lines: tuple[LineFit, ...]


def measure(cases: Iterable[Case], seed: int) -> FitReport:
    """Fit every case in every way, and read what came out."""
    lines: list[LineFit] = []
    took = dict.fromkeys(WAYS, 0.0)
    names = set()
    for case in cases:
        names.add(case.name)
        rate = output_rate(case.recording, None)
        for way, fit in WAYS.items():
            begun = time.perf_counter()
            timeline = fit(case, rate)
            took[way] += time.perf_counter() - begun
            lines += _Reading(case, way, timeline).lines()
    figures = tuple(_figures(way, [line for line in lines if line.way == way], took[way]) for way in WAYS)
    return FitReport(seed=seed, recordings=len(names), figures=figures, lines=tuple(lines))


class _Reading:
    """Reads the lines of one timeline."""

    def __init__(self, case: Case, way: str, timeline: Timeline) -> None:
        self._case = case
        self._way = way
        self._timeline = timeline
        self._rate = timeline.rate
        self._namer = Namer(case.transcript, case.signals, timeline.rate)
        self._stills = [span for span in case.signals.screen if span.still]
        self._actions = {action.id: action for action in case.plan.actions}

    def lines(self) -> list[LineFit]:
        return [self._line(number) for number in range(len(self._case.narration.lines))]

    def _line(self, number: int) -> LineFit:
        line = self._case.narration.lines[number]
        actions = [self._actions[name] for name in line.actions]
        own = [segment for segment in self._timeline.segments if segment.action in line.actions]
        sounds = [sound for sound in self._timeline.sounds if sound.line == number]
        first = sample_of_frame(own[0].first_frame, self._rate)
        last = sample_of_frame(own[-1].end_frame, self._rate)
        tempo = sounds[0].tempo
        played = sum(round(sound.samples * sound.tempo) for sound in sounds)
        words = len(line.text.split())
        lost = max(0, line.samples - played - 2)  # two samples are rounding
        overlap = max(0, first - sounds[0].first_sample, sounds[-1].end_sample - last)
        slot = sum((action.duration for action in actions), Fraction(0))
        moving = sum(segment.hold for segment in own if not self._is_still(segment))
        over = sum(
            max(0, segment.hold - int(HOLD_LIMIT * self._rate)) for segment in own if self._is_still(segment)
        )
        slowest = min(segment.speed for segment in own)
        held = sum(segment.hold for segment in own)
        apart = self._apart(actions, number, own, sounds[0])
        return LineFit(
            file=self._case.name,
            way=self._way,
            action=line.actions[0],
            slot=float(slot),
            ratio=float(Fraction(line.samples, SAMPLE_RATE) / slot),
            words=words,
            words_lost=words * lost / line.samples,
            overlap=overlap / SAMPLE_RATE,
            voice=float(tempo),
            shown=float(sum(segment.frames for segment in own) / self._rate),
            held=float(held / self._rate),
            held_moving=float(moving / self._rate),
            overrun=float(over / self._rate),
            slowed=float(sum(_slowed(segment) for segment in own) / self._rate),
            slowest=float(slowest) if slowest < SLOWEST else max(float(slowest), float(SLOWEST)),
            apart=apart,
            discomfort=self._discomfort(actions, own, sounds[0], line.samples, moving + over, apart),
        )

    def _is_still(self, segment: Segment) -> bool:
        """Whether the last frame it moves to is one of a still screen, as the recording was measured."""
        last = (segment.source_frame + segment.speed * (segment.frames - segment.hold) - 1) / self._rate
        return any(span.start <= last < span.end for span in self._stills)

    def _apart(
        self, actions: Sequence[EditAction], number: int, own: Sequence[Segment], sound: Sound
    ) -> tuple[float, ...]:
        found = []
        for anchor in self._namer.anchors(actions, self._case.narration.lines[number]):
            said = sound.first_sample / SAMPLE_RATE + float(anchor.samples / sound.tempo) / SAMPLE_RATE
            found.append(abs(said - float(_shown_at(anchor.tick, own) / self._rate)))
        return tuple(round(seconds, 4) for seconds in found)

    def _discomfort(
        self,
        actions: Sequence[EditAction],
        own: Sequence[Segment],
        sound: Sound,
        samples: int,
        beyond: int,
        apart: Sequence[float],
    ) -> float:
        """What the line costs a viewer, by the prices that the product states."""
        rate = float(self._rate)
        total = cost.UNSOLVED * beyond / rate
        held = sum(segment.hold for segment in own) / rate - beyond / rate
        total += cost.HELD * min(held, float(EASY_HOLD)) + cost.HELD_LONG * max(0.0, held - float(EASY_HOLD))
        for segment in own:
            slowed = _slowed(segment) / rate
            easy = float(_ticks(segment) * (1 / EASY_SLOW - 1)) / rate
            far = float(_ticks(segment) * (1 / SLOWEST - 1)) / rate
            total += cost.SLOWED * min(slowed, easy)
            total += cost.SLOWED_FAR * max(0.0, min(slowed, far) - easy)
            total += cost.STRAINED * max(0.0, slowed - far)
        for action in actions:
            if action.factor is not None:
                shown = sum(min(s.frames - s.hold, _ticks(s)) for s in own if s.action == action.id) / rate
                total += cost.RESTORED * max(0.0, float(shown - action.planned_duration))
        lent = list(self._lent(actions, own))
        total += sum(cost.SLACK[owner] * seconds for owner, seconds in lent)
        total += cost.TRIMMED * self._trimmed(actions, own, sum(seconds for _, seconds in lent))
        hurried = samples / SAMPLE_RATE * (1 - 1 / float(sound.tempo))
        easy = samples / SAMPLE_RATE * float(1 - 1 / EASY_VOICE)
        total += cost.HURRIED * min(hurried, easy) + cost.HURRIED_FAR * max(0.0, hurried - easy)
        before = sound.first_sample / SAMPLE_RATE - own[0].first_frame / rate - float(LEAD)
        after = own[-1].end_frame / rate - sound.end_sample / SAMPLE_RATE - float(TAIL)
        total += cost.WAITING * max(0.0, before)
        total += cost.RESTING * min(max(0.0, after), float(TRIM_FROM))
        total += cost.IDLE * max(0.0, after - float(TRIM_FROM))
        total += cost.NEAR * sum(min(seconds, float(SYNC_TOLERANCE)) for seconds in apart)
        total += cost.APART * sum(max(0.0, seconds - float(SYNC_TOLERANCE)) for seconds in apart)
        return round(total, 4)

    def _trimmed(self, actions: Sequence[EditAction], own: Sequence[Segment], lent: float) -> float:
        """Seconds of the actions that are not shown."""
        whole = float(sum((action.duration for action in actions), Fraction(0)))
        missing = whole + lent - sum(_ticks(segment) for segment in own) / float(self._rate)
        return missing if missing > 2 * len(actions) / float(self._rate) else 0.0

    def _lent(
        self, actions: Sequence[EditAction], own: Sequence[Segment]
    ) -> Iterable[tuple[ActionType, float]]:
        """Seconds of neighbours that are shown under the line, by what the plan does to them."""
        begin, end = own[0].source_frame, own[-1].source_frame + _ticks(own[-1])
        start, stop = actions[0].start * self._rate, actions[-1].end * self._rate
        for other in self._case.plan.actions:
            if other.id in {action.id for action in actions}:
                continue
            first, last = other.start * self._rate, other.end * self._rate
            lent = max(0, min(last, start) - max(first, begin)) + max(0, min(last, end) - max(first, stop))
            if lent > 1:
                yield other.type, float(lent / self._rate)


def _ticks(segment: Segment) -> int:
    """Source ticks that it shows."""
    return int(segment.speed * (segment.frames - segment.hold))


def _slowed(segment: Segment) -> int:
    """Frames it has for being slower than recorded."""
    return max(0, segment.frames - segment.hold - _ticks(segment))


def _shown_at(tick: int, own: Sequence[Segment]) -> Fraction:
    """The output frame at which a tick of the source is shown, or what follows it where it is left out."""
    for segment in own:
        if tick < segment.source_frame + _ticks(segment):
            return segment.first_frame + max(Fraction(0), (tick - segment.source_frame) / segment.speed)
    return Fraction(own[-1].end_frame)


def _figures(way: str, lines: Sequence[LineFit], seconds: float) -> WayFigures:
    promised = [line for line in lines if line.ratio <= PROMISED_TO]
    voices = [line.voice for line in lines]
    apart = [seconds for line in lines for seconds in line.apart]
    shown = sum(line.shown for line in lines)
    return WayFigures(
        way=way,
        lines=len(lines),
        solved={
            f"{low:g}-{high:g}": _share([line.solved for line in lines if low <= line.ratio < high])
            for low, high in BANDS
        },
        solved_promised=_share([line.solved for line in promised]),
        flagged=sum(not line.solved for line in lines),
        words=sum(line.words for line in lines),
        words_lost=round(sum(line.words_lost for line in lines), 2),
        overlaps=sum(line.overlap > 0 for line in lines),
        voice_p50=_rounded(np.percentile(voices, 50)),
        voice_p95=_rounded(np.percentile(voices, 95)),
        voice_most=_rounded(max(voices)),
        frozen_share=_rounded(sum(line.held for line in lines) / shown),
        holds=sum(line.held > 0 for line in lines),
        holds_moving=sum(line.held_moving > 0 for line in lines),
        slowed_share=_rounded(sum(line.slowed for line in lines) / shown),
        named=len(apart),
        named_in_time=_share([seconds <= SYNC_TOLERANCE for seconds in apart]),
        discomfort=_rounded(np.mean([line.discomfort for line in lines])),
        discomfort_promised=_rounded(np.mean([line.discomfort for line in promised] or [0.0])),
        seconds=round(seconds, 3),
    )


def _share(which: Sequence[bool]) -> float:
    return round(sum(which) / len(which), 4) if which else 1.0


def _rounded(value: float) -> float:
    return round(float(value), 4)
