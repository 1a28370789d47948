"""``python -m benchmarks.whole_job``: the whole job on made recordings of several lengths, phase by phase.

``./run.sh optimize`` runs on each in a fresh state folder (cold), and once more (warm). Phases are told by the metrics
records; wall time, CPU time and the memory of all processes together are taken from outside. What is longer than half an
hour is one recording of at most half an hour, several times over.
"""

from __future__ import annotations

import argparse
import math
import os
import subprocess  # noqa: TID251  # the job is measured from outside, as a user runs it
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, NamedTuple

import psutil
from rich.box import SIMPLE_HEAD, Box
from rich.console import Console
from rich.table import Table

from benchmarks.long_recordings import repeated
from benchmarks.machine import ROOT, made
from benchmarks.report import circumstances, write_page
from benchmarks.standard_videos import StandardVideo, take
from cutdown.errors import CutdownError
from cutdown.metrics import MEGABYTE, AssemblyRecord, PhaseRecord, describe_hardware, read_records
from cutdown.settings import HOME_VARIABLE, STORE_VARIABLE, child_environment, state_folder

SECTION: Final = "whole job by length"
_LOOK: Final = 0.1  # seconds between two looks at the memory
_MADE_AT_ONCE: Final = 30.0  # minutes; to make that takes as long as it lasts


class Taken(NamedTuple):
    """One run as seen from outside."""

    code: int
    wall: float
    cpu: float
    peak_mb: float
    """Resident memory of all its processes together; pages that they share count in each."""


class Length(NamedTuple):
    """A recording of one length, cold and warm."""

    minutes: float
    cold: Taken
    warm: Taken
    records: tuple[PhaseRecord, ...]
    """Of the cold run."""

    @property
    def output_seconds(self) -> float:
        """How long the result is."""
        return next(
            record.output_video_duration for record in self.records if isinstance(record, AssemblyRecord)
        )


def measure(minutes: float, options: Sequence[str]) -> Length | int:
    """Run the job cold and warm; the exit code of a run that failed."""
    times = max(1, math.ceil(minutes / _MADE_AT_ONCE))
    seconds = round(minutes * 60 / times)
    made_once = take(StandardVideo(f"screencast-{seconds}", seconds, "screencast"))
    with tempfile.TemporaryDirectory() as folder:
        recording = repeated(made_once, times, Path(folder))
        out = Path(folder, "out")
        command = [str(ROOT / "run.sh"), "optimize", str(recording), "--out", str(out), *options]
        cold = _run(command, Path(folder, "state"))
        if cold.code:
            return cold.code
        records = read_records(out / "metrics.jsonl")
        warm = _run(command, Path(folder, "state"))
    return warm.code or Length(minutes, cold, warm, tuple(records))


def _run(command: Sequence[str], state: Path) -> Taken:
    began = time.perf_counter()
    child = subprocess.Popen(
        command, env=child_environment(**{HOME_VARIABLE: str(state), STORE_VARIABLE: ""})
    )
    try:
        with watched(child.pid) as memory:
            _, status, usage = os.wait4(child.pid, 0)
    except BaseException:
        child.kill()
        child.wait()
        raise
    child.returncode = os.waitstatus_to_exitcode(status)
    wall = time.perf_counter() - began
    return Taken(child.returncode, wall, usage.ru_utime + usage.ru_stime, max(memory, default=0.0))


@contextmanager
def watched(pid: int) -> Iterator[list[float]]:
    """Megabytes of a process and all below it, look by look."""
    seen: list[float] = []
    done = threading.Event()

    def look() -> None:
        top = psutil.Process(pid)
        while not done.wait(_LOOK):
            program = _command(top)
            # A child that is not yet its own program shows its parent's memory as its own.
            children = [child for child in _below(top) if _command(child) != program]
            seen.append(sum(map(_resident, [top, *children])) / MEGABYTE)

    watcher = threading.Thread(target=look, daemon=True)
    watcher.start()
    try:
        yield seen
    finally:
        done.set()
        watcher.join()


