"""What the run took: time, money and machine, and whether the result holds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from cutdown.certificate import Certificate, Check
from cutdown.report.phrases import PHASE_NAMES, cost_of, dollars, joined, number, percent, seconds_of, text

Record = Mapping[str, Any]


def phase_table(records: Sequence[Record]) -> str:
    """Time, share, processor, memory and money of each phase, with totals."""
    total = sum(seconds_of(record) for record in records)
    rows = joined(_phase_row(record, total) for record in records)
    costs = [cost_of(record) for record in records]
    known = [cost for cost in costs if cost is not None]
    spent = dollars(sum(known)) if len(known) == len(costs) else f"{dollars(sum(known))} and what is unpriced"
    peak = max((float(record.get("peak_memory_mb") or 0) for record in records), default=0.0)
    processor = sum(float(record.get("cpu_seconds") or 0) for record in records)
    return (
        '<table class="phases"><thead><tr><th scope="col">Phase</th><th scope="col">Share of the time</th>'
        '<th scope="col" class="figure">Time</th><th scope="col" class="figure">Processor</th>'
        '<th scope="col" class="figure">Memory</th><th scope="col" class="figure">Cost</th></tr></thead>'
        f'<tbody>\n{rows}\n</tbody><tfoot><tr><th scope="row">In all</th><td class="empty"></td>'
        f'<td class="figure" data-label="Time">{total:.1f}\u00a0s</td>'
        f'<td class="figure" data-label="Processor">{processor:.1f}\u00a0s</td>'
        f'<td class="figure" data-label="Memory">{number(round(peak), "MB")}</td>'
        f'<td class="figure" data-label="Cost">{spent}</td></tr></tfoot></table>'
    )


def _phase_row(record: Record, total: float) -> str:
    name = PHASE_NAMES.get(str(record.get("phase")), str(record.get("phase")))
    seconds = seconds_of(record)
    share = seconds / total if total else 0.0
    cached = ' <span class="chip quiet">from the cache</span>' if record.get("cached") else ""
    memory = record.get("peak_memory_mb")
    processor = record.get("cpu_seconds")
    details = _details(record)
    return (
        f'<tr><th scope="row">{text(name)}{cached}{details}</th>'
        f'<td class="bar-cell"><span class="bar" style="width:{100 * share:.1f}%"></span>'
        f"<small>{percent(share)}</small></td>"
        f'<td class="figure" data-label="Time">{seconds:.1f}\u00a0s</td>'
        f'<td class="figure" data-label="Processor">{number(None if processor is None else round(float(processor), 1), "s")}</td>'
        f'<td class="figure" data-label="Memory">{number(None if memory is None else round(float(memory)), "MB")}</td>'
        f'<td class="figure" data-label="Cost">{dollars(cost_of(record))}</td></tr>'
    )


def service_notes(records: Sequence[Record]) -> str:
    """Providers that did not deliver, and money that may have gone for lost answers; empty where neither."""
    notes = [
        f"<li>{text(made['used'])} instead of {text(made['wanted'])}: {text(made['why'])}</li>"
        for record in records
        for made in record.get("downgrades") or ()
    ]
    at_risk = sum(float(record.get("cost_at_risk") or 0) for record in records)
    if at_risk:
        notes.append(
            f"<li>Up to {dollars(at_risk)} more may have been charged for answers that were lost</li>"
        )
    return f'<div class="callout"><h3>Not as asked for</h3><ul>{joined(notes)}</ul></div>' if notes else ""


_OF_EVERY_RECORD = {
    *("phase", "timestamp", "video_id", "run_id", "elapsed_seconds", "cached", "total_time"),
    *("cpu_seconds", "cpu_percent_mean", "cpu_percent_max", "peak_memory_mb", "estimated_cost"),
    *("disk_read_mb", "disk_written_mb", "gpu", "trace", "downgrades", "cost_at_risk"),
}


def _details(record: Record) -> str:
    """What the phase says of itself, folded away."""
    pairs = []
    for name, value in record.items():
        if name in _OF_EVERY_RECORD or value is None:
            continue
        pairs.append(f"<dt>{text(name.replace('_', ' '))}</dt><dd>{text(_told(value))}</dd>")
    return f"<details><summary>details</summary><dl>{''.join(pairs)}</dl></details>" if pairs else ""


def _told(value: object) -> str:
    """A field in words: of steps their seconds, of other named counts each."""
    if isinstance(value, Mapping):
        return ", ".join(
            f"{key} {part['seconds']:.1f}\u00a0s" if isinstance(part, Mapping) else f"{key} {_told(part)}"
            for key, part in value.items()
        )
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def certificate_list(certificate: Certificate) -> str:
    """Every check, with what was measured folded away."""
    return f'<ul class="checks">\n{joined(_check(check) for check in certificate.checks)}\n</ul>'


def _check(check: Check) -> str:
    state, said = (
        ("open", "not measurable")
        if not check.measured
        else ("good", "passed")
        if check.passed
        else ("bad", "failed")
    )
    values = "".join(
        f"<dt>{text(value.name)}</dt><dd>{number(value.value, value.unit)}</dd>" for value in check.values
    )
    return (
        f'<li class="{state}"><span class="mark" role="img" aria-label="{said}"></span>'
        f"<div><h3>{text(check.name.replace('-', ' '))}</h3><p>{text(check.note)}</p>"
        f"<details><summary>what had to hold</summary><p>{text(check.limit)}</p><dl>{values}</dl></details></div></li>"
    )


def verdict(certificate: Certificate) -> str:
    """One line on all checks."""
    failed = [check.name.replace("-", " ") for check in certificate.checks if not check.passed]
    made = sum(check.measured for check in certificate.checks)
    if failed:
        return f'<p class="verdict bad">Failed: {text(", ".join(failed))}</p>'
    return f'<p class="verdict good">{made} of {len(certificate.checks)} checks made, all passed</p>'
