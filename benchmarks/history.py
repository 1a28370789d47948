"""The benchmark's history: a line for every measurement, and the trend as one page."""

from __future__ import annotations

import html
from collections.abc import Iterable, Sequence
from pathlib import Path
from statistics import median
from typing import Final

from cutdown.errors import UsageError
from cutdown.files import append_line
from cutdown.metrics.baseline_form import PHASES, PROCESS, Baseline, Case
from cutdown.settings import state_folder
from cutdown.store import write_whole

_WIDTH, _HEIGHT, _LEFT, _TOP = 860, 240, 56, 16  # pixels of a chart and of its margins
_COLOURS: Final = ("#0b7285", "#e8590c", "#5f3dc4", "#2b8a3e", "#868e96")


def file() -> Path:
    """Where it is kept."""
    return state_folder() / "benchmark" / "history.jsonl"


def append(document: Baseline) -> None:
    """Add a measurement: one line, whole, safe beside other processes.

    Raises:
        UsageError: when the file cannot be written.
    """
    path = file()
    try:
        append_line(path, document.model_dump_json(), lasting=True)
    except OSError as error:
        raise UsageError(f"cannot write the history '{path}': {error.strerror}; set CUTDOWN_HOME") from error


def read() -> tuple[Baseline, ...]:
    """All measurements, in the order they were made; lines of another form are passed over.

    Raises:
        UsageError: there is none yet.
    """
    try:
        lines = file().read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    found = []
    for line in lines:
        try:
            found.append(Baseline.model_validate_json(line, extra="ignore"))
        except ValueError:
            continue
    if not found:
        raise UsageError(f"there is no measurement in '{file()}' yet; make one with ./run.sh benchmark")
    return tuple(found)


def draw() -> Path:
    """Draw the trend of every case as one page that asks nobody for anything.

    Returns:
        The page.

    Raises:
        UsageError: there is nothing to draw.
    """
    page = file().with_name("trend.html")
    with write_whole(page) as temporary:
        temporary.write_text(trend_page(read()), encoding="utf-8")
    return page


def trend_page(measurements: Sequence[Baseline]) -> str:
    """The page: for every case a chart of medians with their quartiles, and the same as a table."""
    keys = dict.fromkeys(case.key for document in measurements for case in document.cases)
    sections = []
    for name, mode in keys:
        found = [
            (document, document.comparable_cases()[name, mode])
            for document in measurements
            if (name, mode) in document.comparable_cases()
        ]
        sections.append(_section(f"{name}, {mode}", found))
    return _PAGE.format(count=len(measurements), sections="\n".join(sections))


def _section(title: str, found: Sequence[tuple[Baseline, Case]]) -> str:
    names = [name for name in (*PHASES, PROCESS) if any(name in case.spread for _, case in found)]
    legend = "".join(
        f'<span><i style="background:{colour}"></i>{name}</span>'
        for name, colour in zip(names, _COLOURS, strict=False)
    )
    head = "".join(f"<th>{name}</th>" for name in names)
    rows = "".join(_row(document, case, names) for document, case in found)
    return (
        f"<section><h2>{html.escape(title)}</h2><p class=legend>{legend}</p>{_chart(title, found, names)}"
        f"<details><summary>As a table</summary><div class=wide><table><tr><th>when</th><th>commit</th><th>others used</th>{head}</tr>{rows}"
        "</table></div></details></section>"
    )


def _row(document: Baseline, case: Case, names: Iterable[str]) -> str:
    assert document.made is not None
    cells = "".join(
        f"<td>{case.spread[name].wall.median:.2f} s</td>" if name in case.spread else "<td></td>"
        for name in names
    )
    commit = html.escape((document.made.commit or "")[:9]) + ("*" if document.made.changed else "")
    others = f"{median(run.others_share for run in case.runs):.0%}"
    return f"<tr><td>{document.made.at:%Y-%m-%d %H:%M}</td><td>{commit}</td><td>{others}</td>{cells}</tr>"


def _chart(title: str, found: Sequence[tuple[Baseline, Case]], names: Sequence[str]) -> str:
    highest = max(spread.wall.upper_quartile for _, case in found for spread in case.spread.values()) or 1.0
    step = (_WIDTH - _LEFT - 24) / max(1, len(found) - 1)

    def at(index: int, seconds: float) -> tuple[float, float]:
        return _LEFT + step * index, _TOP + (_HEIGHT - 2 * _TOP) * (1 - seconds / highest)

    lines = [
        f'<line x1="{_LEFT}" x2="{_WIDTH}" y1="{y:.1f}" y2="{y:.1f}" class="grid"/>'
        f'<text x="{_LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{highest * share:.3g} s</text>'
        for share in (0, 0.5, 1)
        for _, y in [at(0, highest * share)]
    ]
    for index in dict.fromkeys((0, len(found) - 1)):
        x, anchor = at(index, 0)[0], "start" if index == 0 else "end"
        when = found[index][0].made
        lines.append(
            f'<text x="{x:.1f}" y="{_HEIGHT}" text-anchor="{anchor}">{when.at:%Y-%m-%d}</text>'
            if when
            else ""
        )
    for name, colour in zip(names, _COLOURS, strict=False):
        known = [
            (index, case.spread[name].wall) for index, (_, case) in enumerate(found) if name in case.spread
        ]
        points = [at(index, wall.median) for index, wall in known]
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        lines.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>')
        for (index, wall), (x, y) in zip(known, points, strict=True):
            low, high = at(index, wall.lower_quartile)[1], at(index, wall.upper_quartile)[1]
            lines.append(
                f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{low:.1f}" y2="{high:.1f}" stroke="{colour}" opacity=".45" '
                f'stroke-width="5"/><circle cx="{x:.1f}" cy="{y:.1f}" r="3.5" fill="{colour}"><title>{name}: '
                f"{wall.median:.2f} s</title></circle>"
            )
    return (
        f'<svg viewBox="0 0 {_WIDTH + 12} {_HEIGHT + 6}" role="img" aria-label="{html.escape(title)}: wall seconds by '
        f'measurement">{"".join(lines)}</svg>'
    )


_PAGE: Final = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Cutdown: benchmark trend</title>
<style>
:root {{ color-scheme: light dark; --ink: light-dark(#212529, #dee2e6); --soft: light-dark(#495057, #adb5bd);
  --paper: light-dark(#fff, #16191d); --rule: light-dark(#dee2e6, #343a40); }}
body {{ font: 16px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper); max-width: 60rem;
  margin: 2rem auto; padding: 0 1rem; }}
h1 {{ font-size: 1.5rem; }} h2 {{ font-size: 1.1rem; margin: 2rem 0 .25rem; }}
p {{ color: var(--soft); margin: .25rem 0; }}
svg {{ width: 100%; height: auto; }} svg text {{ font-size: 11px; fill: var(--soft); }} .grid {{ stroke: var(--rule); }}
.legend span {{ margin-right: 1.25rem; white-space: nowrap; }}
.legend i {{ display: inline-block; width: .75rem; height: .75rem; border-radius: 50%; margin-right: .4rem; }}
.wide {{ overflow-x: auto; }} table {{ border-collapse: collapse; font-variant-numeric: tabular-nums; }}
th, td {{ padding: .25rem .75rem .25rem 0; text-align: left; border-bottom: 1px solid var(--rule); white-space: nowrap; }}
</style></head><body><main>
<h1>Benchmark trend</h1>
<p>{count} measurements. Wall seconds: a dot is the median over a measurement's runs, its bar the
quartiles. Where others used much of the machine (in the table), wall seconds say little: compare with regression.</p>
{sections}
</main></body></html>
"""
