"""What the scaling of renders tells, on the terminal and for the documentation."""

from __future__ import annotations

from rich.box import SIMPLE_HEAD, Box
from rich.console import Console
from rich.table import Table

from benchmarks.render_job import Placement
from benchmarks.report import circumstances, say
from benchmarks.scaling_form import Edit, Scaling, Series


def print_scaling(console: Console, scaling: Scaling, *, box: Box = SIMPLE_HEAD) -> None:
    """Each series with its exponents, then the changed action."""
    say(console, f"{scaling.hardware.cpu}, {scaling.hardware.ram}")
    say(console, circumstances(scaling.made))
    for series in scaling.series:
        console.print(_table(series, box))
        say(
            console,
            f"{series.varied}: exponent of CPU {series.exponent('cpu'):.2f}, of memory {series.exponent('memory'):.2f}",
        )
        for row in series.rows:
            if row.rendering.placed is not None:
                say(console, f"{row.label} {series.varied}: {_told(row.rendering.placed)}")
    say(console, f"one action changed, picture and sound: {_again(scaling.edit)}")
    say(console, f"one action changed, picture alone: {_again(scaling.picture_edit)}")


def _again(edit: Edit) -> str:
    first, second = edit.first, edit.second
    return (
        f"{second.pieces} of {first.pieces} pieces drawn again, CPU {second.cpu:.2f} s after {first.cpu:.2f} s "
        f"({edit.share:.0%}), wall {second.wall:.1f} s after {first.wall:.1f} s"
    )


def _told(placed: Placement) -> str:
    picture = "nowhere to be told" if placed.picture is None else f"at most {placed.picture:g} frames off"
    sync = "nowhere to be told" if placed.sync is None else f"at most {placed.sync:.1f} ms apart"
    verdict = "passed" if placed.passed else "failed"
    frames = placed.frames
    return (
        f"{frames.exact:,} of {frames.planned:,} frames and {frames.exact_starts:,} of {frames.segments:,} beginnings as "
        f"planned; certificate {verdict}: picture {picture}, sound and picture {sync} in {placed.segments} sampled segments"
    )


def _table(series: Series, box: Box) -> Table:
    table = Table(box=box, pad_edge=False)
    table.add_column(series.varied)
    for heading in ("output s", "wall s", "CPU s", f"CPU ms a {series.unit}", "peak MB"):
        table.add_column(heading, justify="right")
    for row in series.rows:
        took = row.rendering
        figures = (row.output_seconds, took.wall, took.cpu, 1000 * took.cpu / row.amount, took.memory)
        table.add_row(row.label, *(f"{figure:,.1f}" for figure in figures))
    return table
