"""A comparison of two measurements, as a table and one line that says what came of it."""

from __future__ import annotations

from typing import Final

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from cutdown.metrics.regression import Comparison, Row

_STYLES: Final = {"slower": "bold red", "steady": "green", "no evidence": "yellow"}


def print_comparison(console: Console, comparison: Comparison) -> None:
    """Every phase, what was compared, and the verdict."""
    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    for heading in ("case", "phase", "before s", "now s", "change", "98 % interval", "verdict"):
        table.add_column(
            heading, justify="right" if heading.endswith((" s", "change", "interval")) else "left"
        )
    for row in comparison.rows:
        style = _STYLES[row.verdict] if row.counts else "dim"
        table.add_row(
            escape(row.case or "single run"),
            escape(row.phase),
            f"{row.before:.2f}",
            f"{row.now:.2f}",
            _percent(row.ratio),
            f"{_percent(row.low)} to {_percent(row.high)}",
            f"[{style}]{row.verdict if row.counts else 'too short to count'}[/]",
        )
    console.print(table)
    console.print(f"compared: {comparison.rule}", style="dim", highlight=False, markup=False)
    for note in comparison.notes:
        console.print(f"note: {note}", style="dim", highlight=False, markup=False)
    console.print(verdict_line(comparison), style="bold", highlight=False, markup=False, soft_wrap=True)


def verdict_line(comparison: Comparison) -> str:
    """What came of it, in one line."""
    limit = f"{comparison.threshold:.0%}"
    if comparison.slower:
        return f"regression: {'; '.join(map(_told, comparison.slower))} (allowed: {limit})"
    if comparison.unsure:
        names = ", ".join(
            dict.fromkeys(" of ".join(filter(None, (r.phase, r.case))) for r in comparison.unsure)
        )
        return (
            f"no evidence of a regression, and none against one beyond {limit} in {names}: measure more runs"
        )
    return f"no regression: nothing is more than {limit} slower"


def _told(row: Row) -> str:
    where = f"{row.phase} of {row.case}" if row.case else row.phase
    return (
        f"{where} is {row.ratio - 1:.0%} slower ({row.before:.2f} s before, {row.now:.2f} s now, {row.measure}; "
        f"interval {_percent(row.low)} to {_percent(row.high)})"
    )


def _percent(ratio: float) -> str:
    return f"{ratio - 1:+.1%}"
