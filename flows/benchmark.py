"""The speed of this checkout on the worker's machine, kept as a history."""

from __future__ import annotations

from pathlib import Path

from prefect import flow

from benchmarks import benchmark, history
from cutdown.settings import state_folder


@flow(name="benchmark")
def run_benchmark(quick: bool = True, runs: int = 5, out: Path | None = None) -> Path:
    """Measure the pipeline on the standard videos, keep the baseline, draw the trend.

    Args:
        quick: Short videos only: a few minutes instead of an hour
        runs: Of each video, cold and warm
        out: The baseline file; benchmark/latest.json in the worker's state folder where not given
    """
    document = benchmark.measure_baseline(quick, runs, {}, print)
    benchmark.keep(document, out or state_folder() / "benchmark" / "latest.json")
    return history.draw()
