"""Who does the work: processes of this machine, or whoever else takes orders."""

from __future__ import annotations

import multiprocessing
import signal
import sys
import time
import traceback
from collections.abc import Callable
from multiprocessing.connection import wait
from multiprocessing.context import SpawnProcess
from pathlib import Path
from types import FrameType
from typing import Any, Final, NamedTuple, Protocol

from cutdown.batch.order import Order, holder_name
from cutdown.batch.scratch import sweep_scratch
from cutdown.settings import state_folder

_GRACE: Final = 15.0  # seconds to end an encoder, give leases back and remove scratch files


class Ended(NamedTuple):
    """An order that is over; what came of it stands in the destination."""

    order: Order
    fault: str = ""
    """Where its worker did not come to its end: how it ended, in a few words."""
    holder: str = ""
    """The worker that is known to be dead, as its leases name it."""


class Crew(Protocol):
    """Takes orders, several at once."""

    @property
    def slots(self) -> int:
        """Orders at once."""
        ...

    def begin(self, order: Order) -> None:
        """Start on an order."""
        ...

    def wait(self, seconds: float) -> list[Ended]:
        """Orders that ended since the last call; waits so long for one."""
        ...

    def stop(self) -> None:
        """End what is in work; leases are given back where that is possible."""
        ...


class Processes:
    """One process of this machine for each recording.

    Args:
        work: done in the new process; must be importable by name.
        slots: processes at once.
        log: folder for what each process says.
    """

    def __init__(self, work: Callable[[Order], Any], slots: int, log: Path | None = None) -> None:
        self.slots = slots
        self._work = work
        self._log = log or state_folder() / "logs"
        self._context = multiprocessing.get_context("spawn")  # threads and clients do not survive a fork
        self._running: dict[SpawnProcess, Order] = {}
        sweep_scratch()

    def begin(self, order: Order) -> None:
        """Start a process."""
        self._log.mkdir(parents=True, exist_ok=True)
        process = self._context.Process(
            target=_in_process, args=(self._work, order, self._log / f"{order.key}.log"), daemon=False
        )
        process.start()
        self._running[process] = order

    def wait(self, seconds: float) -> list[Ended]:
        """Orders whose process ended."""
        if not self._running:
            time.sleep(seconds)
            return []
        wait([process.sentinel for process in self._running], seconds)
        over = [process for process in self._running if process.exitcode is not None]
        return [self._ended(process, self._running.pop(process)) for process in over]

    def stop(self) -> None:
        """Ask every process to end, then end it."""
        for process in self._running:
            process.terminate()
        until = time.monotonic() + _GRACE
        for process in self._running:
            process.join(max(0.0, until - time.monotonic()))
            if process.exitcode is None:
                process.kill()
                process.join()
        self._running.clear()

    def _ended(self, process: SpawnProcess, order: Order) -> Ended:
        code = process.exitcode or 0
        pid = process.pid
        process.close()
        if code == 0:
            return Ended(order)
        how = (
            f"its process was ended by signal {-code}"
            if code < 0
            else f"its process ended with exit code {code}"
        )
        return Ended(order, how, f"{holder_name().rsplit('/', 1)[0]}/{pid}")


def _in_process(work: Callable[[Order], Any], order: Order, log: Path) -> None:
    """The new process: its words go to a file, and being asked to end gives its leases back."""

    def leave(number: int, frame: FrameType | None) -> None:
        del number, frame
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, leave)
    with log.open("a", encoding="utf-8", buffering=1) as file:
        sys.stdout = sys.stderr = file
        try:
            work(order)
        except KeyboardInterrupt:
            sys.exit(130)
        except Exception:  # noqa: BLE001  # told here: the file is closed when Python would tell it
            traceback.print_exc(file=file)
            sys.exit(1)
