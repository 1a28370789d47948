"""Puts the page together."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.resources import files
from string import Template
from typing import Final

from cutdown.advice import Finding
from cutdown.certificate import Certificate
from cutdown.metrics import Forecast
from cutdown.narration import Narration
from cutdown.plan import EditPlan
from cutdown.recording import Recording
from cutdown.report.accounts import Record, certificate_list, phase_table, service_notes, verdict
from cutdown.report.choosing import chapter_list, chosen_from, doubts, left_out
from cutdown.report.curves import machine_curves
from cutdown.report.foresight import findings_list, forecast_table
from cutdown.report.phrases import clock, link, number, percent, text, whole_clock
from cutdown.report.picture import timeline_picture
from cutdown.report.tables import fit_table, narration_list, plan_table
from cutdown.signals import Signals
from cutdown.timeline import Chapter, Timeline

_MEGABYTE: Final = 1_000_000
_LONG_PLAN: Final = 40  # actions; a longer table is folded away at first


def write_report(
    *,
    title: str,
    before: str,
    after: str,
    recording: Recording,
    signals: Signals,
    plan: EditPlan,
    narration: Narration,
    timeline: Timeline,
    certificate: Certificate,
    records: Sequence[Record],
    peaks: Sequence[float] = (),
    forecast: Forecast | None = None,
    findings: Sequence[Finding] = (),
    chapters: Sequence[Chapter] = (),
) -> str:
    """The report as one HTML file that fetches nothing but the two videos beside it.

    Args:
        title: what the video is called.
        before: path of the recording, relative to the report.
        after: path of the result, relative to the report.
        recording: what the recording is.
        signals: what its sound and picture do.
        plan: what was decided.
        narration: what was spoken anew.
        timeline: how it was laid out.
        certificate: how the result was found.
        records: the run's metrics records, as they are written.
        peaks: loudness of the recording in even steps, each 0 to 1, for a waveform; none leaves it out.
        forecast: what was expected before the run; none leaves the comparison out.
        findings: what was wrong with the run, and what would have helped.
        chapters: of the result.
    """
    here = files("cutdown.report")
    page = Template((here / "page.html").read_text(encoding="utf-8"))
    fits, lines = fit_table(timeline), narration_list(narration)
    return page.substitute(
        title=text(title),
        style=(here / "page.css").read_text(encoding="utf-8"),
        script=(here / "page.js").read_text(encoding="utf-8"),
        verdict=verdict(certificate) + _pointer(findings),
        headline=_headline(plan, timeline),
        players=_players(recording, before, after),
        picture=timeline_picture(plan, timeline, signals, peaks),
        plan=doubts(plan) + _folded(plan_table(plan, timeline, before, after), len(plan.actions)),
        fits=_section("fits", "How narration was fitted", fits),
        narration=_section("narration", "Spoken anew", lines),
        chapters=_section("chapters", "Chapters", chapter_list(chapters, after)),
        choosing=_section("left-out", "Left out for the length", left_out(plan, before))
        + _section("candidates", "Chosen from", chosen_from(plan.candidates)),
        checks=certificate_list(certificate),
        phases=service_notes(records)
        + phase_table(records)
        + machine_curves(records)
        + forecast_table(forecast, records),
        advice=findings_list(findings),
        facts=_facts(recording, plan, certificate),
    )


def _headline(plan: EditPlan, timeline: Timeline) -> str:
    share = float(timeline.duration / plan.duration)
    saved = max(plan.duration - timeline.duration, plan.duration * 0)
    return (
        f'<p class="lengths"><span>{whole_clock(plan.duration)}</span> <i aria-hidden="true">→</i> '
        f'<span class="sr">became</span> <b>{whole_clock(timeline.duration)}</b></p>'
        f'<div class="share" aria-hidden="true"><span style="width:{min(100.0, 100 * share):.2f}%"></span></div>'
        f"<p>{percent(share)} of the recording; {clock(saved)} of watching saved.</p>"
    )


def _pointer(findings: Sequence[Finding]) -> str:
    """The way to the advice, from the top of the page."""
    count = sum(finding.advice is not None for finding in findings)
    if not count:
        return ""
    return f'<p class="pointer"><a href="#advice">{count} setting{"s" if count > 1 else ""} would have helped</a></p>'


def _players(recording: Recording, before: str, after: str) -> str:
    kind = "video" if recording.picture else "audio"
    shape = (
        f' style="aspect-ratio:{recording.picture.display_width}/{recording.picture.display_height}"'
        if recording.picture
        else ""
    )
    return "".join(
        f'<figure><figcaption>{name}</figcaption><{kind} id="{place}" controls preload="metadata"{shape} '
        f'src="{link(path)}#t=0.1" aria-label="{name}"></{kind}>'
        f'<a class="file" href="{link(path)}">{text(path.rsplit("/", 1)[-1])}</a></figure>'
        for place, name, path in (("after", "After", after), ("before", "Before", before))
    )


def _folded(table: str, rows: int) -> str:
    if rows <= _LONG_PLAN:
        return table
    return f"<details><summary>All {rows} actions</summary>{table}</details>"


def _section(name: str, heading: str, content: str) -> str:
    return f'<section id="{name}"><h2>{heading}</h2>{content}</section>' if content else ""


def _facts(recording: Recording, plan: EditPlan, certificate: Certificate) -> str:
    picture = recording.picture
    pairs = {
        "Recording": recording.name,
        "Length": clock(recording.duration),
        "Size": number(round(recording.size_bytes / _MEGABYTE, 1), "MB"),
        "Picture": (
            f"{picture.display_width}×{picture.display_height}, {picture.codec}, "
            f"{float(picture.rate):.5g} frames/s{', variable' if picture.variable_rate else ''}"
            if picture
            else "none"
        ),
        "Sound": ", ".join(f"{track.codec} {track.sample_rate} Hz" for track in recording.audio) or "none",
        "Language": plan.language,
        "Planned by": plan.director,
        "Target": clock(plan.target_seconds) if plan.target_seconds is not None else "none given",
        "Recording's SHA-256": recording.sha256,
        "Result's SHA-256": certificate.sha256,
    }
    return "".join(f"<dt>{text(name)}</dt><dd>{text(value)}</dd>" for name, value in pairs.items())
