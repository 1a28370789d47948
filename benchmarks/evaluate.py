"""Measure the judgement of the product: ``python -m benchmarks.evaluate screencasts DIR``, ``... meetings DIR``,
``... disfluency FILE``, ``... fit DIR``, ``... cuts RECORDING...``.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Final

from cyclopts import App, Parameter
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from benchmarks import disfluency as words
from benchmarks.acts import read_meetings
from benchmarks.cut_tables import print_cuts
from benchmarks.cuts import listen_to, make_output
from benchmarks.fit import measure as measure_fit
from benchmarks.fit_cases import find_videos, make_cases
from benchmarks.fit_tables import print_fit
from benchmarks.labelled_words import read_talks
from benchmarks.meetings import Interval, MeetingReport, by_director, by_plans, measure, ways
from benchmarks.meetings import report_of as report_of_meetings
from benchmarks.screencasts import (
    Report,
    cast_director,
    evaluate_one,
    find_screencasts,
    means,
    report_of,
    write_report,
)
from benchmarks.word_tables import print_words
from cutdown.errors import CutdownError, UsageError
from cutdown.settings import SpeechOptions
from cutdown.shared_store import local_store

_TABLE_WIDTH: Final = 90  # columns that the table needs; a narrower terminal wraps it
_WIDE_TABLE: Final = 110

app = App(name="./run.sh evaluate", help="Measure what the product decides against labelled recordings.")


@app.command
def screencasts(
    folder: Path,
    *,
    json: Path | None = None,
    model: str = "base",
    director: Annotated[list[str] | None, Parameter(negative=())] = None,
    plans: Path | None = None,
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
        plans: Folder with a plan X.json for each video, scored too.
    """
    console = Console()
    console.width = max(console.width, _TABLE_WIDTH)
    names = director or ["offline"]
    for name in names:
        cast_director(name)
    found = find_screencasts(folder)
    store = local_store()
    options = SpeechOptions(whisper_model=model)
    scores = []
    with console.status("") as status:
        for number, (video, labels) in enumerate(found, start=1):
            status.update(f"{video.name} ({number} of {len(found)})")
            scores += evaluate_one(video, labels, store, directors=names, options=options, plans=plans)
    report = report_of(scores, model)
    _print(report, console)
    if json is not None:
        write_report(report, json)


@app.command
def meetings(
    folder: Path,
    *,
    split: str = "dev",
    budget: Annotated[list[float] | None, Parameter(negative=())] = None,
    json: Path | None = None,
    director: Annotated[list[str] | None, Parameter(negative=())] = None,
    plans: Path | None = None,
) -> None:
    """Score what is kept of meetings against the extracts that people made of them.

    Whole dialogue acts are chosen for a share of the speech time. Prints F1 by seconds against the human
    extract and the share of the human abstract's links that is covered, in human text and in a recogniser's,
    beside baselines, with 95 % bootstrap intervals over meetings.

    Args:
        folder: Folder with meetings in the form of the AMI corpus, or with one .tar.xz of them.
        split: List of meetings to score: the name before '.list'.
        budget: Share of the speech time; may be given several times. 0.1, 0.2 and 0.3 where none is given.
        json: Write all figures to this file as well.
        director: Director whose whole plans are scored too; may be given several times.
        plans: Folder with a plan NAME.json for each meeting, scored too.
    """
    budgets = budget or [0.1, 0.2, 0.3]
    if not all(0 < share < 1 for share in budgets):
        raise UsageError("a budget is a share of the speech time between 0 and 1, such as 0.2")
    texts = read_meetings(folder, split)
    store = local_store()
    asked = ways()
    for name in director or ["offline"]:
        asked[f"plans: {name}"] = by_director(name, store)
    if plans is not None:
        asked["plans: files"] = by_plans(plans)
    console = Console()
    console.width = max(console.width, _WIDE_TABLE)
    with console.status("") as status:
        scored = measure(texts, asked, budgets, status.update)
    report = report_of_meetings(scored, split)
    _print_meetings(report, console)
    if json is not None:
        write_report(report, json)


@app.command
def disfluency(
    file: Path,
    *,
    json: Path | None = None,
    director: Annotated[list[str] | None, Parameter(negative=())] = None,
    plans: Path | None = None,
) -> None:
    """Score which words are taken out, against labelled words.

    A line of FILE is a word, its start and end in seconds and its label, with tabs between; a label (filler, repeat,
    restart, bad_take, aside, ...) means that the word should go, none that it stays. A line '# NAME' begins a
    recording. 'python -m benchmarks.labelled_words DIR FILE' makes one of labelled screencasts. Prints precision,
    recall and F1 of the words deleted, beside a list of fillers and a rule for repeated words.

    Args:
        file: Words with labels.
        json: Write all figures to this file as well.
        director: Director to measure; may be given several times.
        plans: Folder with a plan NAME.json for each recording, scored too.
    """
    talks = read_talks(file)
    store = local_store()
    ways = {name: words.by_director(name, store) for name in director or ["offline"]}
    if plans is not None:
        ways["plans: files"] = words.by_plans(plans)
    console = Console()
    console.width = max(console.width, _TABLE_WIDTH)
    with console.status(file.name):
        scores = words.measure(talks, {**ways, **words.baselines()})
    report = words.DisfluencyReport(file=file.name, recordings=len(talks), scores=scores)
    print_words(report, console)
    if json is not None:
        write_report(report, json)


