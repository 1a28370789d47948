"""``./run.sh benchmark``: measure the speed of this checkout on this machine, and write it down."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Annotated, Final

import jsonschema
from cyclopts import App, CycloptsError, Parameter
from rich.console import Console

from benchmarks import history, render_race
from benchmarks.machine import made
from benchmarks.pipeline_runs import measure
from benchmarks.race_report import print_race
from benchmarks.report import print_baseline, write_page
from benchmarks.standard_videos import QUICK, STANDARD
from cutdown.errors import CutdownError, UsageError
from cutdown.metrics import describe_hardware, write_baseline
from cutdown.metrics.baseline_form import (
    PHASES,
    TOTAL,
    Baseline,
    Cost,
    Performance,
    baseline_schema,
)
from cutdown.settings import state_folder

_RUNS: Final = 5  # of each case: fewer say too little about noise
_ROUNDS: Final = 3  # of the render race: its ratios are taken within a round
_WIDTH: Final = 120  # columns of the tables where there is no terminal

Flag = Parameter(negative="")
Handicap = Annotated[list[str] | None, Parameter(name="--slow-down", negative=())]

app = App(
    name="./run.sh benchmark",
    help="Measure the speed of this checkout on this machine.",
    help_format="plaintext",
)


@app.default
def run(
    *,
    quick: Annotated[bool, Flag] = False,
    runs: int | None = None,
    out: Path = Path("benchmark.json"),
    render: Annotated[bool, Flag] = False,
    against: Annotated[list[str] | None, Parameter(negative=())] = None,
    slow_down: Handicap = None,
    trend: Annotated[bool, Flag] = False,
    page: Path | None = None,
) -> int:
    """Run the pipeline on the standard videos, cold and warm, several times, and write the baseline.

    The videos (a test pattern with a tone; made screencasts of 5 and 30 minutes) are made once and kept in the
    state folder. Runs are interleaved, each in a process of its own. The result is kept in the history as well.

    Args:
        quick: short videos only: under 5 minutes on two idle cores
        runs: of each case; 5, or 3 with --render, where not given
        out: the file to write: the baseline, or with --render the race; with both, the race goes beside it
        render: measure rendering alone: one timeline, every engine, and the limit that decoding and encoding set
        against: who renders the same timeline (moviepy, ffmpeg, ffmpeg-seek); may be given several times
        slow_down: PHASE=SHARE, such as phase4_assembly=0.3: makes a phase slower on purpose, to try the regression check
        trend: draw the history as a page, measure nothing
        page: a Markdown page to write the tables into, between its marks, such as docs/performance.md
    """
    console = Console(width=None if sys.stdout.isatty() else _WIDTH)
    if trend:
        page = history.draw()
        console.print(f"trend: {page}", soft_wrap=True, highlight=False, markup=False)
        return 0
    if runs is not None and runs < 1:
        raise UsageError(f"--runs {runs} measures nothing; give 1 or more")
    engines = _engines(against or [])
    handicap = _handicap(slow_down or [])
    with console.status("") as status:

        def tell(what: str) -> None:
            status.update(what)
            if not sys.stdout.isatty():
                Console(stderr=True).print(what, style="dim", highlight=False)

        document = None if render else measure_baseline(quick, runs or _RUNS, handicap, tell)
        if document is not None:
            keep(document, out)
        race = render_race.race(quick, runs or _ROUNDS, engines, tell) if render or engines else None
    if document is not None:
        _tell(console, page, "whole job", partial(print_baseline, document=document))
    if race is not None:
        race_file = out if render else out.with_suffix(".race.json")
        write_baseline(race_file, race.model_dump(mode="json"))
        _tell(console, page, "rendering", partial(print_race, race=race))
    console.print(f"written: {out}", soft_wrap=True, highlight=False, markup=False)
    return 0


def _tell(console: Console, page: Path | None, section: str, print_it: Callable[..., None]) -> None:
    print_it(console)
    if page is not None:
        write_page(page, section, lambda into, box: print_it(into, box=box))


def measure_baseline(
    quick: bool, runs: int, handicap: Mapping[str, float], tell: Callable[[str], None]
) -> Baseline:
    """Measure everything.

    Args:
        quick: the short videos.
        runs: of each case.
        handicap: phases made slower on purpose.
        tell: told what is running.
    """
    began = made(datetime.now(UTC), quick=quick, handicap=handicap)  # now: the checkout may move on meanwhile
    cases, cost = measure(QUICK if quick else STANDARD, runs, handicap=handicap, tell=tell)
    first = cases[0]
    seconds = {name: first.spread[name].wall.median for name in (*PHASES, TOTAL) if name in first.spread}
    return Baseline(
        hardware=describe_hardware(state_folder()),
        video=first.video,
        performance=Performance.model_validate(
            {f"{name.partition('_')[0]}_time": value for name, value in seconds.items()}
        ),
        cost=Cost(total=cost),
        made=began,
        cases=cases,
    )


def keep(document: Baseline, out: Path) -> None:
    """Write a baseline that the published schema accepts, and add it to the history.

    What was slowed on purpose is no part of the history.

    Raises:
        UsageError: when a file cannot be written.
    """
    raw = document.model_dump(mode="json")
    jsonschema.Draft202012Validator(baseline_schema()).validate(raw)
    write_baseline(out, raw)
    if document.made is not None and not document.made.handicap:
        history.append(document)


def _engines(names: Sequence[str]) -> tuple[str, ...]:
    for name in names:
        if name not in render_race.OTHERS:
            raise UsageError(f"cannot measure against '{name}'; choose from {', '.join(render_race.OTHERS)}")
    return tuple(names)


def _handicap(given: Sequence[str]) -> dict[str, float]:
    found = {}
    for word in given:
        phase, _, share = word.partition("=")
        try:
            found[phase] = float(share)
        except ValueError:
            found[phase] = 0.0
        if phase not in PHASES or not 0 < found[phase] <= 10:
            raise UsageError(
                f"--slow-down '{word}' is not PHASE=SHARE, such as phase4_assembly=0.3; phases are {', '.join(PHASES)}"
            )
    return found


def main(arguments: Sequence[str] | None = None) -> int:
    """Run, and turn an error into one line and its exit code."""
    given = sys.argv[1:] if arguments is None else arguments
    errors = Console(stderr=True, soft_wrap=True)
    try:
        code = app(given, exit_on_error=False, print_error=False, result_action="return_value")
    except CutdownError as error:
        errors.print(f"error: {error}", style="red", highlight=False, markup=False)
        return error.exit_code
    except CycloptsError as error:
        errors.print(f"error: {error}; --help tells the options", style="red", highlight=False, markup=False)
        return 2
    return code if isinstance(code, int) else 0


if __name__ == "__main__":
    sys.exit(main())
