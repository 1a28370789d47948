"""The performance monitor: times a phase and its steps, and samples the machine meanwhile."""

from __future__ import annotations

import os
import threading
import time
from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any, Final, TypeVar

from cutdown.metrics.disks import FreeSpace
from cutdown.metrics.graphics import Gpu, GpuReading, find_gpu
from cutdown.metrics.processes import HighWater, ProcessTree, Reading, high_water
from cutdown.metrics.records import MEGABYTE, GpuUsage, PhaseRecord, StepUsage, Usage, append_record
from cutdown.metrics.steps import Steps
from cutdown.metrics.trace import Recorder

SAMPLES_A_SECOND: Final = 10
_SAMPLING_SHARE: Final = 0.004  # of one core that reading the tree may cost, besides finding children
_WINDOW: Final = 1.0  # seconds over which the busiest CPU is taken

Record = TypeVar("Record", bound=PhaseRecord)


class PerformanceMonitor:
    """Starts and ends phases, and appends their records to the metrics file.

    Two phases at the same time in one process each count the whole process.

    Args:
        video_id: the recording, by its content.
        run_id: the run that the records belong to.
        path: metrics file (JSON Lines); without one the records go nowhere.
        samples_a_second: how often the machine is looked at; less often where that would cost
            more than 1 % of a core.
        disks: a name for each folder whose disk's free space is watched.

    Example:
        >>> monitor = PerformanceMonitor(video_id="3f2a", run_id="r1")
        >>> with monitor.phase("phase1_ingest") as phase:
        ...     with phase.step("transcription"):
        ...         pass
        >>> phase.steps["transcription"].times
        1
        >>> @monitor.phase("thumbnails", keep=True)
        ... def draw() -> int:
        ...     return 3
        >>> draw()
        3
    """

    def __init__(
        self,
        *,
        video_id: str,
        run_id: str,
        path: Path | None = None,
        samples_a_second: float = SAMPLES_A_SECOND,
        disks: Mapping[str, Path] | None = None,
    ) -> None:
        self.video_id = video_id
        self.run_id = run_id
        self.path = path
        self._period = 1 / samples_a_second
        self._disks = dict(disks or {})
        self._gpu = find_gpu()

    @contextmanager
    def phase(self, name: str, *, keep: bool = False) -> Iterator[PhaseMeter]:
        """Measure what happens inside the block, or each call of the function that this decorates.

        Args:
            name: of the phase.
            keep: append a plain record when it ends well, for phases that have no record of their own.

        Yields:
            the meter; its `PhaseMeter.usage` is there when the block has ended.
        """
        meter = PhaseMeter(name, self, _Sampler(self._period, self._gpu, FreeSpace(self._disks)))
        meter.start()
        try:
            yield meter
        finally:
            meter.stop()
        if keep:
            self.append(meter.record(PhaseRecord))

    def append(self, record: PhaseRecord) -> None:
        """Add a record to the metrics file.

        Raises:
            UsageError: when the file cannot be written.
        """
        if self.path is not None:
            append_record(self.path, record)


class PhaseMeter:
    """One phase that is, or was, measured; made by `PerformanceMonitor.phase`."""

    def __init__(self, name: str, monitor: PerformanceMonitor, sampler: _Sampler) -> None:
        self.name = name
        self._monitor = monitor
        self._sampler = sampler
        self._steps = Steps()
        self._began = 0.0
        self._ended: float | None = None

    def start(self) -> None:
        """Begin to measure."""
        self._sampler.start()
        self._began = time.monotonic()

    def stop(self) -> None:
        """Measure no more."""
        self._ended = time.monotonic()
        self._sampler.stop()

    def step(self, name: str) -> AbstractContextManager[None]:
        """Measure a named step; one that is entered again adds up. Decorates a function too."""
        return self._steps.step(name)

    @property
    def steps(self) -> Mapping[str, StepUsage]:
        """The steps that have ended, by name."""
        return self._steps.usage()

    def seconds(self, step: str) -> float:
        """Seconds that a step took; 0 where it was not entered, as when the answer was cached."""
        known = self.steps.get(step)
        return known.seconds if known else 0.0

    @property
    def elapsed_seconds(self) -> float:
        """Seconds since the phase began, or that it took."""
        return (time.monotonic() if self._ended is None else self._ended) - self._began

    @property
    def usage(self) -> Usage:
        """What the machine did, once the phase has ended."""
        return self._sampler.usage(self.elapsed_seconds)

    @property
    def sampling_seconds(self) -> float:
        """CPU seconds that sampling itself cost; they are part of `usage`."""
        return self._sampler.cost

    def record(self, kind: type[Record], **fields: Any) -> Record:
        """The phase's record, with what was measured filled in.

        Args:
            kind: the record's class, such as `IngestRecord`.
            fields: the fields that only the phase itself knows.
        """
        measured = {
            "elapsed_seconds": self.elapsed_seconds,
            "steps": dict(self.steps),
            **self.usage.model_dump(),
        }
        head = {"phase": self.name, "video_id": self._monitor.video_id, "run_id": self._monitor.run_id}
        return kind.model_validate({**head, **measured, **fields})


