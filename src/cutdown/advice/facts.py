"""A run as named numbers and words: what the rules speak of. Pure functions of the case."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple, TypeVar

from cutdown.advice.case import Case
from cutdown.advice.rules import Fact, Rate
from cutdown.metrics import (
    AssemblyRecord,
    DirectorRecord,
    IngestRecord,
    PhaseRecord,
    ServiceRecord,
    VoiceRecord,
    total_cost,
)
from cutdown.services.choices import Choice
from cutdown.services.connections import providers
from cutdown.services.used import Used

Record = TypeVar("Record", bound=PhaseRecord)

_HERE: Final = {"transcriber": "local", "director": "offline", "voice": "hibari"}
_LINES: Final = (480, 720, 1080, 1440, 2160)  # usual heights; a picture counts as the next lower one


class _Part(NamedTuple):
    """A phase that may be a service's."""

    name: str
    record: ServiceRecord
    choices: tuple[Choice, ...]
    sample: Used
    """What was used, or any amount in the same unit."""
    asking: float
    """Seconds between requests and answers, of all requests together."""

    @property
    def used(self) -> Choice:
        """Who delivered."""
        return self.choices[min(len(self.record.downgrades), len(self.choices) - 1)]


def facts_of(case: Case, rates: Mapping[str, Rate]) -> dict[str, Fact]:
    """Every fact of a run; None where it has no value.

    Args:
        case: the run.
        rates: for what work would take that was not done.
    """
    records = case.records
    total = sum(record.elapsed_seconds for record in records)
    facts: dict[str, Fact] = {
        "video_seconds": case.video_seconds,
        "total_seconds": total,
        "slowness": total / case.video_seconds if case.video_seconds else None,
        "language": case.language,
        "total_usd": total_cost(records),
        "cores": case.machine.cores,
        "machine_mb": case.machine.memory_mb,
        "preset": case.render.preset,
        "engine": case.render.engine,
        "encoder": case.render.encoder,
    }
    facts |= _load(case) | _listening(case, rates) | _drawing(case)
    for part in _parts(case):
        facts |= _cheaper(case, part) | _limited(case, part)
    return facts


def _load(case: Case) -> dict[str, Fact]:
    """Which phase kept the machine busiest, and which one needed the most memory."""
    worked = [record for record in case.records if not record.cached]
    if not worked:
        return {}
    slowest = max(worked, key=lambda record: record.elapsed_seconds)
    largest = max(worked, key=lambda record: record.peak_memory_mb)
    return {
        "slowest_phase": slowest.phase,
        "busy_share": slowest.cpu_percent_mean / (100 * case.machine.cores),
        "largest_phase": largest.phase,
        "peak_mb": largest.peak_memory_mb,
        "memory_share": largest.peak_memory_mb / case.machine.memory_mb,
    }


def _listening(case: Case, rates: Mapping[str, Rate]) -> dict[str, Fact]:
    record = _of(case.records, IngestRecord)
    if record is None:
        return {}
    asked = rates["openai transcription"].saves["seconds per second"] * case.video_seconds
    price = case.prices.cost("openai", "whisper-1", Used(seconds=case.video_seconds))
    return {
        "transcription_method": record.transcription_method,
        "transcription_seconds": record.transcription_time,
        "whisper_model": record.whisper_model,
        "openai_transcription_saves": record.transcription_time - asked
        if "openai" in case.machine.services
        else None,
        "openai_transcription_usd": price.usd,
    }


def _drawing(case: Case) -> dict[str, Fact]:
    record = _of(case.records, AssemblyRecord)
    if record is None:
        return {}
    height = int(record.resolution.rpartition("x")[2])
    usual = [lines for lines in _LINES if lines <= height]
    return {
        "rendering_seconds": record.cfr_conversion_time + record.clip_creation_time + record.rendering_time,
        "lines": f"{usual[-1]}p" if usual else None,
        "resolution": record.resolution,
    }


