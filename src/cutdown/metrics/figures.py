"""What many records come to, in groups: by video, by phase, by service.

Seconds and dollars are sums over all records of a group. Percentiles are of the work that was
really done: a phase whose answer came from the cache says nothing of how long the work takes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from statistics import quantiles
from typing import Final, TypeVar

from cutdown.metrics.records import (
    RECORD_OF_PHASE,
    AssemblyRecord,
    DirectorRecord,
    IngestRecord,
    PhaseRecord,
    ServiceRecord,
    VoiceRecord,
    cost_of,
    phase_seconds,
)
from cutdown.timebase import Frozen

Key = TypeVar("Key")
Kind = TypeVar("Kind", bound=PhaseRecord)

_DECIMALS: Final = 6  # as in the records themselves


class Spread(Frozen):
    """Of several values: their number, mean, median, and what 95 % do not exceed."""

    count: int
    mean: float | None
    p50: float | None
    p95: float | None

    @classmethod
    def of(cls, values: Sequence[float]) -> Spread:
        """The spread; all None but the count where there are no values. Between two values, in proportion."""
        if not values:
            return cls(count=0, mean=None, p50=None, p95=None)
        twentieths = quantiles(values, n=20, method="inclusive") if len(values) > 1 else [values[0]] * 19
        return cls(
            count=len(values),
            mean=rounded(sum(values) / len(values)),
            p50=rounded(twentieths[9]),
            p95=rounded(twentieths[18]),
        )


class Money(Frozen):
    """US dollars of several records."""

    estimated_cost: float | None
    """None as soon as one of them has no known price."""
    known_cost: float
    """Of those that have one."""
    unpriced: int
    """Records without a known price."""
    cost_at_risk: float
    """What may have been charged besides, for answers that were lost."""

    @classmethod
    def of(cls, records: Iterable[PhaseRecord]) -> Money:
        """The sums; a record that can cost nothing counts 0, one without a price is unpriced."""
        records = tuple(records)
        costs = [cost_of(record) for record in records]
        known = rounded(sum(cost for cost in costs if cost is not None))
        unpriced = costs.count(None)
        risks = (record.cost_at_risk for record in records if isinstance(record, ServiceRecord))
        return cls(
            estimated_cost=None if unpriced else known,
            known_cost=known,
            unpriced=unpriced,
            cost_at_risk=rounded(sum(risks)),
        )


class VideoFigures(Frozen):
    """One recording, all its runs together."""

    video_id: str
    name: str
    """What people call it; empty where nobody said."""
    runs: int
    seconds: float
    """Of all its runs."""
    video_seconds: float | None
    """Length of the recording; None where no record tells."""
    output_seconds: float | None
    """Length of the last result; None where none was made."""
    seconds_by_phase: Mapping[str, float]
    cached_phases: int
    """Phases that found their answer, over all its runs."""
    money: Money


class PhaseFigures(Frozen):
    """One phase over all videos."""

    phase: str
    records: int
    cached: int
    """Of these, found instead of done."""
    seconds: float
    share: float | None
    """Of the seconds of all phases, 0 to 1; None where there are none."""
    work: Spread
    """Seconds of the phases that were done."""
    cpu_seconds: float
    peak_memory_mb: float
    """The highest of all."""
    money: Money


class ServiceFigures(Frozen):
    """One provider, or one of its models, in one phase."""

    phase: str
    provider: str
    model: str
    """Empty where all models of the provider are taken together."""
    records: int
    cached: int
    stood_in: int
    """Of these, done in place of a provider that did not deliver."""
    requests: int
    rate_limited: int
    waited_seconds: float
    """Pauses before trying again."""
    seconds: float
    """Listening, deciding or speaking: between request and answer, or at work on this machine."""
    work: Spread
    """The same, of the phases that were done."""
    prompt_tokens: int
    completion_tokens: int
    money: Money


def by_video(records: Sequence[PhaseRecord], names: Mapping[str, str]) -> tuple[VideoFigures, ...]:
    """Each recording, in the order in which they first appear."""
    return tuple(
        _video(video, names.get(video, ""), of_video)
        for video, of_video in grouped(records, lambda record: record.video_id).items()
    )


def by_phase(records: Sequence[PhaseRecord]) -> tuple[PhaseFigures, ...]:
    """Each phase, in the order of the pipeline; phases that are not known here come last."""
    total = sum(phase_seconds(record) for record in records)
    groups = grouped(records, lambda record: record.phase)
    return tuple(_phase(phase, groups[phase], total) for phase in sorted(groups, key=_place))


def by_service(records: Sequence[PhaseRecord], *, models: bool) -> tuple[ServiceFigures, ...]:
    """Each provider in each phase; its models apart where asked for."""
    asked = [record for record in records if isinstance(record, ServiceRecord) and served_by(record)[0]]

    def key(record: ServiceRecord) -> tuple[str, str, str]:
        provider, model = served_by(record)
        return record.phase, provider, model if models else ""

    groups = grouped(asked, key)
    return tuple(
        _service(*name, groups[name]) for name in sorted(groups, key=lambda name: (_place(name[0]), name))
    )


def grouped(records: Iterable[Kind], key: Callable[[Kind], Key]) -> dict[Key, list[Kind]]:
    """Records by what a key says of them, in order of appearance."""
    groups: dict[Key, list[Kind]] = {}
    for record in records:
        groups.setdefault(key(record), []).append(record)
    return groups


def rounded(value: float) -> float:
    """To six decimals, which is what the records hold."""
    return round(value, _DECIMALS)


def served_by(record: PhaseRecord) -> tuple[str, str]:
    """Provider and model that did a phase's work; both empty where no record field names one."""
    match record:
        case IngestRecord():
            return record.transcription_provider or record.transcription_method, record.whisper_model
        case DirectorRecord():
            return record.llm_provider, record.llm_model
        case VoiceRecord():
            return record.tts_provider, record.tts_model or record.voice_id
    return "", ""


