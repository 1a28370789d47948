"""The only door to other programs.

A program started here is in a process group of its own, dies with this process (on Linux by
the kernel's parent-death signal, even after SIGKILL), and is ended whenever the call that started it is
left, by whatever way. Several may run at once from several threads.
"""

from __future__ import annotations

import contextlib
import functools
import importlib.util
import itertools
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Final

from cutdown.errors import UsageError
from cutdown.media.conversation import Conversation, ProgramError
from cutdown.progress import Progress, unheard
from cutdown.settings import child_environment, environment

__all__ = [
    "OVERRIDE", "EncoderUse", "ProgramError", "Run", "compiled_encoders", "encoder_use", "has_encoder", "kill_all",
    "program", "reports_to", "run", "try_encoder",
]  # fmt: skip

OVERRIDE: Final = "IMAGEIO_FFMPEG_EXE"
_REPORT_LEVEL: Final = 40  # ffmpeg's "verbose": what it decided and why, not every packet
_GRACE_SECONDS: Final = 2.0  # between asking a program to end and ending it

# Of many last words the first that complain tell why; the others only that it ended.
_TELLING: Final = re.compile(
    r"error|invalid|cannot|could not|fail|no such|not found|no space|unknown|unable|denied|unrecognized|impossible",
    re.IGNORECASE,
)
_HOLLOW: Final = (
    "Conversion failed!",
    "frame=",
    "size=",
    "  ",
    "Error opening input file",
    "Error opening output file",
)
_ALL_WELL: Final = " 0 decode errors"
_ADDRESS: Final = re.compile(r"^\[([^\]@]*?)(?: @ 0x[0-9a-f]+)?\] ")

# A preexec_fn is unsafe where threads run, so the new process asks for its own death signal
# and then becomes the program; it looks once whether its parent died meanwhile.
_TIED_START: Final = """
import ctypes, os, sys
ctypes.CDLL(None).prctl(1, 9, 0, 0, 0)
if os.getppid() != int(sys.argv[1]): sys.exit(137)
os.execv(sys.argv[2], sys.argv[2:])
"""


def tied(command: Sequence[str]) -> list[str]:
    """The command for a program that is to end with this process, however that ends; only Linux can be told so."""
    if sys.platform != "linux":
        return list(command)
    return [sys.executable, "-I", "-S", "-c", _TIED_START, str(os.getpid()), *command]


@dataclass(frozen=True)
class Run:
    """What a program left behind when it ended well."""

    stderr: str
    """Its last 200 lines."""
    cpu_seconds: float
    """User and system time of the process, from the kernel."""


@functools.cache
def _bundled() -> Path | None:
    spec = importlib.util.find_spec("imageio_ffmpeg")
    folders = (spec.submodule_search_locations if spec else None) or []
    for folder in folders:
        for binary in sorted(Path(folder, "binaries").glob("ffmpeg-*")):
            return binary
    return None


def program() -> Path:
    """The ffmpeg that is used: ``IMAGEIO_FFMPEG_EXE``, else the bundled one, else the system's.

    Raises:
        UsageError: when the one that was named is not there, or there is none at all.
    """
    if named := environment(OVERRIDE):
        found = shutil.which(named)
        if found is None:
            raise UsageError(
                f"{OVERRIDE} names '{named}', which is not a program; correct it, or unset it to use the bundled ffmpeg"
            )
        return Path(found)
    if bundled := _bundled():
        return bundled
    if found := shutil.which("ffmpeg"):
        return Path(found)
    raise UsageError(
        f"no ffmpeg: the package imageio-ffmpeg carries none for this machine; install ffmpeg or set {OVERRIDE}"
    )


