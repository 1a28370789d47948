"""Verbs of the command line that make no video: what runs took, and whether they got slower."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Final

from cyclopts import App
from rich.console import Console

from cutdown.errors import UsageError
from cutdown.metrics.baseline_form import THRESHOLD

REGRESSED: Final = 1  # the exit code of a regression


def add_looking_back(app: App, output: Callable[[], Console]) -> None:
    """Add the verbs to a command line.

    Args:
        app: the command line.
        output: where tables go.
    """

    @app.command
    def report(source: str, /, *, out: Path | None = None, prometheus: Path | None = None) -> int:
        """Tell what many videos took: in all, by video, by phase, by provider, by model.

        Args:
            source: a metrics file, or a folder or s3://bucket/prefix that is searched for metrics.jsonl
            out: also write the figures to this folder: Markdown, JSON, CSV, Parquet
            prometheus: also write them to this file, for a node exporter's textfile collector
        """
        from cutdown.metrics import BatchMetrics
        from cutdown.metrics.prometheus import write_prometheus
        from cutdown.terminal.batch_figures import print_batch, write_batch

        batch = BatchMetrics.read(source)
        print_batch(output(), batch)
        if out is not None:
            write_batch(output(), batch, out)
        if prometheus is not None:
            write_prometheus(batch, prometheus)
        return 0

    @app.command
    def regression(baseline: Path, current: Path, /, *, threshold: float = THRESHOLD) -> int:
        """Tell whether a measurement is slower than an earlier one, by phase and in total.

        Both come from the benchmark, or from optimize --metrics-output. Exit code 1:
        something is slower by more than the threshold, beyond what chance explains.

        Args:
            baseline: the earlier measurement
            current: the one in question
            threshold: how much slower is too slow: 0.2 is 20 %
        """
        from cutdown.metrics.baseline_form import Baseline
        from cutdown.metrics.regression import compare
        from cutdown.terminal.regression import print_comparison

        if not threshold > 0:
            raise UsageError(f"--threshold {threshold:g} is not above 0; give a share such as 0.2")
        comparison = compare(Baseline.read(baseline), Baseline.read(current), threshold)
        print_comparison(output(), comparison)
        return REGRESSED if comparison.slower else 0
