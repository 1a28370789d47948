"""The metrics records: one JSON line a phase.

Times are seconds, sizes are megabytes of 1,000,000 bytes, costs are US dollars. Everything is
measured or counted; what could not be measured is null, never 0.
"""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, Final, Literal

from pydantic import (
    AfterValidator,
    AwareDatetime,
    ConfigDict,
    Field,
    SerializerFunctionWrapHandler,
    ValidationError,
    model_serializer,
)

from cutdown.errors import UsageError
from cutdown.files import append_line
from cutdown.metrics.trace import Trace
from cutdown.timebase import Frozen

MEGABYTE: Final = 1_000_000
RECENT: Final = 1000  # records: about 250 runs; what was long ago says little of this machine and version

Measure = Annotated[float, Field(ge=0, allow_inf_nan=False), AfterValidator(lambda value: round(value, 6))]
"""A measured quantity, at or above 0, held to six decimals so that it is read back as written."""
Count = Annotated[int, Field(ge=0)]


class _Told(Frozen):
    """A part of a record; what is said of its fields here is said in the published schema too."""

    model_config = ConfigDict(use_attribute_docstrings=True)


class GpuUsage(_Told):
    """What the graphics processors did while the phase ran, other programs' work included."""

    name: str
    percent_mean: Measure
    percent_max: Measure
    memory_mb_max: Measure | None = None


class Usage(_Told):
    """What the machine did for a phase: this process and all its children.

    100 percent is one core fully busy.
    """

    cpu_seconds: Measure
    cpu_percent_mean: Measure
    cpu_percent_max: Measure
    """Over the busiest second."""
    peak_memory_mb: Measure
    """Resident memory; pages that processes share count once in each."""
    disk_read_mb: Measure | None
    """What storage delivered, not what the page cache did; null where the system does not say."""
    disk_written_mb: Measure | None
    disk_free_low_mb: Mapping[str, Measure] = Field(default_factory=dict)
    """Least free space on the disks that were written to: ``state``, and ``output`` where it is known."""
    gpu: GpuUsage | None = None
    trace: Trace = Trace()
    """The same over time."""


class StepUsage(_Told):
    """A named step of a phase, all its times taken together."""

    seconds: Measure = 0.0
    cpu_seconds: Measure = 0.0
    """Of this process and of the programs that ended meanwhile; what runs beside the step counts too."""
    times: Count = 0


class _Head(_Told):
    phase: str
    timestamp: AwareDatetime = Field(default_factory=lambda: datetime.now(UTC))
    """When the record was made, in UTC."""
    video_id: str
    run_id: str
    elapsed_seconds: Measure
    cached: bool = False
    """Whether the phase's answer was already in the store; its times are then those of finding it."""
    steps: Mapping[str, StepUsage] = Field(default_factory=dict)
    """The phase's steps by name."""


class PhaseRecord(Usage, _Head):
    """What every record holds, and the reading of one whose phase is not known here."""

    @model_serializer(mode="wrap")
    def _with_unknown_fields(self, write: SerializerFunctionWrapHandler) -> dict[str, Any]:
        return {**write(self), **(self.model_extra or {})}


class Replaced(_Told):
    """A provider that was asked for, the one that did its work instead, and why."""

    wanted: str
    used: str
    why: str


class ServiceRecord(PhaseRecord):
    """What a phase that may ask services says of them; all zero where the work was done here."""

    estimated_cost: Measure | None = 0.0
    """By the providers' own counts; null where a model's price is not known."""
    cost_at_risk: Measure = 0.0
    """Of requests whose answer was lost: the most that may have been charged for them."""
    requests: Count = 0
    """Sent, those included that were refused or lost."""
    rate_limited: Count = 0
    """Of these, refused because there were too many."""
    waited_seconds: Measure = 0.0
    """Pauses before trying again, over all requests."""
    downgrades: tuple[Replaced, ...] = ()


class IngestRecord(ServiceRecord):
    """Phase 1: the recording was listened to and looked at."""

    phase: Literal["phase1_ingest"] = "phase1_ingest"
    video_duration_seconds: Measure
    audio_extraction_time: Measure
    transcription_time: Measure
    transcription_method: Literal["local", "api"]
    transcription_provider: str = ""
    """The service, or ``local``; empty in records of before it was told."""
    whisper_model: str
    signals_time: Measure = 0.0
    """Measuring silence, speech and the screen; part of the total."""
    total_time: Measure
    segments_generated: Count


class TokensUsed(_Told):
    """Tokens that a language model was given and gave."""

    prompt: Count = 0
    completion: Count = 0
    total: Count = 0
    cached: Count = 0
    """Of the prompt's, read from the provider's cache."""


class DirectorRecord(ServiceRecord):
    """Phase 2: the edit plan was made."""

    phase: Literal["phase2_director"] = "phase2_director"
    transcript_segments: Count
    transcript_tokens: Count
    llm_provider: str
    llm_model: str
    api_call_time: Measure
    tokens_used: TokensUsed
    actions_generated: Count
    total_time: Measure


class VoiceRecord(ServiceRecord):
    """Phase 3: the new narration was spoken."""

    phase: Literal["phase3_voice"] = "phase3_voice"
    narration_segments: Count
    total_narration_duration: Measure
    tts_provider: str
    tts_model: str = ""
    """Empty for the voices of this machine, which are their own model."""
    voice_id: str
    api_calls: Count
    total_api_time: Measure
    pronunciation_fixes_applied: Count
    total_time: Measure


