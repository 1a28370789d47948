"""Named steps inside a phase: how long each took, and how much CPU."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from types import MappingProxyType

from cutdown.metrics.processes import accounted_cpu
from cutdown.metrics.records import StepUsage


class Steps:
    """Collects the steps of one phase; they may be entered from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._done: dict[str, StepUsage] = {}

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Measure what happens inside the block; a step entered again adds up."""
        began, cpu = time.monotonic(), accounted_cpu()
        try:
            yield
        finally:
            took, used = time.monotonic() - began, max(0.0, accounted_cpu() - cpu)
            with self._lock:
                known = self._done.get(name, StepUsage())
                self._done[name] = StepUsage(
                    seconds=known.seconds + took, cpu_seconds=known.cpu_seconds + used, times=known.times + 1
                )

    def usage(self) -> Mapping[str, StepUsage]:
        """What each step came to, in the order in which they first ended."""
        return MappingProxyType(self._done)