class _Sampler:
    """Looks at the process tree in a thread of its own, and keeps only what a record needs."""

    def __init__(self, period: float, gpu: Gpu | None, free_space: FreeSpace) -> None:
        self._period = period
        self._free_space = free_space
        self._gpu = gpu
        self._tree = ProcessTree()
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._run, name="cutdown-monitor", daemon=True)
        self._window: deque[tuple[float, float]] = deque()
        self._busiest = 0.0
        self._peak = 0
        self._gpu_loads = 0
        self._gpu_sum = self._gpu_busiest = 0.0
        self._gpu_memory: float | None = None
        self.cost = 0.0

    def start(self) -> None:
        self._high_water = high_water()
        self._recorder = Recorder(time.monotonic(), _cores())
        self._first = self._last = self._look(fresh=True)
        self._thread.start()

    def stop(self) -> None:
        self._done.set()
        self._thread.join()
        self._last = self._look(fresh=True)
        self._peak = max(self._peak, *_grown(self._high_water, high_water()))

    def _run(self) -> None:
        wait, usual = self._period, 0.0
        while not self._done.wait(wait):
            began = time.thread_time()
            self._look()
            spent = time.thread_time() - began
            self.cost += spent
            # One dear look, into which Python's collector fell, say, is no reason to look away for a minute.
            wait = max(self._period, min(spent, usual) / _SAMPLING_SHARE)
            usual = spent

    def _look(self, *, fresh: bool = False) -> Reading:
        reading = self._tree.read(fresh=fresh)
        now = reading.moment
        before = self._window[-1][1] if self._window else reading.cpu
        self._recorder.look(
            now,
            cpu_seconds=max(0.0, reading.cpu - reading.cpu_found - before),
            memory_mb=reading.memory / MEGABYTE,
        )
        self._peak = max(self._peak, reading.memory)
        # What a child did before it was found lies in the past, not in this window.
        self._window = deque((moment, cpu + reading.cpu_found) for moment, cpu in self._window)
        self._window.append((now, reading.cpu))
        while now - self._window[0][0] >= _WINDOW:
            then, cpu = self._window.popleft()
            self._busiest = max(self._busiest, (reading.cpu - cpu) / (now - then))
        self._free_space.look()
        if self._gpu and (load := self._gpu.read()):
            self._add_gpu(load)
        return reading

    def _add_gpu(self, load: GpuReading) -> None:
        self._gpu_loads += 1
        self._gpu_sum += load.percent
        self._gpu_busiest = max(self._gpu_busiest, load.percent)
        if load.memory_mb is not None:
            self._gpu_memory = max(self._gpu_memory or 0.0, load.memory_mb)

    def usage(self, elapsed: float) -> Usage:
        cpu = max(0.0, self._last.cpu - self._first.cpu)
        mean = min(cpu / elapsed if elapsed else 0.0, _cores())
        return Usage(
            cpu_seconds=cpu,
            cpu_percent_mean=100 * mean,
            cpu_percent_max=100 * max(mean, min(self._busiest, _cores())),
            peak_memory_mb=self._peak / MEGABYTE,
            disk_read_mb=_growth(self._first.disk_read, self._last.disk_read),
            disk_written_mb=_growth(self._first.disk_written, self._last.disk_written),
            disk_free_low_mb=self._free_space.least_mb(),
            gpu=self._gpu_usage(),
            trace=self._recorder.trace(),
        )

    def _gpu_usage(self) -> GpuUsage | None:
        if not self._gpu or not self._gpu_loads:
            return None
        return GpuUsage(
            name=self._gpu.name,
            percent_mean=self._gpu_sum / self._gpu_loads,
            percent_max=self._gpu_busiest,
            memory_mb_max=self._gpu_memory,
        )


def _cores() -> int:
    # A child that ended unseen brings its CPU all at once; no window can hold more than every core gives.
    return os.cpu_count() or 1


def _grown(before: HighWater, after: HighWater) -> tuple[int, int]:
    """The kernel's peaks where they rose meanwhile; older peaks belong to older phases.

    A child begins in its parent's memory (vfork(2)), and that parent's peak stays in the child's account, however
    long ago it was: only what is above it is the child's own.
    """
    of_child = after.child if after.child > max(before.child, after.own) else 0
    return (after.own if after.own > before.own else 0, of_child)


def _growth(first: int | None, last: int | None) -> float | None:
    return None if first is None or last is None else max(0, last - first) / MEGABYTE