class AssemblyRecord(PhaseRecord):
    """Phase 4: the video was made."""

    phase: Literal["phase4_assembly"] = "phase4_assembly"
    input_video_duration: Measure
    input_video_size_mb: Measure
    cfr_conversion_time: Measure
    clip_creation_time: Measure
    rendering_time: Measure
    output_video_duration: Measure
    output_video_size_mb: Measure
    compression_ratio: Annotated[float, AfterValidator(lambda value: round(value, 6))]
    """1 - output / input, by duration; below 0 where the output is the longer one."""
    fps: Measure
    resolution: str = Field(pattern=r"^\d+x\d+$")
    verification_time: Measure = 0.0
    """Measuring the output against its timeline; part of the total."""
    total_time: Measure

    def with_checking(self, checking: PhaseRecord) -> AssemblyRecord:
        """One record for making the video and for checking it.

        Args:
            checking: what measuring the output took.
        """
        return self.model_copy(
            update={
                "timestamp": checking.timestamp,
                "elapsed_seconds": round(self.elapsed_seconds + checking.elapsed_seconds, 6),
                "verification_time": checking.elapsed_seconds,
                "total_time": round(self.total_time + checking.elapsed_seconds, 6),
                "cpu_seconds": round(self.cpu_seconds + checking.cpu_seconds, 6),
                "cpu_percent_max": max(self.cpu_percent_max, checking.cpu_percent_max),
                "cpu_percent_mean": _mean_percent(self, checking),
                "peak_memory_mb": max(self.peak_memory_mb, checking.peak_memory_mb),
                "disk_read_mb": _sum(self.disk_read_mb, checking.disk_read_mb),
                "disk_written_mb": _sum(self.disk_written_mb, checking.disk_written_mb),
                "disk_free_low_mb": _least(self.disk_free_low_mb, checking.disk_free_low_mb),
                "steps": {**self.steps, **checking.steps},
                "trace": self.trace.then(checking.trace),
                "cached": self.cached and checking.cached,
            }
        )


def _sum(one: float | None, other: float | None) -> float | None:
    return None if one is None or other is None else round(one + other, 6)


def _least(one: Mapping[str, float], other: Mapping[str, float]) -> dict[str, float]:
    known = [*one.items(), *other.items()]
    return {name: min(value for key, value in known if key == name) for name, _ in known}


def _mean_percent(one: PhaseRecord, other: PhaseRecord) -> float:
    seconds = one.elapsed_seconds + other.elapsed_seconds
    return round(100 * (one.cpu_seconds + other.cpu_seconds) / seconds, 6) if seconds else 0.0


def phase_seconds(record: PhaseRecord) -> float:
    """Seconds that a phase took in all."""
    total = getattr(record, "total_time", None)
    return record.elapsed_seconds if total is None else float(total)


def cost_of(record: PhaseRecord) -> float | None:
    """US dollars of a phase; 0 where it asks no service, None where its price is not known."""
    cost = getattr(record, "estimated_cost", 0.0)
    return None if cost is None else float(cost)


RECORD_OF_PHASE: Final[Mapping[str, type[PhaseRecord]]] = {
    "phase1_ingest": IngestRecord,
    "phase2_director": DirectorRecord,
    "phase3_voice": VoiceRecord,
    "phase4_assembly": AssemblyRecord,
}


def append_record(path: Path, record: PhaseRecord) -> None:
    """Add a record to a metrics file as one line, whole or not at all.

    Safe against other processes that append to the same file.

    Raises:
        UsageError: when the file cannot be written.
    """
    try:
        append_line(path, record.model_dump_json())
    except OSError as error:
        raise UsageError(
            f"cannot write the metrics '{path}': {error.strerror}; choose another file"
        ) from error


def read_records(path: Path) -> tuple[PhaseRecord, ...]:
    """All records of a metrics file, in order; fields that are not known here are kept.

    Raises:
        UsageError: names the file, the line and the fault.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"cannot read the metrics '{path}': {error}") from error
    return parse_records(text, path.name)


def recent_records(history: Path) -> tuple[PhaseRecord, ...]:
    """The last `RECENT` records of a file that grows with every run; none where there is none yet, or someone broke it."""
    try:
        with history.open(encoding="utf-8") as file:
            return parse_records("".join(deque(file, maxlen=RECENT)), history.name)
    except (OSError, UnicodeDecodeError, UsageError):
        return ()


def parse_records(text: str, name: str) -> tuple[PhaseRecord, ...]:
    """All records of a metrics file's text; see `read_records`."""
    lines = enumerate(text.split("\n"), 1)
    return tuple(_parse(line, f"'{name}' line {number}") for number, line in lines if line.strip())


def _parse(line: str, place: str) -> PhaseRecord:
    try:
        raw: Any = json.loads(line)
    except json.JSONDecodeError as error:
        raise UsageError(f"{place} is not a metrics record: {error.msg}; remove the line") from error
    if not isinstance(raw, dict) or not isinstance(raw.get("phase"), str):
        raise UsageError(f"{place} is not a metrics record: it names no 'phase'; remove the line")
    kind = RECORD_OF_PHASE.get(raw["phase"], PhaseRecord)
    try:
        return kind.model_validate(raw, extra="allow")
    except ValidationError as error:
        fault = error.errors(include_url=False)[0]
        field = ".".join(str(part) for part in fault["loc"])
        raise UsageError(f"{place}, {raw['phase']}: {field}: {fault['msg']}") from error
