"""Measure the judgement of the product: ``python -m benchmarks.evaluate screencasts DIR``."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

from cyclopts import App, Parameter
from rich.console import Console
from rich.table import Table

from benchmarks.screencasts import (
    BASELINE,
    Report,
    evaluate_one,
    find_screencasts,
    means,
    report_of,
    write_report,
)
from cutdown.director import director_named
from cutdown.errors import CutdownError
from cutdown.settings import SpeechOptions, state_folder
from cutdown.store import Store

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
    names = director or ["offline"]
    for name in names:
        director_named(name)
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
    kinds = sorted({kind for score in report.scores for kind in score.recall_by_kind})
    table = Table(
        title=f"Waste found in screencasts (Whisper {report.model})", caption="recall by kind on the right"
    )
    table.add_column("file")
    table.add_column("director")
    for column in ("precision", "recall", "F1", "content lost", *kinds):
        table.add_column(column, justify="right")
    for score in report.scores:
        own = map(_percent, (score.precision, score.recall, score.f1, score.content_lost))
        by_kind = (_percent(score.recall_by_kind.get(kind)) for kind in kinds)
        style = "dim" if score.director == BASELINE else None
        table.add_row(score.file, score.director, *own, *by_kind, style=style)
    table.add_section()
    for (director, group), figures in means(report.scores).items():
        cells = [_percent(figures.get(k)) for k in ("precision", "recall", "f1", "content_lost", *kinds)]
        table.add_row(f"mean of {group}", director, *cells, style="bold" if director != BASELINE else "dim")
    console.print(table)


def _percent(share: float | None) -> str:
    return "" if share is None else f"{share * 100:.1f}"


def main() -> None:
    """Run, and turn an error into one line and its exit code."""
    try:
        app()
    except CutdownError as error:
        Console(stderr=True).print(f"cutdown: {error}", style="red", highlight=False, markup=False)
        sys.exit(error.exit_code)


if __name__ == "__main__":
    main()
