"""The timeline as a picture: the recording above, the result below, and what became of what between."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Final

from cutdown.plan import EditAction, EditPlan
from cutdown.report.phrases import ACTION_NAMES, ACTIVITY_NAMES, clock, joined, percent, text, whole_clock
from cutdown.report.strips import WIDTH, across, strips
from cutdown.signals import Signals
from cutdown.timeline import Timeline

_RIBBON: Final = 84  # units; stretched to the page like the width
_LONGEST_QUOTE: Final = 220  # characters beside the picture; the table has all of them
_STEPS: Final = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600)  # seconds between marks
_MOST_MARKS: Final = 7


def places(timeline: Timeline) -> dict[str, tuple[Fraction, Fraction]]:
    """Where each action is seen in the result, in seconds; what is cut has no place."""
    found: dict[str, tuple[Fraction, Fraction]] = {}
    for segment in timeline.segments:
        start, end = segment.first_frame / timeline.rate, segment.end_frame / timeline.rate
        before = found.get(segment.action)
        found[segment.action] = (before[0] if before else start, end)
    return found


def timeline_picture(plan: EditPlan, timeline: Timeline, signals: Signals, peaks: Sequence[float]) -> str:
    """The figure: sound and screen, the recording's bar, ribbons, the result's bar, all to scale.

    The recording's pieces are a list of links: each tells its reason while it is pointed at or has the
    keyboard's focus, and leads to its row in the table. The rest repeats it for the eye alone.

    Args:
        plan: what was decided.
        timeline: where it is in the result.
        signals: silence, speech, stillness of the recording.
        peaks: loudness of the recording in even steps, each 0 to 1; none where it is not known.
    """
    where = places(timeline)
    return joined(
        [
            f'<p class="sr">{text(_summary(plan, timeline))}</p>',
            '<div class="reel">',
            *strips(plan, signals, peaks),
            f'<div class="reel-label"><span>Recording</span><span>{text(whole_clock(plan.duration))}</span></div>',
            _pieces(plan, where),
            _marks(plan.duration),
            _ribbons(plan, timeline, where),
            f'<div class="reel-label"><span>Result</span><span>{text(whole_clock(timeline.duration))}</span></div>',
            _result(plan, timeline, where),
            _marks(timeline.duration),
            "</div>",
            '<p class="hint" aria-hidden="true">Point at a piece of the recording, or tab to it, to read why.</p>',
            _legend(plan, where),
        ]
    )


def _pieces(plan: EditPlan, where: Mapping[str, tuple[Fraction, Fraction]]) -> str:
    """The recording's bar as a list: what happens to each stretch, and why."""
    items = []
    for action in plan.actions:
        name = text(action.id)
        items.append(
            f'<li><a class="piece {action.type}" href="#{name}" aria-describedby="why-{name}" '
            f'style="{_span(action.start, action.end, plan.duration)}" {_moments(action, where)}>'
            f'<span class="label">{_label(action)}</span>'
            f'<span class="sr">, {clock(action.start)} to {clock(action.end)}</span></a>'
            f'<div class="why" id="why-{name}">{_why(action, where.get(action.id))}</div></li>'
        )
    return f'<ol class="film" aria-label="Decisions in the order of the recording">{"".join(items)}</ol>'


def _why(action: EditAction, place: tuple[Fraction, Fraction] | None) -> str:
    result = f", in the result from {clock(place[0])} to {clock(place[1])}" if place else ""
    said = action.narration or action.quote
    quote = (
        f" <q>{text(said if len(said) <= _LONGEST_QUOTE else said[:_LONGEST_QUOTE] + '…')}</q>"
        if said
        else ""
    )
    goes_on = f" <small>{text(ACTIVITY_NAMES[action.activity])}</small>" if action.activity else ""
    return (
        f"<b>{_label(action)}</b>{goes_on} <code>{text(action.id)}</code> "
        f'<span class="time">{clock(action.start)}–{clock(action.end)}{result}</span><br>{text(action.reason)}{quote}'
    )


