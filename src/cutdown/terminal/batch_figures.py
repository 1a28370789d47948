"""A batch as tables in a terminal, and as files."""

from __future__ import annotations

from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from cutdown.errors import UsageError
from cutdown.metrics import BatchMetrics
from cutdown.metrics.batch import TITLES, Grouping
from cutdown.metrics.rows import Row
from cutdown.store import write_whole
from cutdown.terminal.summary import PHASE_NAMES

_FILED: tuple[Grouping, ...] = ("record", "video")


def print_batch(console: Console, batch: BatchMetrics) -> None:
    """All tables: in all, by video, by phase, by provider, by model."""
    for by, title in TITLES.items():
        if rows := batch.table(by):
            console.print(_table(title, rows))
            console.print()


def _table(title: str, rows: list[Row]) -> Table:
    table = Table(
        title=title, title_justify="left", title_style="bold", box=None, pad_edge=False, header_style="bold"
    )
    for heading, value in rows[0].items():
        words = isinstance(value, str) and not heading.endswith("$")
        table.add_column(heading, justify="left" if words else "right", overflow="fold")
    for row in rows:
        table.add_row(*(_cell(value) for value in row.values()))
    return table


def _cell(value: object) -> str:
    return PHASE_NAMES.get(value, escape(value)) if isinstance(value, str) else str(value)


def write_batch(console: Console, batch: BatchMetrics, folder: Path) -> None:
    """Write a batch's figures into a folder: a page, everything as JSON, and rows as CSV and Parquet.

    Raises:
        UsageError: when the folder cannot be written.
    """
    texts = {"batch.md": batch.markdown(), "batch.json": batch.model_dump_json(indent=2) + "\n"}
    names = [*texts]
    try:
        for name, text in texts.items():
            with write_whole(folder / name) as temporary:
                temporary.write_text(text, encoding="utf-8")
        for by in _FILED:
            batch.write_csv(folder / f"{by}s.csv", by)
            batch.write_parquet(folder / f"{by}s.parquet", by)
            names += [f"{by}s.csv", f"{by}s.parquet"]
    except OSError as error:
        raise UsageError(
            f"cannot write the report to '{folder}': {error.strerror}; choose another --out"
        ) from error
    console.print(Text.assemble("written to ", (str(folder), "bold")), soft_wrap=True)
    console.print("  " + "  ".join(names), highlight=False, soft_wrap=True)