def _parts(case: Case) -> list[_Part]:
    """The phases that a service did, with who did them."""
    found = []
    if heard := _of(case.records, IngestRecord):
        used = Used(seconds=case.video_seconds)
        asking = max(0.0, heard.transcription_time - heard.waited_seconds)
        found.append(_Part("transcriber", heard, case.transcribers, used, asking))
    if directed := _of(case.records, DirectorRecord):
        tokens = directed.tokens_used
        used = Used(
            prompt_tokens=tokens.prompt, cached_tokens=tokens.cached, completion_tokens=tokens.completion
        )
        found.append(_Part("director", directed, case.directors, used, directed.api_call_time))
    if spoken := _of(case.records, VoiceRecord):
        # Prices of voices are compared by the character; how many there were stands in no record.
        used = Used(characters=1_000_000)
        found.append(_Part("voice", spoken, case.voices, used, spoken.total_api_time))
    return found


def _cheaper(case: Case, part: _Part) -> dict[str, Fact]:
    """The next cheaper way to have a phase done that is within reach, and the dollars that it saves."""
    paid, now = part.record.estimated_cost, part.used
    facts: dict[str, Fact] = {f"{part.name}_usd": paid}
    model: str | None = now.model
    while paid and model and (model := case.prices.cheaper.get(model)):
        instead = _choice(model, part.name, now.provider)
        if instead.is_service and instead.provider not in case.machine.services:
            continue
        old = case.prices.cost(now.provider, now.model, part.sample).usd
        new = case.prices.cost(instead.provider, model, part.sample).usd
        if old and new is not None:
            facts[f"{part.name}_cheaper"] = _written(instead, part.name)
            facts[f"{part.name}_cheaper_saves"] = paid * (1 - new / old)
        break
    return facts


def _limited(case: Case, part: _Part) -> dict[str, Fact]:
    """How long a service's limits held a phase up, and who would not have: another service, else this machine."""
    record = part.record
    if not record.rate_limited:
        return {}
    tried = part.choices[: len(record.downgrades) + 1]
    taken, asked = {choice.provider for choice in tried}, [choice for choice in tried if choice.is_service]
    others = [
        Choice(provider=name, model=_usual_model(name, part.name))
        for name in sorted(case.machine.services - taken)
        if _usual_model(name, part.name)
    ]
    listed = [choice for choice in part.choices if choice.provider not in taken and choice.is_service]
    other = next(iter([*listed, *others]), Choice(provider=_HERE[part.name]))
    return {
        f"{part.name}_limited": record.rate_limited,
        f"{part.name}_requests": record.requests,
        f"{part.name}_provider": providers()[asked[0].provider].title if asked else None,
        f"{part.name}_waited": _held_up(record, part.asking),
        f"{part.name}_other": _written(other, part.name),
        "limited": record.rate_limited,
    }


def _held_up(record: ServiceRecord, asking: float) -> float:
    """Of the phase's own seconds, those that were pauses: requests that run side by side pause together."""
    busy = record.waited_seconds + asking
    return min(record.waited_seconds, record.elapsed_seconds * record.waited_seconds / busy) if busy else 0.0


def _choice(model: str, part: str, provider: str) -> Choice:
    """Who offers a model: this machine, the service whose usual one it is, else the service that was asked."""
    if model in ("local", "offline", "hibari", "kokoro"):
        return Choice(provider=model)
    known = next((name for name in providers() if _usual_model(name, part) == model), provider)
    return Choice(provider=known, model=model)


def _usual_model(provider: str, part: str) -> str:
    known = providers()[provider]
    return {
        "transcriber": known.transcription_model,
        "director": known.language_model,
        "voice": known.speech_model,
    }[part]


def _written(choice: Choice, part: str) -> str:
    """A choice as an option of the command line."""
    option = {"transcriber": "--transcriber", "director": "--llm", "voice": "--voice"}[part]
    return f"{option} {choice}"


def _of(records: Sequence[PhaseRecord], kind: type[Record]) -> Record | None:
    return next((record for record in records if isinstance(record, kind)), None)
