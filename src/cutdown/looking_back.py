"""Verbs of the command line that make no video: what runs took, whether they got slower, what they left."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Final

from cyclopts import App, Parameter
from pydantic import ByteSize
from rich.console import Console

from cutdown.errors import UsageError
from cutdown.janitor import RESTS_AFTER, tidy
from cutdown.metrics.baseline_form import THRESHOLD

REGRESSED: Final = 1  # the exit code of a regression
Flag = Parameter(negative="")


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

        Both come from the benchmark, or from optimize --metrics-output. Exit code 1: something is slower by
        more than the threshold, beyond what chance explains.

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

    @app.command
    def janitor(
        place: str | None = None,
        /,
        *,
        older_than: timedelta = RESTS_AFTER,
        unused_for: timedelta | None = None,
        keep: ByteSize | None = None,
        dry_run: Annotated[bool, Flag] = False,
    ) -> int:
        """Remove rests of broken transfers, and, where you set a limit, what the store has not used for long.

        Args:
            place: folder or s3://bucket/prefix, where only rests are removed; the stores of this machine where not given
            older_than: age from which a rest is removed, such as 12h, 7d, 2w
            unused_for: also remove stored files that were not used for so long; they are made anew when needed
            keep: also remove stored files, least recently used first, until no more than this is left, such as 20GB
            dry_run: only tell what would be removed
        """
        from cutdown.terminal.janitor import print_tidied

        told = tidy(place, older_than=older_than, unused_for=unused_for, keep_bytes=keep, dry_run=dry_run)
        print_tidied(output(), told)
        return 0