def run(
    arguments: Sequence[str],
    *,
    duration: Fraction | None = None,
    progress: Progress = unheard,
    stall_seconds: float = 120,
    cwd: Path | None = None,
    feed: Iterable[bytes] | None = None,
    take: Callable[[bytes], object] | None = None,
    share: Sequence[int] = (),
) -> Run:
    """Run ffmpeg to its end.

    Args:
        arguments: everything after the program's name; existing outputs are overwritten.
        duration: length of what it writes, so that ``progress`` can be told the share done.
        progress: told the share done, about twice a second.
        stall_seconds: how long it may stand without writing, reading or taking anything.
        cwd: folder to run in.
        feed: blocks for its standard input (``pipe:0``), asked for as it takes them.
        take: given each block of its standard output (``pipe:1``).
        share: open file descriptors that it may use too, as ``pipe:NUMBER``.

    Raises:
        ProgramError: it failed, stalled, or was killed; one line, with the last lines of its
            standard error beside it.
    """
    done, report = os.pipe()
    command = [str(program()), "-hide_banner", "-nostdin", "-y", "-progress", f"pipe:{report}", "-nostats"]
    try:
        child = _Child([*command, *map(str, arguments)], (report, *share), cwd, feed=feed is not None)
    except BaseException:
        os.close(done)
        raise
    finally:
        os.close(report)
    talk = Conversation(take, iter(feed) if feed is not None else None, duration, progress)
    try:
        with contextlib.closing(os.fdopen(done, "rb", buffering=0)) as reports:
            talk.until_closed(child.process, reports.fileno(), stall_seconds)
            child.wait(stall_seconds)
    finally:
        child.end()
    tail = "\n".join(talk.tail)
    if child.status != 0:
        raise ProgramError(_why(child.status, talk.tail), tail)
    if duration is not None:
        progress(1.0)
    return Run(stderr=tail, cpu_seconds=child.cpu_seconds)


@contextlib.contextmanager
def reports_to(folder: Path) -> Iterator[None]:
    """Let every ffmpeg that is started inside the block, from any thread, write its own report there.

    Args:
        folder: exists; the reports are called ``001.log`` and so on, in order of their start.
    """
    global _reports  # noqa: PLW0603  # threads that ask for a program know no context
    with _lock:
        before, _reports = _reports, (folder, itertools.count(1))
    try:
        yield
    finally:
        with _lock:
            _reports = before


_reports: tuple[Path, Iterator[int]] | None = None


def _report_wanted() -> dict[str, str]:
    """The variable by which ffmpeg is asked for a report, where one is wanted."""
    with _lock:
        if _reports is None:
            return {}
        folder, numbers = _reports
        path = folder / f"{next(numbers):03d}.log"
    escaped = re.sub(r"([\\':])", r"\\\1", str(path)).replace("%", "%%")
    return {"FFREPORT": f"file={escaped}:level={_REPORT_LEVEL}"}


def kill_all() -> None:
    """End every program that is still running, at once."""
    with _lock:
        for child in _running:
            child.signal_group(signal.SIGKILL)


_lock = threading.Lock()
_running: set[_Child] = set()


class _Child:
    """A program in its own process group, from start to reaping."""

    def __init__(self, command: list[str], pipes: tuple[int, ...], cwd: Path | None, *, feed: bool) -> None:
        self.status = -1
        self.cpu_seconds = 0.0
        self._reaped = False
        self.process = subprocess.Popen(  # one door: arguments are a list, never a shell's line
            tied(command),
            stdin=subprocess.PIPE if feed else subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            bufsize=0,
            cwd=cwd,
            env=child_environment(AV_LOG_FORCE_NOCOLOR="1", **_report_wanted()),
            pass_fds=pipes,
            process_group=0,
        )
        with _lock:
            _running.add(self)

    def signal_group(self, number: signal.Signals) -> None:
        """Signal the program and its children; call with the lock held, so that the id is still its own."""
        if not self._reaped:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.process.pid, number)

    def has_ended(self) -> bool:
        """Reap it when it is over; keeps the exact CPU time that only ``wait4`` tells."""
        with _lock:
            if self._reaped:
                return True
            pid, status, usage = os.wait4(self.process.pid, os.WNOHANG)
            if pid == 0:
                return False
            self.status = self.process.returncode = os.waitstatus_to_exitcode(status)
            self.cpu_seconds = usage.ru_utime + usage.ru_stime
            self._reaped = True
            _running.discard(self)
            return True

    def wait(self, seconds: float) -> bool:
        """Wait for its end for so long; whether it came."""
        limit = time.monotonic() + seconds
        pause = 0.001
        while not self.has_ended():
            if time.monotonic() > limit:
                return False
            time.sleep(pause)
            pause = min(2 * pause, 0.05)
        return True

    def end(self) -> None:
        """Make sure that it is over and its pipes are closed: ask, wait, then end the whole group."""
        try:
            if not self.has_ended():
                for number in (signal.SIGTERM, signal.SIGKILL):
                    with _lock:
                        self.signal_group(number)
                    if self.wait(_GRACE_SECONDS):
                        break
        finally:
            for pipe in (self.process.stdin, self.process.stdout, self.process.stderr):
                if pipe is not None:
                    with contextlib.suppress(OSError):
                        pipe.close()


