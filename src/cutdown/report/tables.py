"""The plan, the fitting and the narration as tables."""

from __future__ import annotations

from fractions import Fraction

from cutdown.narration import Narration
from cutdown.plan import EditAction, EditPlan
from cutdown.report.phrases import ACTION_NAMES, ACTIVITY_NAMES, LEVER_NAMES, joined, moment, text
from cutdown.report.picture import places
from cutdown.timeline import Timeline


def plan_table(plan: EditPlan, timeline: Timeline, before: str, after: str) -> str:
    """Every action: when, what, why, and what is said.

    Args:
        plan: what was decided.
        timeline: where it is in the result.
        before: relative path of the recording.
        after: relative path of the result.
    """
    where = places(timeline)
    rows = joined(_action_row(action, where.get(action.id), before, after) for action in plan.actions)
    return (
        '<table class="plan"><thead><tr><th scope="col">Action</th><th scope="col">In the recording</th>'
        '<th scope="col">In the result</th><th scope="col">Why</th><th scope="col">What is said</th></tr></thead>'
        f"<tbody>\n{rows}\n</tbody></table>"
    )


def _action_row(action: EditAction, place: tuple[Fraction, Fraction] | None, before: str, after: str) -> str:
    factor = f" ×{float(action.factor):g}" if action.factor else ""
    evidence = "".join(f"<li>{text(item.note)}</li>" for item in action.evidence)
    goes_on = (
        f'<span class="chip quiet">{text(ACTIVITY_NAMES[action.activity])}</span> ' if action.activity else ""
    )
    certain = f" <small>{action.confidence:.0%} sure</small>" if action.confidence < 1 else ""
    result = moment(after, "after", place[0], place[1]) if place else '<span class="none">left out</span>'
    return (
        f'<tr class="{action.type}" id="{text(action.id)}">'
        f'<th scope="row"><span class="chip {action.type}">{ACTION_NAMES[action.type]}{factor}</span> '
        f"<code>{text(action.id)}</code></th>"
        f'<td data-label="Recording">{moment(before, "before", action.start, action.end)}</td>'
        f'<td data-label="Result">{result}</td>'
        f'<td data-label="Why">{goes_on}{text(action.reason)}{certain}{f"<ul>{evidence}</ul>" if evidence else ""}</td>'
        f'<td data-label="Said">{_said(action)}</td></tr>'
    )


def _said(action: EditAction) -> str:
    if action.narration and action.quote:
        return f"<del>{text(action.quote)}</del> <ins>{text(action.narration)}</ins>"
    if action.narration:
        return f"<ins>{text(action.narration)}</ins>"
    if not action.quote:
        return '<span class="none">nothing</span>'
    return f"<del>{text(action.quote)}</del>" if action.type == "cut" else f"<q>{text(action.quote)}</q>"


def fit_table(timeline: Timeline) -> str:
    """How narration was fitted to picture; empty where nothing had to be."""
    if not timeline.fits:
        return ""
    rows = joined(
        f'<tr class="{"flagged" if fit.lever == "flag" else ""}"><th scope="row">'
        f'<a href="#{text(fit.action)}"><code>{text(fit.action)}</code></a></th>'
        f'<td data-label="How">{text(LEVER_NAMES[fit.lever])}</td>'
        f'<td data-label="Gained" class="figure">{float(fit.seconds):.2f}\u00a0s</td>'
        f'<td data-label="Cost" class="figure">{fit.discomfort:.2f}</td>'
        f'<td data-label="Note">{text(fit.note)}</td></tr>'
        for fit in timeline.fits
    )
    return (
        '<table class="fits"><thead><tr><th scope="col">Action</th><th scope="col">How</th>'
        '<th scope="col" class="figure">Gained</th><th scope="col" class="figure">Cost</th>'
        '<th scope="col">Note</th></tr></thead>'
        f"<tbody>\n{rows}\n</tbody></table>"
    )


def narration_list(narration: Narration) -> str:
    """Every line that was spoken anew; empty where none was."""
    if not narration.lines:
        return ""
    lines = joined(
        f"<li><p>{text(line.text)}</p><small>{line.seconds:.1f}\u00a0s, for "
        + ", ".join(f'<a href="#{text(name)}"><code>{text(name)}</code></a>' for name in line.actions)
        + (f"; read as “{text(line.spoken)}”" if line.spoken != line.text else "")
        + "</small></li>"
        for line in narration.lines
    )
    return (
        f"<p>Voice <b>{text(narration.voice)}</b> by {text(narration.provider)}; "
        f"words respelled for it: {narration.pronunciation_fixes}.</p>"
        f'<ol class="lines">\n{lines}\n</ol>'
    )
