"""Graphics processors, read without starting a program.

NVIDIA's through the driver's own library (NVML), AMD's through the Linux kernel's files. A
machine with neither has none to read.
"""

from __future__ import annotations

import ctypes
from pathlib import Path
from typing import Any, Final, NamedTuple, Protocol

from cutdown.metrics.records import MEGABYTE

_DRM: Final = Path("/sys/class/drm")


class GpuReading(NamedTuple):
    """One look: percent of time busy, and megabytes of its memory in use where it says so."""

    percent: float
    memory_mb: float | None


class Gpu(Protocol):
    """Something whose load can be read."""

    name: str

    def read(self) -> GpuReading | None:
        """The load now; None where the driver does not answer."""
        ...


class _NvmlUtilization(ctypes.Structure):
    _fields_ = (("gpu", ctypes.c_uint), ("memory", ctypes.c_uint))


class _NvmlMemory(ctypes.Structure):
    _fields_ = (("total", ctypes.c_ulonglong), ("free", ctypes.c_ulonglong), ("used", ctypes.c_ulonglong))


class NvidiaGpu:
    """The first NVIDIA device.

    Args:
        library: NVML as loaded by ctypes.

    Raises:
        OSError: when the driver finds no device.
    """

    def __init__(self, library: Any) -> None:
        self._library = library
        self._device = ctypes.c_void_p()
        if library.nvmlInit_v2() or library.nvmlDeviceGetHandleByIndex_v2(0, ctypes.byref(self._device)):
            raise OSError("the NVIDIA driver finds no device")
        name = ctypes.create_string_buffer(96)
        library.nvmlDeviceGetName(self._device, name, len(name))
        self.name = name.value.decode(errors="replace") or "NVIDIA"

    def read(self) -> GpuReading | None:
        """The load now."""
        load, memory = _NvmlUtilization(), _NvmlMemory()
        if self._library.nvmlDeviceGetUtilizationRates(self._device, ctypes.byref(load)):
            return None
        failed = self._library.nvmlDeviceGetMemoryInfo(self._device, ctypes.byref(memory))
        return GpuReading(float(load.gpu), None if failed else memory.used / MEGABYTE)


class AmdGpu:
    """An AMD device by its folder in ``/sys/class/drm``."""

    def __init__(self, device: Path) -> None:
        self._device = device
        self.name = "AMD"

    def read(self) -> GpuReading | None:
        """The load now."""
        try:
            percent = float((self._device / "gpu_busy_percent").read_text())
            used = int((self._device / "mem_info_vram_used").read_text())
        except (OSError, ValueError):
            return None
        return GpuReading(percent, used / MEGABYTE)


def find_gpu(drm: Path = _DRM) -> Gpu | None:
    """The graphics processor to watch, or None where there is none that can be read."""
    try:
        return NvidiaGpu(ctypes.CDLL("libnvidia-ml.so.1"))
    except (OSError, AttributeError):
        pass  # no driver: the usual case
    for busy in sorted(drm.glob("card*/device/gpu_busy_percent")):
        return AmdGpu(busy.parent)
    return None