def _below(process: psutil.Process) -> list[psutil.Process]:
    try:
        return process.children(recursive=True)
    except psutil.Error:
        return []


def _command(process: psutil.Process) -> list[str]:
    try:
        return list(process.cmdline())
    except psutil.Error:
        return []


def _resident(process: psutil.Process) -> int:
    try:
        return int(process.memory_info().rss)
    except psutil.Error:
        return 0


def exponent(pairs: Sequence[tuple[float, float]]) -> float:
    """The power of the length that a figure grows with: least squares over the logarithms.

    Args:
        pairs: length and figure, two or more.
    """
    logs = [(math.log(length), math.log(figure)) for length, figure in pairs]
    middle = [sum(column) / len(logs) for column in zip(*logs, strict=True)]
    across = sum((x - middle[0]) * (y - middle[1]) for x, y in logs)
    return across / sum((x - middle[0]) ** 2 for x, _ in logs)


def print_lengths(console: Console, head: Sequence[str], lengths: Sequence[Length], box: Box) -> None:
    """Every phase of every length, then what grows how."""
    for line in head:
        console.print(line, soft_wrap=True, highlight=False)
    table = Table(box=box, pad_edge=False)
    for heading in ("recording", "phase", "wall s", "share", "CPU s", "peak MB"):
        table.add_column(heading, justify="left" if heading in ("recording", "phase") else "right")
    for each in lengths:
        name = f"{each.minutes:g} min in, {each.output_seconds / 60:.1f} out"
        for record in each.records:
            figures = (record.elapsed_seconds, record.cpu_seconds, record.peak_memory_mb)
            table.add_row(name, record.phase, *_figures(*figures, whole=each.cold.wall))
        for what, taken in (("cold, all of it", each.cold), ("warm, all of it", each.warm)):
            table.add_row(name, what, *_figures(taken.wall, taken.cpu, taken.peak_mb, whole=taken.wall))
    console.print(table)
    if len(lengths) > 1:
        wall, cpu = (
            exponent([(each.minutes, getattr(each.cold, figure)) for each in lengths])
            for figure in ("wall", "cpu")
        )
        console.print(
            f"wall time grows with the power {wall:.2f} of the length, CPU time with {cpu:.2f}; memory of the longest "
            f"against the one before: {lengths[-1].cold.peak_mb / lengths[-2].cold.peak_mb:.2f} times",
            soft_wrap=True,
            highlight=False,
        )


def _figures(wall: float, cpu: float, peak: float, *, whole: float) -> tuple[str, str, str, str]:
    return f"{wall:.1f}", f"{wall / whole:.0%}", f"{cpu:.1f}", f"{peak:.0f}"


def main() -> int:
    """Measure every length, print the account, write it into a page where asked for."""
    options = argparse.ArgumentParser(prog="python -m benchmarks.whole_job", description=__doc__)
    options.add_argument(
        "--minutes", type=float, nargs="+", default=[30], help="lengths of the recordings (default: 30)"
    )
    options.add_argument(
        "--page", type=Path, help="write the tables into this page, such as docs/performance.md"
    )
    options.add_argument("optimize", nargs="*", help="more options for optimize, after --")
    given = options.parse_args()
    circumstance = made(datetime.now(UTC), quick=False, handicap={})
    # Installing the environment is no part of a job.
    subprocess.run([str(ROOT / "run.sh"), "optimize", "--help"], check=True, stdout=subprocess.DEVNULL)
    lengths = []
    for minutes in sorted(given.minutes):
        length = measure(minutes, given.optimize)
        if isinstance(length, int):
            return length
        lengths.append(length)
    hardware = describe_hardware(state_folder())
    head = (f"{hardware.cpu}, {hardware.ram}, {hardware.storage}", circumstances(circumstance))
    print_lengths(Console(), head, lengths, SIMPLE_HEAD)
    if given.page:
        write_page(given.page, SECTION, lambda into, box: print_lengths(into, head, lengths, box))
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except CutdownError as error:
        sys.exit(f"error: {error}")
