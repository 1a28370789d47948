"""The janitor's verb, and what it did as a table."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Final, cast

from cyclopts import App, Parameter, Token, convert
from pydantic import ByteSize
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from cutdown.errors import UsageError
from cutdown.janitor import RESTS_AFTER, Tidied, tidy

_SHOWN: Final = 20  # rows; the sum tells the rest


def _age(_hint: object, tokens: Sequence[Token]) -> timedelta:
    try:
        return cast("timedelta", convert(timedelta, tokens))
    except OverflowError:
        raise ValueError("longer than can be reckoned with; give days or weeks, such as 7d") from None


Age = Annotated[timedelta, Parameter(converter=_age)]


def add_janitor(app: App, output: Callable[[], Console]) -> None:
    """Give a command line the verb ``janitor``.

    Args:
        app: the command line.
        output: makes the console that results go to.
    """

    @app.command
    def janitor(
        place: str | None = None,
        /,
        *,
        older_than: Age = RESTS_AFTER,
        unused_for: Age | None = None,
        keep: ByteSize | None = None,
        dry_run: Annotated[bool, Parameter(negative="")] = False,
    ) -> int:
        """Remove rests of broken transfers, and, where you set a limit, what the store has not used for long.

        Args:
            place: folder or s3://bucket/prefix, where only rests are removed; the stores of this machine where not given
            older_than: age from which a rest is removed, such as 12h, 7d, 2w
            unused_for: also remove stored files that were not used for so long; they are made anew when needed
            keep: also remove stored files, least recently used first, until no more than this is left, such as 20GB
            dry_run: only tell what would be removed
        """
        if place is not None and "://" not in place and not Path(place).expanduser().is_dir():
            raise UsageError(f"there is no folder '{place}'; check the path")
        told = tidy(place, older_than=older_than, unused_for=unused_for, keep_bytes=keep, dry_run=dry_run)
        print_tidied(output(), told)
        return 0


def print_tidied(console: Console, told: Tidied) -> None:
    """Print what was removed, or would be, and what it frees."""
    verb = "would be removed" if told.dry_run else "removed"
    if told.removed:
        table = Table(title=verb)
        for column in ("what", "name", "in", "size", "age"):
            table.add_column(column)
        for item in told.removed[:_SHOWN]:
            size = "" if item.size is None else bytes_in_words(item.size)
            table.add_row(item.kind, escape(item.name), escape(item.place), size, age_in_words(item.age))
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
