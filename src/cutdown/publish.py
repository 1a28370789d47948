"""What a run leaves in the folder: every file whole, the video last.

Files appear under their names only when all of them are complete. Nothing is written when a phase
failed before; an output that failed a check is kept under a name that says so.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
from collections import Counter
from collections.abc import Mapping, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any, Final, NamedTuple

from cutdown.advice import Finding, advices
from cutdown.captions import to_text
from cutdown.certificate import Certificate
from cutdown.errors import UsageError
from cutdown.job import Job, Outcome, PhaseAccount
from cutdown.metrics import (
    AssemblyRecord,
    Forecast,
    PhaseRecord,
    ServiceRecord,
    append_record,
    baseline,
    write_baseline,
)
from cutdown.metrics.gathering import METRICS_FILE
from cutdown.narration import Narration
from cutdown.plan import EditPlan
from cutdown.products import Assembled, Checked, Directed, Ingested, Voiced
from cutdown.recording import Recording
from cutdown.report import write_report
from cutdown.settings import history_file
from cutdown.signals import Signals
from cutdown.store import Store, write_whole
from cutdown.timeline import Timeline

_CHAPTERS: Final = "chapters.txt"
_CLOSE: Final = Fraction(102, 100)  # times the length asked for; as near as the director goes
_MOST_DOUBTS: Final = 5  # decisions that are told one by one


class Results(NamedTuple):
    """What the phases gave; the later ones are missing after a dry run."""

    recording: Recording
    ingested: Ingested
    directed: Directed
    voiced: Voiced | None = None
    assembled: Assembled | None = None
    checked: Checked | None = None


def publish(
    job: Job,
    results: Results,
    records: list[PhaseRecord],
    store: Store,
    forecast: Forecast | None = None,
    *,
    foreseen: Forecast | None = None,
    findings: Sequence[Finding] = (),
) -> Outcome:
    """Write what a run made into the job's folder.

    Args:
        job: says where.
        results: what the phases gave.
        records: the run's metrics records, one a phase, in order.
        store: holds the files.
        forecast: after a dry run, what the whole run would take.
        foreseen: before any other run, what it was expected to take.
        findings: what was wrong with the run, and what to set otherwise.

    Raises:
        UsageError: when the folder cannot be written.
    """
    plan = EditPlan.from_json(store.read_text(results.directed.plan))
    certificate = _certificate(results, store)
    name = _video_name(job, passed=certificate is None or certificate.passed)
    texts = {
        "plan.json": plan.to_json(),
        "transcript.json": store.read_text(results.ingested.transcript),
    }
    if results.assembled and certificate:
        made = results.assembled
        texts["timeline.json"] = store.read_text(made.timeline)
        texts["captions.srt"] = store.read_text(made.srt)
        texts["captions.vtt"] = store.read_text(made.vtt)
        if len(made.chapters) > 1:
            texts[_CHAPTERS] = to_text(made.chapters)
        texts["certificate.json"] = (
            certificate.model_copy(update={"output": name}).model_dump_json(indent=2) + "\n"
        )
        texts["report.html"] = write_report(
            **_of_report(job, results, certificate, plan, name, store),
            records=[record.model_dump(mode="json") for record in records],
            forecast=foreseen,
            findings=findings,
        )
    video = {name: store.path(results.assembled.video)} if results.assembled else {}
    try:
        write_together(job.folder, texts, video)
        if video:
            _drop_what_is_replaced(job, name, texts)
    except OSError as error:
        raise UsageError(
            f"cannot write the results to '{job.folder}': {error.strerror}; choose another --out"
        ) from error
    for record in records:
        append_record(job.folder / METRICS_FILE, record)
        append_record(history_file(), record)
    if job.metrics_output:
        write_baseline(job.metrics_output, baseline(records, results.recording, job.folder))
    files = (*video, *texts, METRICS_FILE)
    outcome = _outcome(job, results, plan, certificate, records, files, store, forecast)
    return outcome.model_copy(update={"advice": tuple(each.sentence() for each in advices(findings))})


def write_together(folder: Path, texts: Mapping[str, str], copies: Mapping[str, Path]) -> None:
    """Write files that belong together: where one does not fit, those of before stay as they are.

    Args:
        folder: made where there is none.
        texts: by file name.
        copies: the files to copy by file name; these appear last.

    Raises:
        OSError: when the folder cannot be written.
    """
    with contextlib.ExitStack() as names:  # all get their names at its end, the first one last
        for name, source in copies.items():
            shutil.copyfile(source, names.enter_context(write_whole(folder / name)))
        for name, text in texts.items():
            names.enter_context(write_whole(folder / name)).write_text(text, encoding="utf-8")


def _video_name(job: Job, *, passed: bool) -> str:
    kind = (".preview" if job.preview else "") + ("" if passed else ".failed")
    return f"{job.name}{kind}.mp4"


def _drop_what_is_replaced(job: Job, name: str, texts: Mapping[str, str]) -> None:
    """A result that passes replaces the failed one of before, and the other way round; chapters of another plan go."""
    if _CHAPTERS not in texts:
        (job.folder / _CHAPTERS).unlink(missing_ok=True)
    for passed in (True, False):
        other = _video_name(job, passed=passed)
        if other != name:
            (job.folder / other).unlink(missing_ok=True)


def _certificate(results: Results, store: Store) -> Certificate | None:
    if results.checked is None:
        return None
    return Certificate.model_validate_json(store.read_text(results.checked.certificate))


def with_checking(records: Sequence[PhaseRecord]) -> list[PhaseRecord]:
    """Checking the output is the end of assembly: one record for both."""
    checking = next((record for record in records if record.phase == "check"), None)
    rest = [record for record in records if record.phase != "check"]
    if checking is None:
        return rest
    return [
        record.with_checking(checking) if isinstance(record, AssemblyRecord) else record for record in rest
    ]


def _of_report(
    job: Job, results: Results, certificate: Certificate, plan: EditPlan, name: str, store: Store
) -> dict[str, Any]:
    """What the report shows of the video; its account of the run comes on top."""
    assert results.assembled
    assert results.voiced
    return {
        "title": job.name,
        "before": job.seen_from_report or _relative(job.source, job.folder),
        "after": name,
        "recording": results.recording,
        "signals": Signals.model_validate_json(store.read_text(results.ingested.signals)),
        "plan": plan,
        "narration": Narration.model_validate_json(store.read_text(results.voiced.narration)),
        "timeline": Timeline.model_validate_json(store.read_text(results.assembled.timeline)),
        "certificate": certificate,
        "chapters": results.assembled.chapters,
        "peaks": json.loads(store.read_text(results.ingested.waveform)),
    }


def _relative(source: Path, folder: Path) -> str:
    """The way from the folder to the recording, so that both can move together."""
    return Path(os.path.relpath(source.absolute(), folder)).as_posix()


def _outcome(
    job: Job,
    results: Results,
    plan: EditPlan,
    certificate: Certificate | None,
    records: list[PhaseRecord],
    files: tuple[str, ...],
    store: Store,
    forecast: Forecast | None,
) -> Outcome:
    seconds = plan.planned_duration
    flags: tuple[str, ...] = ()
    if results.assembled:
        timeline = Timeline.model_validate_json(store.read_text(results.assembled.timeline))
        seconds = timeline.duration
        flags = tuple(f"{fit.action}: {fit.note}" for fit in timeline.fits if fit.lever == "flag")
    failed = tuple(check.name for check in certificate.checks if not check.passed) if certificate else ()
    counts = Counter(action.type for action in plan.actions)
    return Outcome(
        video_id=results.recording.sha256,
        run_id=records[0].run_id,
        folder=job.folder,
        video=files[0] if results.assembled else None,
        files=files,
        source_seconds=results.recording.duration,
        output_seconds=seconds,
        actions={kind: counts[kind] for kind in ("keep", "cut", "speedup", "rewrite")},
        phases=tuple(_account(record) for record in records),
        forecast=forecast,
        passed=not failed,
        failed_checks=failed,
        downgrades=_downgrades(records),
        flags=(*flags, *_too_long(plan), *_ungrounded(plan), *_doubtful(plan)),
        coverage=plan.selection.coverage if plan.selection else None,
        left_out=len(plan.left_out),
        left_out_worth=sum(passage.worth for passage in plan.left_out),
    )


def _too_long(plan: EditPlan) -> tuple[str, ...]:
    """That a recording without speech, of which nothing is left out, cannot be as short as it was asked for."""
    wanted = plan.target_seconds
    if wanted is None or plan.selection is not None or plan.planned_duration <= wanted * _CLOSE:
        return ()
    lasts = f"the plan lasts {float(plan.planned_duration):.1f} s where {float(wanted):g} s were asked for"
    return (f"{lasts}: without speech nothing that moves is left out; cut stretches of plan.json by hand",)


def _ungrounded(plan: EditPlan) -> tuple[str, ...]:
    """New narration that names what the recording does not."""
    return tuple(
        f"{action.id}: the narration names what was {item.note}"
        for action in plan.actions
        for item in action.evidence
        if item.kind == "ungrounded"
    )


def _doubtful(plan: EditPlan) -> tuple[str, ...]:
    """Decisions that are rather wrong than right; new narration that says why is told of by itself."""
    unsure = [
        action for action in plan.doubtful if not any(item.kind == "ungrounded" for item in action.evidence)
    ]
    lines = [
        f"{action.id}: {action.confidence:.0%} sure: {action.reason}" for action in unsure[:_MOST_DOUBTS]
    ]
    if len(unsure) > _MOST_DOUBTS:
        lines.append(f"{len(unsure) - _MOST_DOUBTS} more decisions that are as unsure; the plan has them")
    return tuple(lines)


def _account(record: PhaseRecord) -> PhaseAccount:
    cost, at_risk = (
        (record.estimated_cost, record.cost_at_risk) if isinstance(record, ServiceRecord) else (0.0, 0.0)
    )
    return PhaseAccount(
        phase=record.phase,
        seconds=record.elapsed_seconds,
        cached=record.cached,
        cost=cost,
        at_risk=at_risk,
    )


def _downgrades(records: list[PhaseRecord]) -> tuple[str, ...]:
    return tuple(
        f"{made.used} instead of {made.wanted}: {made.why}"
        for record in records
        if isinstance(record, ServiceRecord)
        for made in record.downgrades
    )
