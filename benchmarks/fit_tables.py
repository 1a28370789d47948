"""The tables of ``evaluate fit``."""

from __future__ import annotations

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from benchmarks.fit import PROMISED_TO, FitReport, WayFigures


def print_fit(report: FitReport, console: Console) -> None:
    """What was solved, by how long the line is for its slot; and what every way took."""
    figures = report.figures
    solved = _table(
        f"{figures[0].lines} lines over {report.recordings} recordings, seed {report.seed}: "
        "solved within the bounds, %"
    )
    solved.add_column("way", no_wrap=True)
    for band in figures[0].solved:
        solved.add_column(f"{band}×", justify="right")
    solved.add_column(f"up to {PROMISED_TO:g}×", justify="right")
    for one in figures:
        shares = [*one.solved.values(), one.solved_promised]
        solved.add_row(one.way, *(f"{100 * share:.1f}" for share in shares))
    console.print(solved)
    rows = _table("What it took")
    rows.add_column("", no_wrap=True)
    for one in figures:
        rows.add_column(one.way, justify="right", no_wrap=True)
    for name, *cells in zip(_NAMES, *(_cells(one) for one in figures), strict=True):
        rows.add_row(str(name), *cells)
    console.print(rows)
    console.print(
        "×: length of the spoken line to that of its slot; bounds: the voice at most 1.1 times as fast, the picture "
        "at least\ntwo thirds of its speed, held for at most 2 s and only where the screen is still\ndiscomfort: per "
        "line, by the prices in docs/fitting.md",
        style="dim",
    )


_NAMES = (
    "lines not fitted within the bounds",
    "words lost",
    "lines that run into the next",
    "voice, p50 / p95 / most",
    "frozen, of what is shown",
    "slowed, of what is shown",
    "holds / of them on a moving screen",
    "words that name what is shown, in time",
    "discomfort, all / up to 1.4×",
    "seconds to fit all",
)


def _cells(one: WayFigures) -> tuple[str, ...]:
    return (
        str(one.flagged),
        f"{one.words_lost:g} of {one.words}",
        str(one.overlaps),
        f"{one.voice_p50:.3f} / {one.voice_p95:.3f} / {one.voice_most:.3f}",
        f"{100 * one.frozen_share:.1f} %",
        f"{100 * one.slowed_share:.1f} %",
        f"{one.holds} / {one.holds_moving}",
        f"{100 * one.named_in_time:.0f} % of {one.named}" if one.named else "none found",
        f"{one.discomfort:.2f} / {one.discomfort_promised:.2f}",
        f"{one.seconds:.2f}",
    )


def _table(title: str) -> Table:
    return Table(title=title, box=SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False, title_justify="left")
