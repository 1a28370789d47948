"""The timeline as a picture: the recording above, the result below, and what became of what between."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from typing import Final

from cutdown.plan import EditAction, EditPlan
from cutdown.report.phrases import ACTION_NAMES, clock, joined, percent, text, whole_clock
from cutdown.signals import Signals
from cutdown.timeline import Timeline

WIDTH: Final = 1000  # units; stretched to the page, so nothing in it may be text
_BAR: Final = 56
_RIBBON: Final = 84
_STRIP: Final = 44
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
    """The figure: both bars with ribbons between them, then the strips of sound and screen.

    Args:
        plan: what was decided.
        timeline: where it is in the result.
        signals: silence, speech, stillness of the recording.
        peaks: loudness of the recording in even steps, each 0 to 1; none where it is not known.
    """
    where = places(timeline)
    strips = [
        _strip("Speech", _spans((s.start, s.end) for s in signals.speech), plan.duration, "speech"),
        _strip(
            "Screen",
            _spans((s.start, s.end) for s in signals.screen if not s.still),
            plan.duration,
            "screen",
        ),
    ]
    if peaks:
        strips.insert(0, _waveform(peaks))
    return joined(
        [
            '<div class="reel">',
            f'<div class="reel-label"><span>Recording</span><span>{text(whole_clock(plan.duration))}</span></div>',
            _marks(plan.duration),
            _bars(plan, timeline, where),
            _marks(timeline.duration),
            f'<div class="reel-label"><span>Result</span><span>{text(whole_clock(timeline.duration))}</span></div>',
            "</div>",
            _legend(plan, where),
            '<div class="strips">',
            *strips,
            "</div>",
        ]
    )


def _bars(plan: EditPlan, timeline: Timeline, where: Mapping[str, tuple[Fraction, Fraction]]) -> str:
    height = 2 * _BAR + _RIBBON
    shapes: list[str] = []
    for action in plan.actions:
        left, right = _across(action.start, plan.duration), _across(action.end, plan.duration)
        pieces = [_box(left, 0, right - left, _BAR)]
        if action.id in where:
            start, end = where[action.id]
            low, high = _across(start, timeline.duration), _across(end, timeline.duration)
            pieces.append(_ribbon(left, right, low, high))
            pieces.append(_box(low, _BAR + _RIBBON, high - low, _BAR))
        place = where.get(action.id)
        shapes.append(
            f'<g class="act {action.type}" data-source="{float(action.start):.3f}"'
            + (f' data-result="{float(place[0]):.3f}"' if place else "")
            + f"><title>{text(_hint(action, place))}</title>{''.join(pieces)}</g>"
        )
    return (
        f'<svg class="bars" viewBox="0 0 {WIDTH} {height}" preserveAspectRatio="none" role="img" '
        f'aria-label="{text(_summary(plan, timeline))}">'
        '<defs><pattern id="hatch" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">'
        '<rect class="hatch-ground" width="6" height="6"/><rect class="hatch-line" width="2" height="6"/>'
        f"</pattern></defs>{''.join(shapes)}</svg>"
    )


def _hint(action: EditAction, place: tuple[Fraction, Fraction] | None) -> str:
    name = ACTION_NAMES[action.type] + (f" {float(action.factor):g} times" if action.factor else "")
    result = f"\nin the result from {clock(place[0])} to {clock(place[1])}" if place else ""
    said = action.narration or action.quote
    return f"{action.id}: {name}, {clock(action.start)} to {clock(action.end)}\n{action.reason}{result}" + (
        f"\n“{said}”" if said else ""
    )


def _summary(plan: EditPlan, timeline: Timeline) -> str:
    counts = {kind: sum(action.type == kind for action in plan.actions) for kind in ACTION_NAMES}
    told = ", ".join(f"{count} {ACTION_NAMES[kind]}" for kind, count in counts.items() if count)
    return (
        f"Recording of {whole_clock(plan.duration)} above, result of {whole_clock(timeline.duration)} below; "
        f"{told}. The table of decisions below says the same in words."
    )


def _across(moment: Fraction, whole: Fraction) -> float:
    return float(moment / whole) * WIDTH if whole else 0.0


def _box(left: float, top: float, width: float, height: float) -> str:
    return f'<rect x="{left:.2f}" y="{top:g}" width="{max(width, 0.6):.2f}" height="{height:g}"/>'


def _ribbon(left: float, right: float, low: float, high: float) -> str:
    top, bottom = _BAR, _BAR + _RIBBON
    middle = (top + bottom) / 2
    return (
        f'<path class="ribbon" d="M{left:.2f} {top}C{left:.2f} {middle:g} {low:.2f} {middle:g} {low:.2f} {bottom}'
        f'H{high:.2f}C{high:.2f} {middle:g} {right:.2f} {middle:g} {right:.2f} {top}Z"/>'
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


def _spans(pairs: Iterator[tuple[Fraction, Fraction]]) -> list[tuple[Fraction, Fraction]]:
    return list(pairs)


def _strip(label: str, spans: Sequence[tuple[Fraction, Fraction]], duration: Fraction, kind: str) -> str:
    boxes = "".join(
        _box(_across(start, duration), 0, _across(end, duration) - _across(start, duration), _STRIP)
        for start, end in spans
    )
    total = sum((end - start for start, end in spans), Fraction(0))
    what = "somebody speaks" if kind == "speech" else "something moves"
    share = percent(float(total / duration)) if duration else "–"
    return (
        f'<figure class="strip {kind}"><figcaption>{text(label)} <small>{what} {share}</small></figcaption>'
        f'<svg viewBox="0 0 {WIDTH} {_STRIP}" preserveAspectRatio="none" role="img" '
        f'aria-label="{text(label)}: {what} in {share} of the recording">{boxes}</svg></figure>'
    )


def _waveform(peaks: Sequence[float]) -> str:
    middle = _STRIP / 2
    step = WIDTH / len(peaks)
    upper = [
        f"{(i + 0.5) * step:.2f} {middle - middle * min(1.0, max(0.01, p)):.2f}" for i, p in enumerate(peaks)
    ]
    lower = [
        f"{(i + 0.5) * step:.2f} {middle + middle * min(1.0, max(0.01, p)):.2f}" for i, p in enumerate(peaks)
    ]
    return (
        '<figure class="strip wave"><figcaption>Sound</figcaption>'
        f'<svg viewBox="0 0 {WIDTH} {_STRIP}" preserveAspectRatio="none" role="img" '
        f'aria-label="Loudness of the recording"><path d="M{"L".join([*upper, *reversed(lower)])}Z"/></svg></figure>'
    )
