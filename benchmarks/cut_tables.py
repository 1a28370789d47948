"""The table of ``evaluate cuts``."""

from __future__ import annotations

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from benchmarks.cuts import STEP_LIMIT, CutMeasured, CutReport


def print_cuts(report: CutReport, console: Console) -> None:
    """Every cut, and what was found in all."""
    table = Table(
        title=f"{len(report.cuts)} random cuts of {report.outputs} outputs, seed {report.seed}",
        box=SIMPLE_HEAD,
        padding=(0, 1, 0, 0),
        pad_edge=False,
        title_justify="left",
    )
    table.add_column("file", no_wrap=True)
    for column in ("at", "jump", "allowed", "plain", "step LU", "plain"):
        table.add_column(column, justify="right")
    for column in ("what meets", "words", "clipped"):
        table.add_column(column)
    for cut in report.cuts:
        table.add_row(
            cut.file,
            f"{cut.at:.2f}",
            _figure(cut.jump, 4),
            _figure(cut.jump_allowed, 4),
            _figure(cut.plain_jump, 4),
            _figure(cut.step, 1),
            _figure(cut.plain_step, 1),
            f"{cut.before}, {cut.after}",
            " | ".join(cut.words),
            ", ".join(cut.clipped),
            style="bold" if _is_bad(cut) else None,
        )
    console.print(table)
    console.print(summary(report))
    console.print(
        "jump: largest step between samples near the cut, of full scale; allowed: 1.5 times the largest around, at "
        "least 0.01; step: loudness of 3 s of\nspeech behind less that of 3 s before; plain: the same where sounds "
        "are put end to end as they are; words: the last before and the\nfirst behind; clipped: those not heard any more",
        style="dim",
    )


def summary(report: CutReport) -> str:
    """What was found in all, in a line."""
    cuts = report.cuts
    plain = [cut for cut in cuts if cut.plain_jump is not None]
    steps = [abs(cut.step) for cut in cuts if cut.step is not None]
    plain_steps = [abs(cut.plain_step) for cut in cuts if cut.plain_step is not None]
    words = sum(len(cut.words) for cut in cuts)
    return (
        f"clicks: {sum(cut.clicks for cut in cuts)} of {len(cuts)} "
        f"(cut plainly {sum((cut.plain_jump or 0) > cut.jump_allowed for cut in plain)} of {len(plain)}); "
        f"words clipped: {sum(len(cut.clipped) for cut in cuts)} of {words} "
        f"({sum(cut.unclear for cut in cuts)} not clear in their source either); "
        f"steps of {STEP_LIMIT:g} LU or more: {sum(step >= STEP_LIMIT for step in steps)} of {len(steps)}, "
        f"most {max(steps, default=0.0):.1f} (plainly {sum(step >= STEP_LIMIT for step in plain_steps)}, "
        f"most {max(plain_steps, default=0.0):.1f})"
    )


def _is_bad(cut: CutMeasured) -> bool:
    return cut.clicks or bool(cut.clipped) or (cut.step is not None and abs(cut.step) >= STEP_LIMIT)


def _figure(value: float | None, decimals: int) -> str:
    return "" if value is None else f"{value:.{decimals}f}"
