"""From a plan and its narration to the timeline that everything is rendered from."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from fractions import Fraction
from itertools import groupby
from typing import Final

from cutdown.errors import PlanError
from cutdown.fitting.anchors import Namer
from cutdown.fitting.calm import Calm
from cutdown.fitting.discomfort import SHORTENED
from cutdown.fitting.pieces import Passage, Stretch
from cutdown.fitting.settle import explained, settled
from cutdown.fitting.slack import room_after, room_before
from cutdown.fitting.slots import Slot, parts_of
from cutdown.fitting.solver import fit_lines
from cutdown.fitting.sounds import lay_sounds
from cutdown.narration import Narration, NarrationLine
from cutdown.plan import EditPlan
from cutdown.recording import Recording
from cutdown.signals import Signals
from cutdown.timebase import frame_at
from cutdown.timeline import FitChoice, Segment, Timeline
from cutdown.transcript import Transcript

_WHOLE_FRAME: Final = Fraction(1, 100)  # of a frame: durations are held to the microsecond


def build_timeline(
    plan: EditPlan,
    narration: Narration | None,
    recording: Recording,
    signals: Signals,
    *,
    rate: Fraction,
    transcript: Transcript | None = None,
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
        transcript: what was said and when, to find the words of a line that name what is shown.

    Raises:
        PlanError: when nothing is left to show, or the narration does not belong to the plan.
    """
    calm = Calm(recording, signals)
    lines = narration.lines if narration else ()
    stretches = stretches_of(plan, lines, rate)
    if not any(stretch.shown for stretch in stretches):
        raise PlanError("the plan cuts everything: keep at least one action of a frame's length")
    fits: list[FitChoice] = [*_shortened(plan, lines)]
    slots = _slots(stretches, lines, Namer(transcript, signals, rate), calm, rate)
    spoken: dict[int, Passage] = {}
    for slot, fit in zip(slots, fit_lines(slots, rate), strict=True):
        spoken[slot.line] = settled(slot, fit)
        fits.extend(explained(slot, fit, spoken[slot.line], rate))
        for room, end in ((slot.before, -fit.before), (slot.after, fit.after)):
            if room is not None and end:
                _lend(stretches[room.neighbour], end)
    passages = list(passages_of(stretches, lambda line, _own: spoken[line]))
    return laid_out(recording, rate, passages, _in_plan_order(fits, plan), calm)


def laid_out(
    recording: Recording, rate: Fraction, passages: Sequence[Passage], fits: Sequence[FitChoice], calm: Calm
) -> Timeline:
    """The timeline of passages that are fitted."""
    return Timeline(
        recording_sha256=recording.sha256,
        rate=rate,
        segments=_segments(passages),
        sounds=lay_sounds(passages, has_sound=bool(recording.audio), calm=calm, rate=rate),
        fits=tuple(fits),
    )


def stretches_of(plan: EditPlan, lines: Sequence[NarrationLine], rate: Fraction) -> list[Stretch]:
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


def _slots(
    stretches: Sequence[Stretch], lines: Sequence[NarrationLine], namer: Namer, calm: Calm, rate: Fraction
) -> list[Slot]:
    """What each line has to be fitted into, in the timeline's order."""
    slots = []
    places_of: dict[int, list[int]] = {}
    for place, stretch in enumerate(stretches):
        if stretch.line is not None:
            places_of.setdefault(stretch.line, []).append(place)
    for number, line in enumerate(lines):
        places = places_of[number]
        first, last = places[0], places[-1]
        if any(stretch.shown and stretch.line != number for stretch in stretches[first : last + 1]):
            raise PlanError(
                f"action '{line.actions[0]}': its line speaks for actions that are not neighbours"
            )
        own = [stretches[place] for place in places]
        actions = [stretch.action for stretch in own]
        anchors = namer.anchors(actions, line)
        slots.append(
            Slot(
                number,
                max(1, line.samples),
                parts_of(own, anchors, calm, rate),
                before=room_before(stretches, first, calm, rate),
                after=room_after(stretches, last, calm, rate),
                anchors=anchors,
                trims=all(action.type == "rewrite" for action in actions),
            )
        )
    return sorted(slots, key=lambda slot: slot.parts[0].piece.start)


def _lend(neighbour: Stretch, ticks: int) -> None:
    """Take ticks from a stretch: from its beginning, or from its end where ``ticks`` is below 0."""
    if ticks > 0:
        neighbour.start += ticks
    else:
        neighbour.end += ticks


def passages_of(
    stretches: Sequence[Stretch], spoken: Callable[[int, Sequence[Stretch]], Passage]
) -> Iterator[Passage]:
    """All passages in order.

    Args:
        stretches: what is left of every action.
        spoken: gives the passage of a line, by its number and its stretches.
    """
    for line, group in groupby((s for s in stretches if s.shown), key=lambda stretch: stretch.line):
        if line is None:
            yield from (Passage((stretch.as_piece(),)) for stretch in group)
        else:
            yield spoken(line, list(group))


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
            yield FitChoice(
                action=line.actions[0],
                lever="text",
                seconds=saved,
                note=note,
                discomfort=round(SHORTENED * float(saved), 4),
            )


def _in_plan_order(fits: Iterable[FitChoice], plan: EditPlan) -> tuple[FitChoice, ...]:
    order = {action.id: index for index, action in enumerate(plan.actions)}
    return tuple(sorted(fits, key=lambda fit: order[fit.action]))
