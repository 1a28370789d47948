"""A batch for people: as Markdown, and as one HTML page that needs nothing else."""

from __future__ import annotations

import posixpath
from collections.abc import Sequence
from html import escape
from typing import Final
from urllib.parse import quote

from cutdown.batch.account import BatchAccount, Row
from cutdown.metrics.rows import markdown_table

_HEADINGS: Final = ("recording", "state", "took", "from", "to", "cost", "worker", "note")
_STYLE: Final = """
:root { color-scheme: light dark; font: 15px/1.5 system-ui, sans-serif; }
body { margin: 2rem auto; max-width: 75rem; padding: 0 1rem; }
table { border-collapse: collapse; width: 100%; margin: 1rem 0 2rem; }
th, td { text-align: left; padding: .3rem .7rem .3rem 0; border-bottom: 1px solid #8884; vertical-align: top; }
td.number { font-variant-numeric: tabular-nums; white-space: nowrap; }
.done, .duplicate { color: #1a7f37; } .failed { color: #cf222e; } .not { color: #9a6700; }
@media (prefers-color-scheme: dark) { .done, .duplicate { color: #3fb950; } .failed { color: #ff7b72; } .not { color: #d29922; } }
"""


def cells(row: Row) -> tuple[str, ...]:
    """A row as people read it, in the order of the headings."""
    return (
        row.name,
        row.state,
        _seconds(row.seconds),
        _seconds(row.source_seconds),
        _seconds(row.output_seconds),
        "" if row.cost is None else f"${row.cost:.2f}",
        row.holder,
        row.note,
    )


def headings() -> tuple[str, ...]:
    """Of the table of recordings."""
    return _HEADINGS


def lease_rows(account: BatchAccount) -> list[dict[str, str]]:
    """Who held the leases of what was made, and whom they were taken over from."""
    return [
        {
            "recording": row.name,
            "worker": row.holder,
            "turn": str(row.turn),
            "taken over from": ", ".join(row.taken_over_from),
        }
        for row in account.rows
        if row.state == "done"
    ]


def table(account: BatchAccount) -> list[dict[str, str]]:
    """The table of recordings, as rows by heading."""
    return [dict(zip(_HEADINGS, cells(row), strict=True)) for row in account.rows]


def markdown(account: BatchAccount) -> str:
    """The batch as a Markdown page."""
    parts = [
        f"# Batch {account.batch}",
        f"{account.sentence()}.",
        f"From `{account.source}` to `{account.dest}`; {facts(account)}.",
        "## Recordings",
        markdown_table(table(account)),
        "## Leases",
        markdown_table(lease_rows(account)),
        account.metrics.markdown().rstrip(),
    ]
    return "\n\n".join(parts) + "\n"


def facts(account: BatchAccount) -> str:
    """What the batch itself took, in a line."""
    budget = f" of ${account.budget:.2f}" if account.budget is not None else ""
    return (
        f"{account.slots} at once; decided in {account.decide_seconds:.2f} s with {account.decide_requests} requests, "
        f"{account.requests} in all; ${account.spent:.2f}{budget} spent"
    )


def html(account: BatchAccount, *, below: str) -> str:
    """The batch as one HTML page.

    Args:
        account: the batch.
        below: folder of the page, relative to the destination, so that links to results hold.
    """
    title = f"Batch {account.batch}"
    figures = account.metrics
    return f"""<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>{escape(title)}</title><style>{_STYLE}</style></head>
<body>
<h1>{escape(title)}</h1>
<p><strong>{escape(account.sentence())}</strong></p>
<p>From <code>{escape(account.source)}</code> to <code>{escape(account.dest)}</code>,
{account.began:%Y-%m-%d %H:%M} to {account.ended:%H:%M} UTC; {escape(facts(account))}.</p>
<h2>Recordings</h2>
{_recordings(account.rows, below)}
<h2>In all</h2>
{_plain_table(figures.table("total"))}
<h2>By phase</h2>
{_plain_table(figures.table("phase"))}
<h2>Leases</h2>
{_plain_table(lease_rows(account))}
</body>
</html>
"""


def _recordings(rows: Sequence[Row], below: str) -> str:
    head = "".join(f"<th scope='col'>{heading}</th>" for heading in _HEADINGS)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{''.join(_line(row, below) for row in rows)}</tbody></table>"


def _line(row: Row, below: str) -> str:
    name, state, *rest = cells(row)
    shown = escape(name)
    if row.video:
        shown = f'<a href="{quote(posixpath.relpath(row.video, below))}">{shown}</a>'
    numbers, words = rest[:4], rest[4:]
    return (
        f'<tr><td>{shown}</td><td class="{state.split()[0]}">{state}</td>'
        + "".join(f'<td class="number">{escape(number)}</td>' for number in numbers)
        + "".join(f"<td>{escape(word)}</td>" for word in words)
        + "</tr>"
    )


def _plain_table(rows: Sequence[dict[str, object]] | Sequence[dict[str, str]]) -> str:
    if not rows:
        return "<p>nothing</p>"
    head = "".join(f"<th scope='col'>{escape(str(heading))}</th>" for heading in rows[0])
    body = "".join(
        "<tr>"
        + "".join(f"<td>{'' if value is None else escape(str(value))}</td>" for value in row.values())
        + "</tr>"
        for row in rows
    )
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _seconds(value: float | None) -> str:
    return "" if value is None else f"{value:.1f} s"
