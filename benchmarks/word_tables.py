"""The table of the words that are taken out."""

from __future__ import annotations

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from benchmarks.disfluency import DisfluencyReport


def print_words(report: DisfluencyReport, console: Console) -> None:
    """One row for each way."""
    labels = sorted({label for score in report.scores for label in score.recall_by_label})
    first = report.scores[0]
    table = Table(
        title=f"{report.file}: {first.to_delete} of {first.words} words to delete, {report.recordings} recordings, %",
        box=SIMPLE_HEAD,
        padding=(0, 1, 0, 0),
        pad_edge=False,
        title_justify="left",
    )
    table.add_column("way", no_wrap=True)
    for column in ("deleted", "prec.", "recall", "F1", *(label.replace("_", " ") for label in labels)):
        table.add_column(column, justify="right")
    for one in report.scores:
        shares = (one.precision, one.recall, one.f1, *(one.recall_by_label.get(label) for label in labels))
        figures = ("" if share is None else f"{share * 100:.1f}" for share in shares)
        table.add_row(one.way, str(one.deleted), *figures)
    console.print(table)
    console.print("on the right the recall of each label", style="dim")
