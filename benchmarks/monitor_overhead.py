"""What measuring costs: CPU seconds of the monitor, as a share of one core.

Two ways, which must agree: the sampling thread's own account, and the CPU of the whole process while
it only waits, with a phase being measured and without one, in turns. With children to look at, too.

    python -m benchmarks.monitor_overhead [--seconds 10] [--turns 3] [--children 8]
"""

from __future__ import annotations

import argparse
import multiprocessing
import resource
import statistics
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from cutdown.metrics import PerformanceMonitor

LIMIT = 1.0  # percent of one core


def own_cpu() -> float:
    """CPU seconds of this process, all threads."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


@contextmanager
def idle_children(count: int) -> Iterator[None]:
    """So many programs that wait, as ffmpeg and its helpers are children of a run."""
    spawning = multiprocessing.get_context("spawn")
    over = spawning.Event()
    children = [spawning.Process(target=over.wait) for _ in range(count)]
    for child in children:
        child.start()
    try:
        yield
    finally:
        over.set()
        for child in children:
            child.join()


def without(seconds: float) -> float:
    """CPU seconds of waiting."""
    began = own_cpu()
    time.sleep(seconds)
    return own_cpu() - began


def with_monitor(seconds: float) -> tuple[float, float]:
    """CPU seconds of waiting while a phase is measured, and what the sampling thread says it took."""
    began = own_cpu()
    with PerformanceMonitor(video_id="overhead", run_id="overhead").phase("waiting") as phase:
        time.sleep(seconds)
    return own_cpu() - began, phase.sampling_seconds


def measure(seconds: float, turns: int, children: int) -> float:
    """Percent of a core, the larger of both ways; prints both."""
    extra, said = [], []
    with idle_children(children):
        with_monitor(0.5)  # what is loaded once does not count
        for _ in range(turns):
            quiet = without(seconds)
            watched, sampling = with_monitor(seconds)
            extra.append(100 * (watched - quiet) / seconds)
            said.append(100 * sampling / seconds)
    outside, inside = statistics.median(extra), statistics.median(said)
    print(f"{children:3d} children: {outside:.2f} % of a core by the process, {inside:.2f} % by the thread")
    return max(outside, inside)


def main() -> int:
    """Measure, and fail when measuring costs too much."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seconds", type=float, default=10.0, help="length of one turn")
    parser.add_argument("--turns", type=int, default=3, help="of each kind; the median counts")
    parser.add_argument("--children", type=int, default=8, help="idle programs to look at")
    options = parser.parse_args()
    worst = max(measure(options.seconds, options.turns, count) for count in (0, options.children))
    passed = worst < LIMIT
    print(f"{'ok' if passed else 'too much'}: {worst:.2f} % of a core, the limit is {LIMIT:g} %")
    return 0 if passed else 1


if __name__ == "__main__":
    sys.exit(main())
