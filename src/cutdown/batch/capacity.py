"""How many recordings a machine can have in work at once, from what earlier ones took."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median
from typing import Final

from cutdown.metrics import MEGABYTE, DirectorRecord, IngestRecord, PhaseRecord, VoiceRecord, allowed
from cutdown.timebase import Frozen

CORES_A_VIDEO: Final = 2.0
"""Cores for one recording, where nothing was measured yet: chosen, since recogniser and encoder use more than one."""
MEMORY_A_VIDEO: Final = 1500.0
"""Megabytes for one recording, where nothing was measured yet: a half hour at 1080p was seen to need 1,400."""
_MEMORY_SHARE: Final = 0.8  # the rest is for the system and its file cache
_RECENT: Final = 200  # records; older ones were made by another version, or on another machine


class Load(Frozen):
    """What one recording asks of the machine."""

    cores: float
    """Kept busy on average; below 1 where services are waited for."""
    memory_mb: float
    """Highest resident memory of its processes."""
    measured: bool


def load_of(records: Sequence[PhaseRecord]) -> Load:
    """What a recording took on this machine, from the records of its phases.

    Phases that came from the cache tell nothing. Cores are CPU seconds by wall seconds over all
    phases, so that a phase counts by how long it takes. Time that was not spent waiting for a service counts as one
    core at least: on a machine that had other work too, little CPU time does not mean that more would fit. Memory is
    the median over runs of each run's highest phase.
    """
    real = [record for record in records if not record.cached and record.elapsed_seconds > 0][-_RECENT:]
    wall = sum(record.elapsed_seconds for record in real)
    if not real or wall <= 0:
        return Load(cores=CORES_A_VIDEO, memory_mb=MEMORY_A_VIDEO, measured=False)
    peaks: dict[str, float] = {}
    for record in real:
        peaks[record.run_id] = max(peaks.get(record.run_id, 0.0), record.peak_memory_mb)
    waited = min(wall, sum(_waited(record) for record in real))
    return Load(
        cores=max(sum(record.cpu_seconds for record in real), wall - waited) / wall,
        memory_mb=median(peaks.values()),
        measured=True,
    )


def _waited(record: PhaseRecord) -> float:
    """Seconds for which a phase waited for services."""
    match record:
        case IngestRecord() if record.transcription_method == "api":
            return record.transcription_time
        case DirectorRecord():
            return record.api_call_time
        case VoiceRecord() if record.requests:
            return record.total_api_time
    return 0.0


def side_by_side(load: Load, cores: float, memory_mb: float) -> int:
    """Recordings at once: enough to keep the cores busy, as many as memory holds, at least one.

    Args:
        load: what one asks.
        cores: of the machine.
        memory_mb: free for use now.
    """
    by_cores = round(
        cores / max(load.cores, 0.05) + 0.25
    )  # a little more than busy: phases do not all overlap
    by_memory = int(memory_mb * _MEMORY_SHARE / max(load.memory_mb, 1.0))
    return max(1, min(by_cores, by_memory))


def slots_here(records: Sequence[PhaseRecord]) -> tuple[int, Load]:
    """Recordings at once on this machine, or in this container, and what that was decided from."""
    load, here = load_of(records), allowed()
    return side_by_side(load, here.cores, here.free / MEGABYTE), load
