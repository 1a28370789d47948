"""Measure the judgement of the product: ``python -m benchmarks.evaluate screencasts DIR``."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Final

from cyclopts import App, Parameter
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from benchmarks.screencasts import (
    Report,
    cast_director,
    evaluate_one,
    find_screencasts,
    means,
    report_of,
    write_report,
)
from cutdown.errors import CutdownError
from cutdown.settings import SpeechOptions, state_folder
from cutdown.store import Store

_TABLE_WIDTH: Final = 90  # columns that the table needs; a narrower terminal wraps it

app = App(name="evaluate", help="Measure what the product decides against labelled recordings.")


@app.command
def screencasts(
    folder: Path,
    *,
    json: Path | None = None,
    model: str = "base",
    director: Annotated[list[str] | None, Parameter(negative=())] = None,
) -> None:
    """Score the edit plans of labelled screencasts.

    For every X.mp4 with its labels in X.json: transcribe, measure, plan, and compare every moment
    with the labels. Prints precision, recall and F1 of the waste (seconds cut or sped up), how much
    content is lost, and the recall by kind, beside a cutter that only knows silence. A rewrite
    counts as kept, apart from fillers inside it. Transcripts are remembered in the store.

    Args:
        folder: Folder with the videos and their labels.
        json: Write all figures to this file as well.
        model: Whisper model that transcribes.
        director: Director to measure; may be given several times.
    """
    console = Console()
    console.width = max(console.width, _TABLE_WIDTH)
    names = director or ["offline"]
    for name in names:
        cast_director(name)
    found = find_screencasts(folder)
    store = Store(state_folder() / "store")
    options = SpeechOptions(whisper_model=model)
    scores = []
    with console.status("") as status:
        for number, (video, labels) in enumerate(found, start=1):
            status.update(f"{video.name} ({number} of {len(found)})")
            scores += evaluate_one(video, labels, store, directors=names, options=options)
    report = report_of(scores, model)
    _print(report, console)
    if json is not None:
        write_report(report, json)


def _print(report: Report, console: Console) -> None:
    """One table for each director and the baseline: every file, then the means."""
    kinds = sorted({kind for score in report.scores for kind in score.recall_by_kind})
    averages = means(report.scores)
    for director in dict.fromkeys(score.director for score in report.scores):
        table = Table(
            title=f"{director}, Whisper {report.model}, %",
            box=SIMPLE_HEAD,
            padding=(0, 1, 0, 0),
            pad_edge=False,
            title_justify="left",
        )
        table.add_column("file", no_wrap=True)
        for column in ("prec.", "recall", "F1", "lost", *(kind.replace("_", " ") for kind in kinds)):
            table.add_column(column, justify="right")
        for score in report.scores:
            if score.director == director:
                own = map(_percent, (score.precision, score.recall, score.f1, score.content_lost))
                table.add_row(score.file, *own, *(_percent(score.recall_by_kind.get(kind)) for kind in kinds))
        table.add_section()
        for (name, group), figures in averages.items():
            if name == director:
                columns = ("precision", "recall", "f1", "content_lost", *kinds)
                table.add_row(f"mean {group}", *(_percent(figures.get(c)) for c in columns), style="bold")
        console.print(table)
    console.print("lost: content that is cut; on its right the recall of each kind of waste", style="dim")


def _percent(share: float | None) -> str:
    return "" if share is None else f"{share * 100:.1f}"


def main(arguments: Sequence[str] | None = None) -> None:
    """Run, and turn an error into one line and its exit code."""
    try:
        app(sys.argv[1:] if arguments is None else arguments)
    except CutdownError as error:
        Console(stderr=True, soft_wrap=True).print(
            f"cutdown: {error}", style="red", highlight=False, markup=False
        )
        sys.exit(error.exit_code)


if __name__ == "__main__":
    main()
