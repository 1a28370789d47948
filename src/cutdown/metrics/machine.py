"""What the machine is made of, as it says itself."""

from __future__ import annotations

import ctypes
import os
import platform
import shutil
import sys
from pathlib import Path
from typing import Final, NamedTuple

import psutil

from cutdown.timebase import Frozen

_GIGABYTE: Final = 1_000_000_000
_GIBIBYTE: Final = 1 << 30
_BLOCK_DEVICES: Final = Path("/sys/class/block")
_CONTAINER: Final = Path("/sys/fs/cgroup")  # version 2; on a machine itself the files read here are not there


class Hardware(Frozen):
    """A machine in words a person compares by."""

    cpu: str
    ram: str
    storage: str


def describe_hardware(folder: Path) -> Hardware:
    """The machine's processor, memory, and the storage under a folder.

    Args:
        folder: where the work lies; it, or a folder above it, must exist.
    """
    return Hardware(
        cpu=f"{_processor()}, {os.cpu_count() or 1} cores",
        ram=f"{psutil.virtual_memory().total / _GIBIBYTE:.1f} GiB",
        storage=_storage(folder),
    )


class Allowed(NamedTuple):
    """What this process may use: the machine's, or what a container leaves of it."""

    cores: float
    memory: int
    """Bytes."""
    free: int
    """Bytes of the memory that nothing uses now, or that only caches files."""


def allowed(limits: Path = _CONTAINER) -> Allowed:
    """What there is to work with here.

    Args:
        limits: folder in which the kernel tells what a container may use.
    """
    affinity = getattr(os, "sched_getaffinity", None)
    cores = float(len(affinity(0)) if affinity else os.cpu_count() or 1)
    machine = psutil.virtual_memory()
    memory, free = machine.total, machine.available
    match _words(limits / "cpu.max"):
        case [quota, period] if quota.isdigit():
            cores = min(cores, int(quota) / int(period))
    match _words(limits / "memory.max"), _words(limits / "memory.current"):
        case [most], used if most.isdigit():
            memory = min(memory, int(most))
            about = _words(limits / "memory.stat")
            cache = dict(zip(about[::2], about[1::2], strict=False)).get("inactive_file", "0")
            left = memory - int(used[0] if used else 0) + int(cache)  # given back when it is needed
            free = min(free, max(0, left))
    return Allowed(cores, memory, free)


def _words(path: Path) -> list[str]:
    try:
        return path.read_text(encoding="ascii").split()
    except OSError:
        return []


def _processor() -> str:
    return (
        _from_cpuinfo(Path("/proc/cpuinfo")) or _from_sysctl() or platform.processor() or platform.machine()
    )


def _from_cpuinfo(path: Path) -> str:
    """Linux: the model's name; absent on most ARM machines."""
    try:
        lines = path.read_text(errors="replace").splitlines()
    except OSError:
        return ""
    for line in lines:
        name, _, value = line.partition(":")
        if name.strip() in ("model name", "Model"):
            return " ".join(value.split())
    return ""


def _from_sysctl() -> str:
    """The brand string of macOS, such as ``Apple M1 Pro``."""
    if sys.platform != "darwin":
        return ""
    size = ctypes.c_size_t(256)
    buffer = ctypes.create_string_buffer(size.value)
    failed = ctypes.CDLL(None).sysctlbyname(
        b"machdep.cpu.brand_string", buffer, ctypes.byref(size), None, ctypes.c_size_t(0)
    )
    return "" if failed else buffer.value.decode(errors="replace")


def _storage(folder: Path) -> str:
    folder = next(each for each in (folder.absolute(), *folder.absolute().parents) if each.exists())
    size = f"{shutil.disk_usage(folder).total / _GIGABYTE:.0f} GB"
    inside = [
        part for part in psutil.disk_partitions(all=True) if folder.resolve().is_relative_to(part.mountpoint)
    ]
    if not inside:
        return size
    mount = max(inside, key=lambda part: len(part.mountpoint))
    return " ".join(part for part in (size, mount.fstype, _medium(Path(mount.device).name)) if part)


def _medium(device: str, devices: Path = _BLOCK_DEVICES) -> str:
    """Linux: whether the disk turns; the queue belongs to the disk, a partition lies inside it."""
    if device.startswith(("vd", "xvd")):
        return ""  # a virtual disk says what its host made up
    entry = (devices / device).resolve()
    for place in (entry, entry.parent):
        try:
            turns = (place / "queue" / "rotational").read_text().strip()
        except OSError:
            continue
        return "hard disk" if turns == "1" else "solid state"
    return ""
