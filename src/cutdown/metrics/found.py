"""The record of a phase whose answer was there already."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, TypeVar

from cutdown.metrics.monitor import PhaseMeter
from cutdown.metrics.records import PhaseRecord, TokensUsed

Record = TypeVar("Record", bound=PhaseRecord)

_NOTHING_DONE = {
    "api_calls": 0,
    "estimated_cost": 0.0,
    "cost_at_risk": 0.0,
    "requests": 0,
    "rate_limited": 0,
    "waited_seconds": 0.0,
    "tokens_used": TokensUsed(),
    "steps": {},
}


def found_again(record: Record, meter: PhaseMeter) -> Record:
    """What a phase's record is in a run that found the answer instead of working for it.

    Counts of the answer (segments, actions, durations) stay. Its work is what this run did:
    every time is 0 but the total, which is that of finding it; nothing was called or paid.

    Args:
        record: the record of the run that did the work.
        meter: measured the finding.
    """
    done: dict[str, Any] = {name: 0.0 for name in type(record).model_fields if name.endswith("_time")}
    done |= {name: value for name, value in _NOTHING_DONE.items() if name in type(record).model_fields}
    if "total_time" in done:
        done["total_time"] = round(meter.elapsed_seconds, 6)
    usage = meter.usage
    done |= {name: getattr(usage, name) for name in type(usage).model_fields}
    head = {
        "cached": True,
        "elapsed_seconds": round(meter.elapsed_seconds, 6),
        "timestamp": datetime.now(UTC),
    }
    return record.model_copy(update={**done, **head})
