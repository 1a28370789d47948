"""What the janitor did, as a table."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from rich.console import Console
from rich.table import Table

from cutdown.janitor import Tidied

_SHOWN: Final = 20  # rows; the sum tells the rest


def print_tidied(console: Console, told: Tidied) -> None:
    """Print what was removed, or would be, and what it frees."""
    verb = "would be removed" if told.dry_run else "removed"
    if told.removed:
        table = Table(title=verb)
        for column in ("what", "name", "in", "size", "age"):
            table.add_column(column)
        for item in told.removed[:_SHOWN]:
            size = "" if item.size is None else bytes_in_words(item.size)
            table.add_row(item.kind, item.name, item.place, size, age_in_words(item.age))
        console.print(table)
    rest = f"; {len(told.removed) - _SHOWN} of them not shown" if len(told.removed) > _SHOWN else ""
    kept = "" if told.kept_bytes is None else f"; the store holds {bytes_in_words(told.kept_bytes)}"
    console.print(
        f"{len(told.removed)} {verb}{rest}, {bytes_in_words(told.freed)} freed{kept}", highlight=False
    )


def bytes_in_words(size: int) -> str:
    """Bytes as a person reads them, such as 3.2 GB."""
    value = float(size)
    for unit in ("B", "kB", "MB"):
        if value < 1000:
            return f"{value:.0f} {unit}" if unit == "B" else f"{value:.1f} {unit}"
        value /= 1000
    return f"{value:.1f} GB"


def age_in_words(age: timedelta) -> str:
    """An age as a person reads it, such as 9 d or 3 h."""
    hours = age.total_seconds() / 3600
    return f"{hours / 24:.0f} d" if hours >= 48 else f"{hours:.0f} h"