def _label(action: EditAction) -> str:
    factor = f" ×{float(action.factor):g}" if action.factor else ""
    return text(ACTION_NAMES[action.type] + factor)


def _moments(action: EditAction, where: Mapping[str, tuple[Fraction, Fraction]]) -> str:
    result = f' data-result="{float(where[action.id][0]):.3f}"' if action.id in where else ""
    return f'data-source="{float(action.start):.3f}"{result}'


def _result(plan: EditPlan, timeline: Timeline, where: Mapping[str, tuple[Fraction, Fraction]]) -> str:
    pieces = "".join(
        f'<span class="piece {action.type}" style="{_span(*where[action.id], timeline.duration)}"></span>'
        for action in plan.actions
        if action.id in where
    )
    return f'<div class="film" aria-hidden="true">{pieces}</div>'


def _ribbons(plan: EditPlan, timeline: Timeline, where: Mapping[str, tuple[Fraction, Fraction]]) -> str:
    shapes = "".join(
        _ribbon(
            action,
            across(action.start, plan.duration),
            across(action.end, plan.duration),
            *(across(moment, timeline.duration) for moment in where[action.id]),
        )
        for action in plan.actions
        if action.id in where
    )
    return (
        f'<svg class="ribbons" viewBox="0 0 {WIDTH} {_RIBBON}" preserveAspectRatio="none" aria-hidden="true" '
        f'focusable="false">{shapes}</svg>'
    )


def _ribbon(action: EditAction, left: float, right: float, low: float, high: float) -> str:
    middle = _RIBBON / 2
    return (
        f'<path class="{action.type}" data-of="{text(action.id)}" d="M{left:.1f} 0C{left:.1f} {middle:g} {low:.1f} {middle:g} '
        f'{low:.1f} {_RIBBON}H{high:.1f}C{high:.1f} {middle:g} {right:.1f} {middle:g} {right:.1f} 0Z"/>'
    )


def _span(start: Fraction, end: Fraction, whole: Fraction) -> str:
    """Where a piece lies in a bar, as CSS."""
    return f"left:{across(start, whole) / 10:.3f}%;width:{across(end - start, whole) / 10:.3f}%"


def _summary(plan: EditPlan, timeline: Timeline) -> str:
    counts = {kind: sum(action.type == kind for action in plan.actions) for kind in ACTION_NAMES}
    told = ", ".join(f"{count} {ACTION_NAMES[kind]}" for kind, count in counts.items() if count)
    return (
        f"A recording of {whole_clock(plan.duration)} became a result of {whole_clock(timeline.duration)}: {told}. "
        "The list says what became of each stretch; each entry leads to its row in the table of decisions."
    )


def _marks(duration: Fraction) -> str:
    """Times along a bar, as text of the page: text inside a stretched picture would be stretched."""
    step = next((s for s in _STEPS if duration / s <= _MOST_MARKS), 7200)
    marks = []
    at = 0
    while at <= duration:
        share = float(at / duration)
        if share < 0.92 or at == 0:
            marks.append(f'<span style="left:{100 * share:.2f}%">{text(whole_clock(at))}</span>')
        at += step
    return f'<div class="marks" aria-hidden="true">{"".join(marks)}</div>'


def _legend(plan: EditPlan, where: Mapping[str, tuple[Fraction, Fraction]]) -> str:
    items = []
    for kind, name in ACTION_NAMES.items():
        actions = [action for action in plan.actions if action.type == kind]
        if not actions:
            continue
        source = sum((action.duration for action in actions), Fraction(0))
        result = sum((where[a.id][1] - where[a.id][0] for a in actions if a.id in where), Fraction(0))
        became = f" → {clock(result)}" if kind in ("speedup", "rewrite") else ""
        items.append(
            f'<li><span class="swatch {kind}"></span><b>{text(name)}</b> {clock(source)}{became} '
            f"<small>{percent(float(source / plan.duration))} in {len(actions)}</small></li>"
        )
    return f'<ul class="legend">{"".join(items)}</ul>'
