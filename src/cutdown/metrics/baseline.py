"""The baseline: one run's times and cost beside the machine it ran on, to compare others with."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from cutdown.errors import UsageError
from cutdown.metrics.figures import Money
from cutdown.metrics.machine import describe_hardware
from cutdown.metrics.records import RECORD_OF_PHASE, PhaseRecord, phase_seconds
from cutdown.recording import Recording
from cutdown.store import write_whole


def baseline(records: Sequence[PhaseRecord], recording: Recording, folder: Path) -> dict[str, Any]:
    """A run in the form that a later run is compared with.

    Args:
        records: the run's records; of several for one phase the last one counts.
        recording: the video that came in.
        folder: where the work lay; its storage is described.

    Returns:
        ``hardware`` {cpu, ram, storage}, ``video`` {duration in seconds, resolution, fps; the last
        two null where there is no picture}, ``performance`` {phase1_time to phase4_time,
        total_time, in seconds; null for a phase that did not run}, ``cost`` {total in US dollars;
        null where a price is not known}, and ``cached_phases``: those whose times are no work.
    """
    last = {record.phase: record for record in records if record.phase in RECORD_OF_PHASE}
    times = {
        f"{phase.partition('_')[0]}_time": phase_seconds(last[phase]) if phase in last else None
        for phase in RECORD_OF_PHASE
    }
    picture = recording.picture
    return {
        "hardware": describe_hardware(folder).model_dump(),
        "video": {
            "duration": float(recording.duration),
            "resolution": f"{picture.display_width}x{picture.display_height}" if picture else None,
            "fps": round(float(picture.rate), 3) if picture else None,
        },
        "performance": {
            **times,
            "total_time": round(sum(time for time in times.values() if time is not None), 6),
        },
        "cost": {"total": total_cost(tuple(last.values()))},
        "cached_phases": [phase for phase, record in last.items() if record.cached],
    }


def write_baseline(path: Path, document: dict[str, Any]) -> None:
    """Write a baseline, whole or not at all.

    Raises:
        UsageError: when the file cannot be written.
    """
    try:
        with write_whole(path) as temporary:
            temporary.write_text(json.dumps(document, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    except OSError as error:
        raise UsageError(
            f"cannot write the metrics '{path}': {error.strerror}; choose another file"
        ) from error


def total_cost(records: Sequence[PhaseRecord]) -> float | None:
    """US dollars over all records; None as soon as one of them has no known price."""
    return Money.of(records).estimated_cost