def at_service(record: PhaseRecord) -> float:
    """Seconds that a phase spent listening, deciding or speaking; by a service or by this machine."""
    match record:
        case IngestRecord():
            return record.transcription_time
        case DirectorRecord():
            return record.api_call_time if record.requests else record.total_time
        case VoiceRecord():
            return record.total_api_time
    return 0.0


def _place(phase: str) -> tuple[int, str]:
    known = [*RECORD_OF_PHASE]
    return (known.index(phase) if phase in known else len(known)), phase


def _video(video: str, name: str, records: Sequence[PhaseRecord]) -> VideoFigures:
    phases = grouped(records, lambda record: record.phase)
    records = sorted(records, key=lambda record: record.timestamp)  # what is told is what the last run made
    lengths = [record.video_duration_seconds for record in records if isinstance(record, IngestRecord)]
    results = [record.output_video_duration for record in records if isinstance(record, AssemblyRecord)]
    return VideoFigures(
        video_id=video,
        name=name,
        runs=len({record.run_id for record in records}),
        seconds=rounded(sum(map(phase_seconds, records))),
        video_seconds=lengths[-1] if lengths else None,
        output_seconds=results[-1] if results else None,
        seconds_by_phase={
            phase: rounded(sum(map(phase_seconds, phases[phase]))) for phase in sorted(phases, key=_place)
        },
        cached_phases=sum(record.cached for record in records),
        money=Money.of(records),
    )


def _phase(phase: str, records: Sequence[PhaseRecord], total: float) -> PhaseFigures:
    seconds = sum(map(phase_seconds, records))
    return PhaseFigures(
        phase=phase,
        records=len(records),
        cached=sum(record.cached for record in records),
        seconds=rounded(seconds),
        share=rounded(seconds / total) if total else None,
        work=Spread.of([phase_seconds(record) for record in records if not record.cached]),
        cpu_seconds=rounded(sum(record.cpu_seconds for record in records)),
        peak_memory_mb=max(record.peak_memory_mb for record in records),
        money=Money.of(records),
    )


def _service(phase: str, provider: str, model: str, records: Sequence[ServiceRecord]) -> ServiceFigures:
    tokens = [record.tokens_used for record in records if isinstance(record, DirectorRecord)]
    return ServiceFigures(
        phase=phase,
        provider=provider,
        model=model,
        records=len(records),
        cached=sum(record.cached for record in records),
        stood_in=sum(bool(record.downgrades) and not record.cached for record in records),
        requests=sum(record.requests for record in records),
        rate_limited=sum(record.rate_limited for record in records),
        waited_seconds=rounded(sum(record.waited_seconds for record in records)),
        seconds=rounded(sum(map(at_service, records))),
        work=Spread.of([at_service(record) for record in records if not record.cached]),
        prompt_tokens=sum(used.prompt for used in tokens),
        completion_tokens=sum(used.completion for used in tokens),
        money=Money.of(records),
    )
