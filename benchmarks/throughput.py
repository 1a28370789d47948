"""``python -m benchmarks.throughput``: the same recordings with one worker process and with two.

Prints wall time, CPU time and how busy the machine was, so that it can be seen what bounds the second worker.
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess  # noqa: TID251  # a batch is measured from outside, as a user runs it
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

import psutil
from rich.console import Console
from rich.table import Table

from benchmarks.short_talks import make_talk
from cutdown.settings import HOME_VARIABLE, STORE_VARIABLE, child_environment


class Measured(NamedTuple):
    """One batch, seen from outside."""

    workers: int
    wall: float
    cpu: float
    """Seconds of the batch and all its processes."""
    busy: float
    """Share of all cores' time in which they worked, for whomever."""
    waiting: float
    """Share of all cores' time in which they waited for a disk."""

    @property
    def cores(self) -> float:
        """Cores that the batch kept busy, on average."""
        return self.cpu / self.wall


def main() -> int:
    """Make the recordings, run the batches, print the account."""
    options = argparse.ArgumentParser(prog="python -m benchmarks.throughput", description=__doc__)
    options.add_argument("--recordings", type=int, default=8)
    options.add_argument("--rounds", type=int, default=2, help="length of each, some ten seconds a round")
    options.add_argument("--workers", type=int, nargs="+", default=[1, 2])
    options.add_argument("batch", nargs="*", help="more options for batch, after --")
    given = options.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        for number in range(given.recordings):
            make_talk(folder / "in" / f"talk-{number}.mp4", number, rounds=given.rounds)
        measured = [measure(folder, workers, given.batch) for workers in given.workers]
    _print(measured, given.recordings)
    return 0


def measure(folder: Path, workers: int, more: list[str]) -> Measured:
    """One batch in a fresh state folder."""
    out = folder / f"out-{workers}"
    command = [sys.executable, "-m", "cutdown.cli", "batch", str(folder / "in"), str(out)]
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    machine, began = psutil.cpu_times(), time.perf_counter()
    subprocess.run(
        [*command, "--side-by-side", str(workers), *more],
        env=child_environment(**{HOME_VARIABLE: str(folder / f"state-{workers}"), STORE_VARIABLE: ""}),
        check=True,
    )
    wall = time.perf_counter() - began
    after, machine_now = resource.getrusage(resource.RUSAGE_CHILDREN), psutil.cpu_times()
    spans = {name: getattr(machine_now, name) - getattr(machine, name) for name in machine._fields}
    spans["user"] -= spans.get("guest", 0.0)  # the kernel counts a guest's time twice
    total = sum(spans.values())
    idle, waiting = spans["idle"], spans.get("iowait", 0.0)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Measured(workers, wall, cpu, (total - idle - waiting) / total, waiting / total)


def _print(measured: list[Measured], recordings: int) -> None:
    console = Console(width=120)
    table = Table(box=None, header_style="bold")
    for heading in (
        "workers",
        "wall s",
        "recordings an hour",
        "CPU s",
        "cores kept busy",
        "machine busy",
        "waiting for disk",
    ):
        table.add_column(heading, justify="right")
    for one in measured:
        table.add_row(
            str(one.workers),
            f"{one.wall:.1f}",
            f"{3600 * recordings / one.wall:.0f}",
            f"{one.cpu:.1f}",
            f"{one.cores:.2f} of {os.cpu_count()}",
            f"{one.busy:.0%}",
            f"{one.waiting:.0%}",
        )
    console.print(table)
    first, last = measured[0], measured[-1]
    console.print(
        f"{last.workers} workers do {first.wall / last.wall:.2f} times what {first.workers} does; {_bound(first, last)}",
        soft_wrap=True,
    )


def _bound(first: Measured, last: Measured) -> str:
    cores = os.cpu_count() or 1
    others = max(0.0, last.busy - last.cores / cores)
    if last.busy > 0.9:
        if others > 0.05:
            return (
                f"the cores bound it: they were {last.busy:.0%} busy, {others:.0%} of them with other programs, so that the "
                "ratio says more about those; measure again on a quiet machine"
            )
        return (
            f"the cores bound it: they were {last.busy:.0%} busy; one worker alone kept {first.cores:.2f} of {cores} busy, "
            f"so at best {cores / first.cores:.2f} was to be had"
        )
    if last.waiting > 0.1:
        return f"the disk bounds it: the cores waited {last.waiting:.0%} of their time"
    return f"neither cores ({last.busy:.0%} busy) nor disk bound it: more workers would help"


if __name__ == "__main__":
    sys.exit(main())
