"""A batch on the terminal: a line for each recording that is over, then the table."""

from __future__ import annotations

from typing import Final

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from cutdown.batch.account import BatchAccount, Row
from cutdown.batch.keep import folder_of_batch
from cutdown.batch.page import cells, facts, headings

_COLOURS: Final = {
    "done": "green",
    "duplicate": "green",
    "done elsewhere": "green",
    "failed": "red",
    "failed before": "red",
    "not started": "yellow",
}
_MARKS: Final = {"green": "✓", "red": "✗", "yellow": "-"}


class BatchLines:
    """A `cutdown.batch.run.Watcher` that writes plain lines."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self.account: BatchAccount | None = None
        """Once it is over."""

    def decided(self, to_do: int, done: int, failed: int) -> None:
        """How much there is to do."""
        known = f"; {failed} failed before" if failed else ""
        self._console.print(f"{to_do} to do, {done} done before{known}", highlight=False)

    def started(self, name: str, tries: int) -> None:
        """A recording begins; only another try is worth a line."""
        if tries > 1:
            self._console.print(f"[yellow]↻[/] {escape(name)}  try {tries}", highlight=False)

    def ended(self, row: Row, left: int) -> None:
        """How it went, and how many are left."""
        colour = _COLOURS[row.state]
        took = f"  {row.seconds:.1f} s" if row.seconds is not None else ""
        note = f"  {escape(row.note)}" if row.note else ""
        self._console.print(
            f"[{colour}]{_MARKS[colour]}[/] {escape(row.name)}  {row.state}{took}{note}  [dim]({left} left)[/]",
            highlight=False,
            soft_wrap=True,
        )

    def over(self, account: BatchAccount) -> None:
        """Keep the account."""
        self.account = account


def print_batch(console: Console, account: BatchAccount) -> None:
    """The table, the figures, and where they are kept."""
    if account.rows:
        shown = Table(box=None, pad_edge=False, header_style="bold")
        for heading in headings():
            shown.add_column(heading, overflow="fold")
        for row in account.rows:
            name, state, *rest = map(escape, cells(row))
            shown.add_row(name, f"[{_COLOURS[row.state]}]{state}[/]", *rest)
        console.print()
        console.print(shown)
        console.print()
    console.print(f"[bold]{escape(account.sentence())}[/]", highlight=False)
    console.print(escape(facts(account)), highlight=False)
    if not account.did_nothing:
        place = f"{account.dest.rstrip('/')}/{folder_of_batch(account.batch)}"
        console.print(f"table in {escape(place)}", highlight=False, soft_wrap=True)
