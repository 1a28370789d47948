"""From a plan and its narration to the timeline that everything is rendered from."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from fractions import Fraction
from typing import Final

from cutdown.errors import PlanError
from cutdown.fitting.calm import Calm
from cutdown.fitting.levers import lengthen, trim
from cutdown.fitting.pieces import Passage, Stretch
from cutdown.fitting.slack import take_slack
from cutdown.fitting.sounds import lay_sounds
from cutdown.narration import Narration, NarrationLine
from cutdown.plan import EditPlan
from cutdown.recording import Recording
from cutdown.signals import Signals
from cutdown.timebase import frame_at
from cutdown.timeline import FitChoice, Segment, Timeline

_WHOLE_FRAME: Final = Fraction(1, 100)  # of a frame: durations are held to the microsecond


def build_timeline(
    plan: EditPlan,
    narration: Narration | None,
    recording: Recording,
    signals: Signals,
    *,
    rate: Fraction,
) -> Timeline:
    """Lay a plan out in integer frames and samples, with its narration fitted to the picture.

    Borders of actions move to the nearest ``k / rate`` of the source, so kept neighbours stay
    seamless. An action shorter than half a frame vanishes, unless something is spoken over it.
    Each choice of the fitting is recorded in ``Timeline.fits``.

    Args:
        plan: what to do with every second of the recording.
        narration: the lines spoken anew; None or empty where nothing is.
        recording: what the file is.
        signals: where it is silent and still.
        rate: frames a second of the output, see `output_rate`.

    Raises:
        PlanError: when nothing is left to show, or the narration does not belong to the plan.
    """
    calm = Calm(recording, signals)
    lines = narration.lines if narration else ()
    stretches = _stretches(plan, lines, rate)
    if not any(stretch.shown for stretch in stretches):
        raise PlanError("the plan cuts everything: keep at least one action of a frame's length")
    fits: list[FitChoice] = [*_shortened(plan, lines)]
    spoken = _spoken_ranges(stretches, lines)
    for first, last, line in spoken:
        fits.extend(_slacken(stretches, first, last, line, lines[line].samples, calm, rate))
    passages: list[Passage] = []
    for passage in _passages(stretches, spoken, lines):
        for fit in (lengthen, trim):
            passage, choices = fit(passage, calm, rate)  # noqa: PLW2901  # each step works on the one before
            fits.extend(choices)
        passages.append(passage)
    return Timeline(
        recording_sha256=recording.sha256,
        rate=rate,
        segments=_segments(passages),
        sounds=lay_sounds(passages, has_sound=bool(recording.audio), calm=calm, rate=rate),
        fits=_in_plan_order(fits, plan),
    )


def _stretches(plan: EditPlan, lines: Sequence[NarrationLine], rate: Fraction) -> list[Stretch]:
    """Every action on the frame grid, with the line that speaks for it."""
    line_of = {name: index for index, line in enumerate(lines) for name in line.actions}
    unknown = line_of.keys() - {action.id for action in plan.actions if action.type != "cut"}
    if unknown:
        raise PlanError(f"action '{min(unknown)}': narration was made for it but the plan does not show it")
    ticks = max(1, math.floor(plan.duration * rate + _WHOLE_FRAME))
    stretches = []
    for action in plan.actions:
        start, end = (min(ticks, frame_at(moment, rate)) for moment in (action.start, action.end))
        line = line_of.get(action.id)
        if line is not None and start == end:
            start = min(start, ticks - 1)
            end = start + 1
        stretches.append(Stretch(action, start, end, line))
    return stretches


def _spoken_ranges(
    stretches: Sequence[Stretch], lines: Sequence[NarrationLine]
) -> list[tuple[int, int, int]]:
    """(first stretch, last stretch, line) of each line, in order."""
    ranges = []
    for number, line in enumerate(lines):
        own = [index for index, stretch in enumerate(stretches) if stretch.line == number]
        between = stretches[own[0] : own[-1] + 1]
        if any(stretch.shown and stretch.line != number for stretch in between):
            raise PlanError(
                f"action '{line.actions[0]}': its line speaks for actions that are not neighbours"
            )
        ranges.append((own[0], own[-1], number))
    return sorted(ranges)


def _slacken(
    stretches: Sequence[Stretch], first: int, last: int, line: int, samples: int, calm: Calm, rate: Fraction
) -> Iterable[FitChoice]:
    """Widen a line's picture over the silence beside it, once sped-up parts alone do not suffice."""
    own = [stretch for stretch in stretches[first : last + 1] if stretch.line == line]
    unhurried = Passage(tuple(stretch.as_piece() for stretch in own), line, samples)
    missing = unhurried.needed(rate) - sum(stretch.ticks for stretch in own)
    for ticks, note in take_slack(stretches, first, last, missing, calm, rate):
        yield FitChoice(action=own[0].action.id, lever="slack", seconds=ticks / rate, note=note)


def _passages(
    stretches: Sequence[Stretch], spoken: Sequence[tuple[int, int, int]], lines: Sequence[NarrationLine]
) -> Iterable[Passage]:
    starts = {first: (last, line) for first, last, line in spoken}
    for index, stretch in enumerate(stretches):
        if index in starts:
            last, line = starts[index]
            own = (part for part in stretches[index : last + 1] if part.line == line)
            yield Passage(tuple(part.as_piece() for part in own), line, lines[line].samples)
        elif stretch.line is None and stretch.shown:
            yield Passage((stretch.as_piece(),))


def _segments(passages: Iterable[Passage]) -> tuple[Segment, ...]:
    segments: list[Segment] = []
    frame = 0
    for piece in (piece for passage in passages for piece in passage.pieces):
        segments.append(
            Segment(
                action=piece.action.id,
                type=piece.action.type,
                first_frame=frame,
                frames=piece.total,
                source_frame=piece.start,
                speed=piece.speed,
                hold=piece.hold,
            )
        )
        frame += piece.total
    return tuple(segments)


def _shortened(plan: EditPlan, lines: Sequence[NarrationLine]) -> Iterable[FitChoice]:
    """A choice for each line that was shortened before it was spoken, valued at the line's own pace."""
    narration = {action.id: (action.narration or "").strip() for action in plan.actions}
    for line in lines:
        planned = " ".join(text for name in line.actions if (text := narration.get(name)))
        if len(planned) > len(line.text):
            saved = Fraction(line.samples, 48_000) * (len(planned) - len(line.text)) / max(1, len(line.text))
            note = (
                f"the line was shortened by {len(planned) - len(line.text)} characters before it was spoken"
            )
            yield FitChoice(action=line.actions[0], lever="text", seconds=saved, note=note)


def _in_plan_order(fits: Iterable[FitChoice], plan: EditPlan) -> tuple[FitChoice, ...]:
    order = {action.id: index for index, action in enumerate(plan.actions)}
    return tuple(sorted(fits, key=lambda fit: order[fit.action]))