@app.command
def fit(
    folder: Path,
    *,
    rewrites: int = 200,
    seed: int = 1,
    model: str = "base",
    json: Path | None = None,
) -> None:
    """Fit made rewrites of half to twice the length of their slot, and read what came of them.

    Over the plans of the recordings in a folder, lines are made up and spoken by the local voice, and
    fitted by Cutdown, line by line in a fixed order, and by stretching the voice. Prints the share that is solved
    within the bounds, by how long the line is for its slot, and what it took.

    Args:
        folder: Folder with recordings.
        rewrites: Lines to make.
        seed: Of the draws.
        model: Whisper model that transcribes.
        json: Write all figures and every line to this file as well.
    """
    if rewrites < 1:
        raise UsageError("--rewrites is how many lines to make: 1 or more")
    videos = find_videos(folder)
    console = Console()
    console.width = max(console.width, _WIDE_TABLE)
    store = local_store()
    with console.status("") as status:
        cases = make_cases(videos, store, rewrites=rewrites, seed=seed, model=model, told=status.update)
        report = measure_fit(cases, seed)
    print_fit(report, console)
    if json is not None:
        write_report(report, json)


@app.command
def cuts(
    recordings: list[Path],
    *,
    count: int = 10,
    seed: int = 1,
    model: str = "base",
    target_ratio: float | None = None,
    json: Path | None = None,
) -> None:
    """Make recordings short, and listen to random cuts of each output by machine.

    Measures, at each cut, the jump in the waveform, whether the words beside it can still be heard, and the
    step in loudness, beside the plain cut of the same moments. All that is made is remembered in the store.

    Args:
        recordings: Videos or sound files.
        count: Cuts to listen to in each output.
        seed: Of the draws.
        model: Whisper model that transcribes.
        target_ratio: Length wanted as a share of the recording; fewer or more cuts come with it.
        json: Write every cut to this file as well.
    """
    if count < 1:
        raise UsageError("--count is how many cuts to listen to: 1 or more")
    if target_ratio is not None and not 0 < target_ratio <= 1:
        raise UsageError("--target-ratio is a share of the recording above 0 and at most 1, such as 0.3")
    console = Console()
    console.width = max(console.width, _WIDE_TABLE)
    store = local_store()
    with console.status("") as status:
        outputs = []
        for recording in recordings:
            status.update(f"{recording.name}: making it short")
            outputs.append(make_output(recording, store, model=model, ratio=target_ratio))
        report = listen_to(outputs, store, count=count, seed=seed, told=status.update)
    print_cuts(report, console)
    if json is not None:
        write_report(report, json)


def _print_meetings(report: MeetingReport, console: Console) -> None:
    """One table for each text and budget: every way, and ours against it."""
    for text, budget in dict.fromkeys((one.text, one.budget) for one in report.figures):
        rows = [one for one in report.figures if (one.text, one.budget) == (text, budget)]
        table = Table(
            title=f"{rows[0].meetings} meetings of {report.split}, {text} text, {budget:.0%} of the speech time",
            box=SIMPLE_HEAD,
            padding=(0, 1, 0, 0),
            pad_edge=False,
            title_justify="left",
        )
        for column in ("way", "F1", "95 %", "links", "95 %", "ours F1", "95 %", "ours links", "95 %"):
            table.add_column(column, justify="left" if column == "way" else "right", no_wrap=True)
        for one in rows:
            figures = (one.f1, one.link_recall, one.ours_f1, one.ours_link_recall)
            cells = [
                cell
                for index, figure in enumerate(figures)
                for cell in _with_interval(figure, signed=index > 1)
            ]
            table.add_row(one.way, *cells)
        console.print(table)
    console.print(
        "F1: seconds against the human extract; links: those of the human abstract that are covered; in %\n"
        "ours: how many points ours is better, by pairs of meetings",
        style="dim",
    )


def _with_interval(figure: Interval | None, *, signed: bool) -> tuple[str, str]:
    if figure is None:
        return "", ""
    sign = "+" if signed else ""
    return f"{figure.mean:{sign}.1f}", f"{figure.low:{sign}.1f} to {figure.high:{sign}.1f}"


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
