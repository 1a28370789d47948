"""Named steps inside a phase: how long each took, and how much CPU."""

from __future__ import annotations

import resource
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from types import MappingProxyType

from cutdown.metrics.records import StepUsage


class Steps:
    """Collects the steps of one phase; they may be entered from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._done: dict[str, StepUsage] = {}

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Measure what happens inside the block; a step entered again adds up."""
        began, cpu = time.monotonic(), _cpu_seconds()
        try:
            yield
        finally:
            took, used = time.monotonic() - began, max(0.0, _cpu_seconds() - cpu)
            with self._lock:
                known = self._done.get(name, StepUsage())
                self._done[name] = StepUsage(
                    seconds=known.seconds + took, cpu_seconds=known.cpu_seconds + used, times=known.times + 1
                )

    def usage(self) -> Mapping[str, StepUsage]:
        """What each step came to, in the order in which they first ended."""
        return MappingProxyType(self._done)


def _cpu_seconds() -> float:
    """Of this process and of the programs that it started and that have ended, from the kernel's accounts."""
    usage = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(each.ru_utime + each.ru_stime for each in usage)
