"""What came of a run, as a table; and a plan, as a table."""

from __future__ import annotations

from fractions import Fraction
from typing import Final

from rich.console import Console
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from cutdown.job import Outcome
from cutdown.metrics import Forecast
from cutdown.plan import DOUBTFUL, EditAction, EditPlan

PHASE_NAMES: Final = {
    "phase1_ingest": "ingest",
    "phase2_director": "director",
    "phase3_voice": "voice",
    "phase4_assembly": "assembly and checks",
}
_COLOURS: Final = {"keep": "green", "cut": "red", "speedup": "yellow", "rewrite": "cyan"}
_QUOTE_LENGTH: Final = 60
_MOST_ADVICE: Final = 3  # lines; the report has all of it


def clock(seconds: Fraction | float) -> str:
    """A length as people write it: ``1:02:03`` or ``2:03.4``."""
    tenths = round(seconds * 10)
    hours, rest = divmod(tenths, 36_000)
    minutes, rest = divmod(rest, 600)
    if hours:
        return f"{hours}:{minutes:02d}:{rest // 10:02d}"
    return f"{minutes}:{rest // 10:02d}.{rest % 10}"


def dollars(cost: float | None) -> str:
    """Money, or that its price is unknown."""
    return "unpriced" if cost is None else f"${cost:.2f}"


def cents(cost: float | None) -> str:
    """Money to the cent; below ten cents, to the hundredth of one."""
    return dollars(cost) if cost is None or cost == 0 or cost >= 0.1 else f"${cost:.4f}"


def print_summary(console: Console, outcome: Outcome) -> None:
    """Before and after, time and cost by phase, and where the files are."""
    table = Table(box=None, pad_edge=False, header_style="bold", show_footer=True)
    table.add_column("phase", footer="total")
    total = sum(phase.seconds for phase in outcome.phases)
    table.add_column("time", footer=f"{total:.1f} s", justify="right")
    table.add_column("cost", footer=cents(outcome.cost()), justify="right")
    for phase in outcome.phases:
        took = "from the cache" if phase.cached else f"{phase.seconds:.1f} s"
        table.add_row(PHASE_NAMES.get(phase.phase, phase.phase), took, cents(phase.cost))
    before, after = float(outcome.source_seconds), float(outcome.output_seconds)
    share = after / before if before else 0.0
    counts = ", ".join(f"{count} {kind}" for kind, count in outcome.actions.items() if count)
    console.print()
    console.print(table)
    console.print()
    console.print(
        f"[bold]{clock(before)} -> {clock(after)}[/]  ({share:.0%} of the recording: {counts})",
        highlight=False,
    )
    if outcome.left_out and outcome.coverage is not None:
        console.print(
            f"{outcome.left_out} passage{'s' if outcome.left_out > 1 else ''} left out for the length, worth {outcome.left_out_worth:.0%} of what is said; "
            f"{outcome.coverage:.0%} of its terms are still heard",
            highlight=False,
        )
    for made in outcome.downgrades:
        console.print(f"[yellow]not as asked for:[/] {escape(made)}", highlight=False)
    if (at_risk := sum(phase.at_risk for phase in outcome.phases)) > 0:
        console.print(
            f"[yellow]up to {cents(at_risk)} more[/] may have been charged for answers that were lost",
            highlight=False,
        )
    if outcome.spent_before > 0:
        console.print(
            f"{cents(outcome.spent_before)} were spent on it before, in runs that left no video",
            highlight=False,
        )
    for flag in outcome.flags:
        console.print(f"[yellow]look at:[/] {escape(flag)}", highlight=False)
    for line in outcome.advice[:_MOST_ADVICE]:
        console.print(f"[cyan]advice:[/] {escape(line)}", highlight=False, soft_wrap=True)
    if outcome.everything_cached():
        console.print("Every phase came from the cache.", highlight=False)
    console.print(Text.assemble("results in ", (str(outcome.folder), "bold")), soft_wrap=True)
    console.print("  " + escape("  ".join(outcome.files)), highlight=False, soft_wrap=True)


def print_forecast(console: Console, forecast: Forecast) -> None:
    """What the whole run would take, phase by phase, and where the figures come from."""
    table = Table(box=None, pad_edge=False, header_style="bold", show_footer=True)
    table.add_column("forecast", footer="total")
    table.add_column("time", footer=f"{forecast.total_seconds:.0f} s", justify="right")
    table.add_column("cost", footer=cents(forecast.total_usd), justify="right")
    table.add_column("from")
    for phase in forecast.phases:
        table.add_row(
            PHASE_NAMES[phase.phase], f"{phase.seconds:.0f} s", cents(phase.cost.usd), escape(phase.basis)
        )
    console.print()
    console.print(table)


def print_plan(console: Console, plan: EditPlan) -> None:
    """Every action: when, what, why."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in ("id", "from", "to", "action", "sure", "why", "what is said"):
        table.add_column(heading, overflow="fold")
    for action in plan.actions:
        colour = _COLOURS[action.type]
        table.add_row(
            action.id,
            clock(action.start),
            clock(action.end),
            f"[{colour}]{what(action)}[/]",
            sureness(action),
            escape(action.reason),
            escape(shortened(action.narration or action.quote)),
        )
    console.print(table)


def what(action: EditAction) -> str:
    """The action in a word, with its factor."""
    return f"{action.type} x{float(action.factor):g}" if action.factor else action.type


def sureness(action: EditAction) -> str:
    """How sure the director was, marked where a person should look."""
    return f"{action.confidence:.0%}{' !' if action.confidence < DOUBTFUL else ''}"


def shortened(text: str) -> str:
    """A text cut down for a table's cell."""
    return text if len(text) <= _QUOTE_LENGTH else text[: _QUOTE_LENGTH - 1].rstrip() + "…"