def _why(status: int, tail: Sequence[str]) -> str:
    """The line that tells most, for a person."""
    if status < 0:
        return f"ffmpeg was ended by signal {-status}: memory ran out, or someone stopped it"
    lines = [
        _ADDRESS.sub(r"\1: ", line.strip())
        for line in tail
        if not line.startswith(_HOLLOW) and _ALL_WELL not in line
    ]
    telling = next(
        (line for line in lines if _TELLING.search(line)), lines[-1] if lines else "it said nothing"
    )
    return f"ffmpeg failed with exit code {status}: {telling}"


@dataclass(frozen=True)
class EncoderUse:
    """How a command has to speak to an encoder, around ``-c:v NAME``."""

    before_input: tuple[str, ...] = ()
    """Options that open a device, before the inputs."""
    upload: tuple[tuple[str, ...], ...] = ()
    """Filters, each with its arguments, that carry pictures to the device."""


_VAAPI_DEVICE: Final = "/dev/dri/renderD128"
_KNOWN_ENCODERS: Final = (
    "libx264", "libx265", "libsvtav1", "libvpx-vp9",
    "h264_nvenc", "hevc_nvenc", "av1_nvenc", "h264_videotoolbox", "hevc_videotoolbox",
    "h264_qsv", "hevc_qsv", "h264_vaapi", "hevc_vaapi", "h264_amf", "hevc_amf",
)  # fmt: skip


def encoder_use(name: str) -> EncoderUse:
    """What a command needs besides the encoder's name."""
    if name.endswith("_vaapi"):
        return EncoderUse(("-vaapi_device", _VAAPI_DEVICE), (("format", "nv12"), ("hwupload",)))
    return EncoderUse()


@functools.cache
def compiled_encoders() -> frozenset[str]:
    """Video encoders that this ffmpeg was built with; a hardware one may still not work here."""
    listing: list[bytes] = []
    run(["-encoders"], take=listing.append)
    rows = [line.split() for line in b"".join(listing).decode(errors="replace").splitlines()]
    return frozenset(row[1] for row in rows if len(row) > 2 and row[0].startswith("V") and row[1] != "=")


@functools.cache
def has_encoder(name: str) -> bool:
    """Whether an encoder really encodes a few frames on this machine; asked once per process."""
    try:
        _encode_a_little(name, (), (640, 360))
    except (ProgramError, UsageError):
        return False
    return True


def try_encoder(name: str, options: Sequence[str] = (), size: tuple[int, int] = (640, 360)) -> None:
    """Encode a few frames before a run depends on it.

    Args:
        name: video encoder, such as ``h264_nvenc``.
        options: its options, as they will be used, such as ``-preset superfast -crf 23``.
        size: width and height in pixels, as they will be used.

    Raises:
        UsageError: it does not work here; names those that do.
    """
    try:
        _encode_a_little(name, options, size)
    except (ProgramError, UsageError) as error:
        usable = [known for known in _KNOWN_ENCODERS if known != name and has_encoder(known)]
        fault = str(error)
        if has_encoder(name):
            usable.insert(0, f"{name} with other options or another size")
        raise UsageError(
            f"the encoder '{name}' does not work on this machine ({fault}); usable here: {', '.join(usable) or 'none'}"
        ) from error


def _encode_a_little(name: str, options: Sequence[str], size: tuple[int, int]) -> None:
    if name not in compiled_encoders():
        raise UsageError("this ffmpeg has no such encoder")
    use = encoder_use(name)
    source = f"testsrc2=size={size[0]}x{size[1]}:rate=30"
    upload = ",".join("=".join((filter_, *values)) for filter_, *values in use.upload)
    filters = ["-vf", upload] if upload else ["-pix_fmt", "yuv420p"]
    run(
        [
            *use.before_input,
            "-f",
            "lavfi",
            "-i",
            source,
            "-frames:v",
            "6",
            *filters,
            "-c:v",
            name,
            *options,
            "-f",
            "null",
            "-",
        ],
        stall_seconds=30,
    )
