"""A forecast as a person who pays reads it: what, how much, how it was reckoned, and what would be cheaper."""

from __future__ import annotations

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from cutdown.metrics import Forecast
from cutdown.services.prices import PriceBook, ReferenceCost
from cutdown.terminal.summary import PHASE_NAMES, cents, clock


def print_estimate(console: Console, forecast: Forecast, prices: PriceBook) -> None:
    """The forecast by phase, and beside it what others usually pay."""
    table = Table(box=None, pad_edge=False, header_style="bold", show_footer=True)
    low, high = forecast.range_usd
    table.add_column(f"{clock(forecast.video_seconds)} of video", footer="total")
    table.add_column("time", footer=f"{forecast.total_seconds:.0f} s", justify="right")
    for heading, usd in (("low", low), ("likely", forecast.total_usd), ("high", high)):
        table.add_column(heading, footer=cents(usd), justify="right")
    table.add_column("reckoned", overflow="fold")
    table.add_column("or cheaper", footer=cents(forecast.cheaper_usd), overflow="fold")
    for phase in forecast.phases:
        beside = f"{cents(phase.cheaper.usd)}: {phase.cheaper.arithmetic}" if phase.cheaper else ""
        table.add_row(
            PHASE_NAMES[phase.phase],
            f"{phase.seconds:.0f} s",
            cents(phase.low),
            cents(phase.cost.usd),
            cents(phase.high),
            escape(phase.cost.arithmetic),
            escape(beside),
        )
    console.print(table)
    console.print(
        f"Prices of {prices.as_of}. Low, likely and high differ in how much is said and spoken anew. "
        "The cheaper way is instead of the chosen one, never on top of it.",
        highlight=False,
    )
    _print_reference(console, prices)


def _print_reference(console: Console, prices: PriceBook) -> None:
    usual = prices.reference_costs
    chosen, cheaper = usual.totals()
    table = Table(box=None, pad_edge=False, header_style="bold", show_footer=True)
    table.add_column(f"usually paid for {usual.minutes:g} minutes", footer="total")
    table.add_column("well-known services", footer=f"= {cents(chosen)}", overflow="fold")
    table.add_column("or the cheap set", footer=f"= {cents(cheaper)}", overflow="fold")
    for one, other in zip(usual.chosen, usual.cheaper, strict=True):
        table.add_row(PHASE_NAMES[one.phase], _line(one), _line(other))
    console.print()
    console.print(table)


def _line(cost: ReferenceCost) -> str:
    return escape(f"{cost.what} = {cents(cost.usd)}")
