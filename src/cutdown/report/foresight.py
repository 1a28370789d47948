"""What was expected of the run against what came, and what would have helped."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from cutdown.advice import Finding
from cutdown.metrics import Forecast, PhaseForecast
from cutdown.report.phrases import PHASE_NAMES, cost_of, dollars, joined, seconds_of, text


def forecast_table(forecast: Forecast | None, records: Sequence[Mapping[str, Any]]) -> str:
    """Time and money by phase, foreseen and actual; empty without a forecast."""
    if forecast is None:
        return ""
    found = {str(record.get("phase")): record for record in records}
    rows = joined(_row(phase, found.get(phase.phase)) for phase in forecast.phases)
    costs = [cost_of(record) for record in records]
    spent = None if None in costs else sum(cost for cost in costs if cost is not None)
    return (
        '<h3>Against the forecast</h3><table class="foreseen"><thead><tr><th scope="col">Phase</th>'
        '<th scope="col" class="figure">Time foreseen</th><th scope="col" class="figure">Time</th>'
        '<th scope="col" class="figure">Cost foreseen</th><th scope="col" class="figure">Cost</th></tr></thead>'
        f'<tbody>\n{rows}\n</tbody><tfoot><tr><th scope="row">In all</th>'
        f'<td class="figure" data-label="Time foreseen">{forecast.total_seconds:.1f}\u00a0s</td>'
        f'<td class="figure" data-label="Time">{sum(map(seconds_of, records)):.1f}\u00a0s</td>'
        f'<td class="figure" data-label="Cost foreseen">{_range(*forecast.range_usd, forecast.total_usd)}</td>'
        f'<td class="figure" data-label="Cost">{dollars(spent)}</td></tr></tfoot></table>'
        f'<p class="note">Foreseen before the run, from its length, prices of {text(forecast.prices_as_of)}, '
        f"and {text(_bases(forecast))}.</p>"
    )


def _row(phase: PhaseForecast, record: Mapping[str, Any] | None) -> str:
    took = "–" if record is None else f"{seconds_of(record):.1f}\u00a0s"
    cached = ' <span class="chip quiet">from the cache</span>' if record and record.get("cached") else ""
    reckoned = f"<small>{text(phase.cost.arithmetic)}</small>"
    return (
        f'<tr><th scope="row">{text(PHASE_NAMES.get(phase.phase, phase.phase))}{cached}<br>{reckoned}</th>'
        f'<td class="figure" data-label="Time foreseen">{phase.seconds:.1f}\u00a0s</td>'
        f'<td class="figure" data-label="Time">{took}</td>'
        f'<td class="figure" data-label="Cost foreseen">{_range(phase.low, phase.high, phase.cost.usd)}</td>'
        f'<td class="figure" data-label="Cost">{"–" if record is None else dollars(cost_of(record))}</td></tr>'
    )


def _range(low: float | None, high: float | None, likely: float | None) -> str:
    if not high or low is None:
        return dollars(likely)
    return f"{dollars(likely)} <small>({dollars(low)}–{dollars(high)})</small>"


def _bases(forecast: Forecast) -> str:
    return ", ".join(dict.fromkeys(phase.basis for phase in forecast.phases))


def findings_list(findings: Sequence[Finding]) -> str:
    """What was wrong, each with the setting that would have helped most."""
    if not findings:
        return '<p class="note">Not slow, not costly, not held up, not short of anything: there is nothing to advise.</p>'
    return f'<ul class="advice">{joined(_finding(each) for each in findings)}</ul>'


def _finding(each: Finding) -> str:
    if each.advice is None:
        why = (
            "The advice above helps here too."
            if each.same_as
            else "No setting that is known here would have helped enough to be worth a word."
        )
        return f'<li class="quiet"><h3>{text(each.finding)}</h3><p>{why}</p></li>'
    option = text(each.advice.recommend)
    told = text(each.advice.sentence()).replace(option, f'<code class="option">{option}</code>', 1)
    return (
        f"<li><h3>{text(each.finding)}</h3><p>{told}.</p>"
        f"<p><small>Expected by {text(each.advice.source)}</small></p></li>"
    )
