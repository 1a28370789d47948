"""``python -m benchmarks.whole_job``: the whole job on a made half hour, phase by phase.

Prints wall time, CPU time and peak memory of each phase with its share, as they stand in the
metrics records, beside the time of the whole process as seen from outside.
"""

from __future__ import annotations

import argparse
import resource
import subprocess  # noqa: TID251  # the job is measured from outside, as a user runs it
import sys
import tempfile
import time
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks.long_screencast import make
from cutdown.metrics import read_records
from cutdown.settings import HOME_VARIABLE, child_environment

ROOT = Path(__file__).resolve().parent.parent


def main() -> int:
    """Make the recording, run ``./run.sh optimize`` on it in a fresh state folder, print the account."""
    options = argparse.ArgumentParser(prog="python -m benchmarks.whole_job", description=__doc__)
    options.add_argument("--minutes", type=float, default=30, help="length of the recording (default: 30)")
    options.add_argument(
        "--recording", type=Path, help="keep the made recording here, or use the one that is here"
    )
    options.add_argument("optimize", nargs="*", help="more options for optimize, after --")
    given = options.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        recording = given.recording or Path(folder, "long.mp4")
        if not recording.is_file():
            make(recording, given.minutes * 60)
        out = Path(folder, "out")
        began = time.perf_counter()
        code = subprocess.run(
            [str(ROOT / "run.sh"), "optimize", str(recording), "--out", str(out), *given.optimize],
            env=child_environment(**{HOME_VARIABLE: str(Path(folder, "state"))}),
            check=False,
        ).returncode
        wall = time.perf_counter() - began
        if not (out / "metrics.jsonl").exists():
            return code
        _print(out / "metrics.jsonl", wall)
    return code


def _print(metrics: Path, wall: float) -> None:
    table = Table(box=None, header_style="bold")
    for heading in ("phase", "wall s", "share", "CPU s", "peak MB of the tree"):
        table.add_column(heading, justify="left" if heading == "phase" else "right")
    for record in read_records(metrics):
        table.add_row(
            record.phase,
            f"{record.elapsed_seconds:.1f}",
            f"{record.elapsed_seconds / wall:.0%}",
            f"{record.cpu_seconds:.1f}",
            f"{record.peak_memory_mb:.0f}",
        )
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    table.add_row(
        "the whole process", f"{wall:.1f}", "100%", f"{children.ru_utime + children.ru_stime:.1f}", ""
    )
    Console().print(table)


if __name__ == "__main__":
    sys.exit(main())
