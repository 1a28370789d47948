"""What a process and all its children use, exact where the kernel keeps accounts.

A living process is read through psutil. What a child used before it ended is in its parent's
account (``getrusage``, and on Linux its I/O counters), so sums over the tree never go back when
a child vanishes.
"""

from __future__ import annotations

import contextlib
import os
import resource
import sys
import time
from io import FileIO
from pathlib import Path
from typing import Final, NamedTuple

import psutil

_LOOKING_SHARE: Final = 0.004  # of one core that finding children may cost
_MAXRSS_UNIT: Final = 1 if sys.platform == "darwin" else 1024  # bytes on macOS, KiB on Linux


class Reading(NamedTuple):
    """One look at the tree; CPU and disk are totals since the processes began.

    ``moment`` by the monotonic clock, ``cpu`` in seconds, memory and disk in bytes; disk is None where the system
    does not say. ``cpu_found`` is the part of ``cpu`` that children used before this look found them.
    """

    moment: float
    cpu: float
    cpu_found: float
    memory: int
    disk_read: int | None
    disk_written: int | None


class HighWater(NamedTuple):
    """The most resident memory, in bytes, that this process and its largest ended child ever had."""

    own: int
    child: int


def high_water() -> HighWater:
    """The kernel's own peaks, which no sampling can miss."""
    own, children = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return HighWater(_own_peak() or own.ru_maxrss * _MAXRSS_UNIT, children.ru_maxrss * _MAXRSS_UNIT)


def _own_peak(status: Path = Path("/proc/self/status")) -> int | None:
    """Linux: of this program alone; the account has that of whoever started it too, if that was more."""
    try:
        lines = status.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return None
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM:")), None)


class ProcessTree:
    """This process and its descendants.

    Children are looked for as often as that costs no more than a small share of a core, which may
    be less often than the tree is read. A child that still bears its parent's command line may not
    be its own program yet: its memory counts from the second look at it.
    """

    def __init__(self) -> None:
        self._own = psutil.Process()
        self._program = self._own.cmdline()
        self._children: list[psutil.Process] = []
        self._known: set[psutil.Process] = set()
        self._next_look = self._usual = 0.0

    def read(self, *, fresh: bool = False) -> Reading:
        """Look at the tree.

        Args:
            fresh: look for children now, whatever it costs.
        """
        if fresh or time.monotonic() >= self._next_look:
            self._find_children()
        moment, own_cpu = time.monotonic(), accounted_cpu()
        children_cpu = cpu_found = 0.0
        memory = self._own.memory_info().rss
        disk = _disk(self._own)
        for child in self._children:
            with child.oneshot():
                try:
                    cpu = sum(child.cpu_times()[:4])  # user, system, and of its own ended children
                except psutil.Error:
                    own_cpu = accounted_cpu()  # it ended since; only now it is in its parent's account
                    continue
                children_cpu += cpu
                found = child not in self._known
                if found:
                    cpu_found += cpu
                    self._known.add(child)
                with contextlib.suppress(psutil.Error):
                    # Until a child is its own program, it shows its parent's memory as its own.
                    if not found or child.cmdline() != self._program:
                        memory += child.memory_info().rss
                of_child_disk = _disk(child)
            if disk and of_child_disk:
                disk = (disk[0] + of_child_disk[0], disk[1] + of_child_disk[1])
        return Reading(moment, own_cpu + children_cpu, cpu_found, memory, *(disk or (None, None)))

    def _find_children(self) -> None:
        began = time.thread_time()
        self._children = _descendants(self._own, known=self._children)
        self._known.intersection_update(self._children)
        spent = time.thread_time() - began
        # As with looking itself, one dear search alone does not put off the next.
        self._next_look = time.monotonic() + min(spent, self._usual) / _LOOKING_SHARE
        self._usual = spent


def accounted_cpu() -> float:
    """CPU seconds of this process and of the programs that it started and that have ended, by the kernel's accounts."""
    usage = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(each.ru_utime + each.ru_stime for each in usage)


def _descendants(process: psutil.Process, *, known: list[psutil.Process]) -> list[psutil.Process]:
    """Everything below a process; what is known already is looked up faster."""
    if not Path(f"/proc/{process.pid}/task/{process.pid}/children").exists():
        try:
            return process.children(recursive=True)
        except psutil.Error:
            return []
    # The kernel's own lists: psutil reads every process of the machine instead, which takes longer the more there are.
    before = {each.pid: each for each in known}
    found: list[psutil.Process] = []
    ahead = _children(process.pid)
    while ahead:
        pid = ahead.pop()
        child = before.get(pid)
        try:
            # The kernel may have given the number of one that ended to another.
            found.append(child if child and child.is_running() else psutil.Process(pid))
        except psutil.Error:
            continue
        ahead += _children(pid)
    return found


def _children(pid: int) -> list[int]:
    """The processes that a process started, thread by thread (proc(5)); none once it has ended."""
    found: list[int] = []
    with contextlib.suppress(OSError), os.scandir(f"/proc/{pid}/task") as threads:
        for thread in threads:
            with contextlib.suppress(OSError), FileIO(f"{thread.path}/children") as listed:
                found += map(int, listed.readall().split())
    return found


def _disk(process: psutil.Process) -> tuple[int, int] | None:
    """Bytes read from and written to storage; macOS keeps no such account for a process."""
    try:
        counters = process.io_counters()
    except (psutil.Error, OSError, AttributeError, RuntimeError):  # psutil's, where the account is empty
        return None
    return counters.read_bytes, counters.write_bytes
