"""A forecast as a person who pays reads it: what, how much, how it was reckoned, and what would be cheaper."""

from __future__ import annotations

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from cutdown.metrics import Forecast
from cutdown.services.prices import PriceBook
from cutdown.terminal.summary import PHASE_NAMES, cents, clock, dollars


def print_estimate(console: Console, forecast: Forecast, prices: PriceBook) -> None:
    """The forecast by phase, and beside it what others usually pay."""
    table = Table(box=None, pad_edge=False, header_style="bold", show_footer=True)
    low, high = forecast.range_usd
    table.add_column(f"{clock(forecast.video_seconds)} of video", footer="total")
    table.add_column("time", footer=f"{forecast.total_seconds:.0f} s", justify="right")
    for heading, usd in (("low", low), ("likely", forecast.total_usd), ("high", high)):
        table.add_column(heading, footer=cents(usd), justify="right")
    table.add_column("or cheaper", footer=cents(forecast.cheaper_usd), justify="right")
    for phase in forecast.phases:
        table.add_row(
            PHASE_NAMES[phase.phase],
            f"{phase.seconds:.0f} s",
            cents(phase.low),
            cents(phase.cost.usd),
            cents(phase.high),
            cents(phase.cheaper.usd) if phase.cheaper else "",
        )
    console.print(table)
    console.print()
    for phase in forecast.phases:
        beside = f"; or cheaper: {phase.cheaper.arithmetic}" if phase.cheaper else ""
        told = f"{PHASE_NAMES[phase.phase]}: {phase.cost.arithmetic}{beside}"
        console.print(escape(told), highlight=False, soft_wrap=True)
    console.print(
        f"Prices of {prices.as_of}. Low, likely and high differ in how much is said and spoken anew. "
        "The cheaper way is instead of the chosen one, never on top of it.",
        highlight=False,
        soft_wrap=True,
    )
    _print_reference(console, prices)


def _print_reference(console: Console, prices: PriceBook) -> None:
    usual = prices.reference_costs
    headings = (f"\n[bold]Usually paid for {usual.minutes:g} minutes[/], either", "or, with the cheap set")
    for heading, lines, total in zip(headings, (usual.chosen, usual.cheaper), usual.totals(), strict=True):
        console.print(heading, highlight=False)
        for line in lines:
            told = f"  {PHASE_NAMES[line.phase]}: {line.what} = {dollars(line.usd)}"
            console.print(escape(told), highlight=False, soft_wrap=True)
        added = " + ".join(dollars(line.usd) for line in lines)
        console.print(f"  in all: {added} = [bold]{dollars(total)}[/]", highlight=False, soft_wrap=True)
