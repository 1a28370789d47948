"""``python -m benchmarks.slowed phase4_assembly=0.3 -- optimize VIDEO``: the program with a phase made slower on purpose.

The phase works as always; before it ends, a share of the CPU time it took is burnt once more. It shows that a
regression check sees what it should.
"""

from __future__ import annotations

import hashlib
import sys
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from cutdown import cli
from cutdown.metrics.monitor import PhaseMeter
from cutdown.metrics.processes import ProcessTree

_BLOCK: Final = bytes(1 << 20)  # hashing so much lets other threads run beside it
_PARTS: Final = {"check": "phase4_assembly"}  # measured by itself, told as part of the phase


def burn(cpu_seconds: float, threads: int) -> None:
    """Use up CPU time, spread evenly over threads."""

    def work(_: int) -> None:
        end = time.thread_time() + cpu_seconds / threads
        while time.thread_time() < end:
            hashlib.sha256(_BLOCK).digest()

    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(work, range(threads)))


def slow_down(shares: Mapping[str, float]) -> None:
    """Make phases slower from now on, in this process.

    Args:
        shares: by the phase's name, how much of its own work is burnt on top: 0.3 is 30 % more.
    """
    start, stop = PhaseMeter.start, PhaseMeter.stop
    used: dict[int, float] = {}

    def slowed_start(meter: PhaseMeter) -> None:
        start(meter)
        used[id(meter)] = ProcessTree().read(fresh=True).cpu

    def slowed_stop(meter: PhaseMeter) -> None:
        if share := shares.get(_PARTS.get(meter.name, meter.name)):
            cpu = ProcessTree().read(fresh=True).cpu - used[id(meter)]
            # As many threads as the phase kept busy, so that wall time grows by the same share.
            burn(share * cpu, max(1, round(cpu / max(meter.elapsed_seconds, 1e-3))))
        stop(meter)

    PhaseMeter.start = slowed_start  # type: ignore[method-assign,assignment]
    PhaseMeter.stop = slowed_stop  # type: ignore[method-assign,assignment]


def main(arguments: Sequence[str]) -> None:
    """Slow down what stands before ``--``, and run the rest as ``cutdown``."""
    at = arguments.index("--")
    slow_down({name: float(share) for name, _, share in (word.partition("=") for word in arguments[:at])})
    sys.argv[1:] = arguments[at + 1 :]
    cli.main()


if __name__ == "__main__":
    main(sys.argv[1:])
