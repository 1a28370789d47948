"""Profiles on demand: where a run's CPU time and memory go, and what ffmpeg says of its own work.

Each leaves its files in the folder of the results, beside the report, when the block ends, however
it ends.
"""

from __future__ import annotations

import contextlib
import functools
import shutil
import tempfile
from collections.abc import Callable, Collection, Iterator, Mapping
from pathlib import Path
from typing import Final, Protocol, TypeVar, cast

from cutdown.errors import UsageError
from cutdown.extras import remedy
from cutdown.media import ffmpeg
from cutdown.store import write_whole

Result = TypeVar("Result")

CPU_FILE: Final = "profile-cpu.html"
MEMORY_FILE: Final = "profile-memory.html"
FFMPEG_FOLDER: Final = "profile-ffmpeg"
_EXTRA: Final = "profile"
_TYPEFACES: Final = "https://" + "fonts.googleapis.com/css"


def cpu(folder: Path, work: Callable[[], Result]) -> Result:
    """Which calls this thread's time goes to, sampled by pyinstrument a thousand times a second.

    Other threads, and programs that are waited for, show as the call that waits for them.
    """
    try:
        from pyinstrument import Profiler
    except ImportError as error:
        raise UsageError(f"a CPU profile needs pyinstrument; {remedy(_EXTRA)}") from error
    sampler = Profiler(async_mode="disabled")
    sampler.start()
    try:
        return work()
    finally:
        sampler.stop()
        # The page would fetch a typeface; it reads as well in the browser's own.
        page = sampler.output_html().replace(_TYPEFACES, "data:text/css,")
        with _left_in(folder), write_whole(folder / CPU_FILE) as temporary:
            temporary.write_text(page, encoding="utf-8")


@contextlib.contextmanager
def _left_in(folder: Path) -> Iterator[None]:
    """Turn a folder that cannot be written into one line that says so."""
    try:
        yield
    except OSError as error:
        raise UsageError(
            f"cannot write the profile to '{folder}': {error.strerror}; choose another --out"
        ) from error


def memory(folder: Path, work: Callable[[], Result]) -> Result:
    """Which calls held memory at the process's peak, as a flame graph by memray; all threads."""
    try:
        import memray
        from memray.commands import main as memray_command
    except ImportError as error:
        raise UsageError(f"a memory profile needs memray; {remedy(_EXTRA)}") from error
    with tempfile.TemporaryDirectory() as scratch:
        taken = Path(scratch, "allocations.bin")
        try:
            # It would lose the callers of what it sees if it began in a generator.
            with cast("contextlib.AbstractContextManager[None]", memray.Tracker(taken)):
                return work()
        finally:
            with (
                _left_in(folder),
                write_whole(folder / MEMORY_FILE) as temporary,
                contextlib.redirect_stdout(None),
            ):
                memray_command(["flamegraph", "--no-web", "--force", "--output", str(temporary), str(taken)])


def ffmpeg_reports(folder: Path, work: Callable[[], Result]) -> Result:
    """Each ffmpeg's own report, numbered in the order in which they were started."""
    with tempfile.TemporaryDirectory() as scratch:
        try:
            with ffmpeg.reports_to(Path(scratch)):
                return work()
        finally:
            target = folder / FFMPEG_FOLDER
            with _left_in(folder):
                shutil.rmtree(target, ignore_errors=True)  # of an earlier run
                target.mkdir(parents=True)
                for report in sorted(Path(scratch).iterdir()):
                    shutil.copyfile(report, target / report.name)


class Profiler(Protocol):
    """Does work and leaves a profile of it in a folder."""

    def __call__(self, folder: Path, work: Callable[[], Result]) -> Result:
        """What the work returns or raises."""
        ...


_PROFILERS: Final[Mapping[str, Profiler]] = {"cpu": cpu, "memory": memory, "ffmpeg": ffmpeg_reports}


def profiler_names() -> tuple[str, ...]:
    """Everything that can be profiled."""
    return tuple(_PROFILERS)


def profiled(names: Collection[str], folder: Path, work: Callable[[], Result]) -> Result:
    """Do work under profilers.

    Args:
        names: of profilers, see `profiler_names`; none is fine.
        folder: where their files go.
        work: what is profiled.

    Raises:
        UsageError: a profiler is not installed, or two of them are in each other's way: nothing was done. Or the
            folder cannot be written.
    """
    if {"cpu", "memory"} <= {*names}:
        raise UsageError(
            "--profile cpu and --profile memory watch the same calls and spoil each other's figures; run them one after the other"
        )
    for name in reversed(profiler_names()):  # those that may be missing are asked first
        if name in names:
            work = functools.partial(_PROFILERS[name], folder, work)
    return work()
