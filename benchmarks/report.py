"""What a benchmark tells, on the terminal and for the documentation."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median
from typing import Final

from rich.box import MARKDOWN, SIMPLE_HEAD, Box
from rich.console import Console
from rich.table import Table

from cutdown.errors import UsageError
from cutdown.metrics.baseline_form import PHASES, PROCESS, TOTAL, Baseline, Case, Made, Spread
from cutdown.metrics.regression import QUIET_SHARE
from cutdown.store import write_whole

_PAGE_WIDTH: Final = 300  # columns: no table of a page is wrapped
_WIDE: Final = re.compile(r" {2,}")


def print_baseline(console: Console, document: Baseline, *, box: Box = SIMPLE_HEAD) -> None:
    """Every case with the spread of every phase."""
    assert document.made is not None
    hardware = document.hardware
    say(console, f"{hardware.cpu}, {hardware.ram}, {hardware.storage}")
    say(console, circumstances(document.made))
    warn_of_others(console, max(median(run.others_share for run in case.runs) for case in document.cases))
    table = Table(box=box, pad_edge=False)
    for heading in ("case", "phase", "wall s", "quartiles", "CPU s", "quartiles"):
        table.add_column(heading, justify="left" if heading in ("case", "phase") else "right")
    for case in document.cases:
        for name in (*PHASES, TOTAL, PROCESS):
            if name in case.spread:
                spread = case.spread[name]
                table.add_row(f"{case.name} {case.mode}", name, *_spread(spread.wall), *_spread(spread.cpu))
    console.print(table)
    for case in document.cases:
        say(console, _about(case))


def warn_of_others(console: Console, share: float) -> None:
    """Say so where a machine was too busy for its wall seconds to mean much.

    Args:
        console: where to.
        share: of the machine that other programs used, 0 to 1.
    """
    if share > QUIET_SHARE:
        say(
            console,
            f"Other programs used up to {share:.0%} of the machine: read the CPU seconds, not the wall seconds.",
        )


def circumstances(made: Made) -> str:
    """When, and of which commit."""
    handicap = "".join(f", {phase} slowed by {share:.0%}" for phase, share in made.handicap.items())
    changed = " with changes" if made.changed else ""
    return f"{made.at:%d %B %Y %H:%M} UTC, commit {(made.commit or 'unknown')[:9]}{changed}, {made.cores} cores{handicap}"


def _spread(spread: Spread) -> tuple[str, str]:
    return f"{spread.median:.2f}", f"{spread.lower_quartile:.2f} to {spread.upper_quartile:.2f}"


def _about(case: Case) -> str:
    memory = max(run.peak_memory_mb for run in case.runs)
    return (
        f"{case.name} {case.mode}: runs: {len(case.runs)}, {case.video.duration:.0f} s in, "
        f"{case.runs[0].output_seconds:.0f} s out, peak {memory:.0f} MB"
    )


def write_page(page: Path, section: str, print_section: Callable[[Console, Box], None]) -> None:
    """Put a section of tables into a page, between its two marks; what was there before goes.

    Args:
        page: a Markdown file with ``<!-- SECTION -->`` and ``<!-- end of SECTION -->`` in it.
        section: its name.
        print_section: prints it, with tables in the box that it is given.

    Raises:
        UsageError: the page is not there, or has no such marks.
    """
    head, tail = around(page, section)
    made = io.StringIO()
    print_section(Console(file=made, width=_PAGE_WIDTH), MARKDOWN)
    lines = "\n\n".join(_paragraphs(made.getvalue()))
    with write_whole(page) as temporary:
        temporary.write_text(f"{head}\n\n{lines}\n\n{tail}", encoding="utf-8")


def around(page: Path, section: str) -> tuple[str, str]:
    """What stands before and after a section of a page, its two marks included.

    Raises:
        UsageError: the page is not there, or has no such marks.
    """
    begin, end = f"<!-- {section} -->", f"<!-- end of {section} -->"
    try:
        text = page.read_text(encoding="utf-8")
    except OSError as error:
        raise UsageError(f"cannot read the page '{page}': {error.strerror}; check the path") from error
    head, found, rest = text.partition(begin)
    _, also, tail = rest.partition(end)
    if not found or not also:
        raise UsageError(f"the page '{page}' has no '{begin}' with '{end}' behind it; add both")
    return head + begin, end + tail


def _paragraphs(printed: str) -> Iterator[str]:
    """Tables, and lines of text each by itself."""
    table: list[str] = []
    for line in (line.strip() for line in printed.splitlines()):
        if line.startswith("|"):
            table.append(_WIDE.sub(" ", line))
            continue
        if table:
            yield "\n".join(table)
            table = []
        if line:
            yield line
    if table:
        yield "\n".join(table)


def say(console: Console, line: str) -> None:
    """Print a line as it is, whatever is in it."""
    console.print(line, highlight=False, markup=False, soft_wrap=True)
