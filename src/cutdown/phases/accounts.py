"""What every phase's record says of the machine and of the services that were asked."""

from __future__ import annotations

from typing import Final

from cutdown.current_run import current_run
from cutdown.metrics import SAMPLES_A_SECOND, PerformanceMonitor, Replaced
from cutdown.services.account import Account, Spending
from cutdown.services.choices import Choice
from cutdown.services.terms import Terms
from cutdown.settings import state_folder
from cutdown.store import Store

VERSIONS: Final = {"probe": 2, "ingest": 5, "director": 13, "voice": 3, "assembly": 10, "check": 3}
"""Counted up whenever a phase answers differently for the same input, so that old answers are not used."""

NO_RUN: Final = (
    "-"  # a phase's work belongs to its content; the run it was done for is filled in by the pipeline
)


def monitor_of(
    video_id: str, run_id: str = NO_RUN, *, samples_a_second: float = SAMPLES_A_SECOND
) -> PerformanceMonitor:
    """Measures a phase of a recording, and watches the disks that a run writes to."""
    disks = {"state": state_folder()}
    if (folder := current_run().folder) is not None:
        disks["output"] = folder
    return PerformanceMonitor(
        video_id=video_id, run_id=run_id, disks=disks, samples_a_second=samples_a_second
    )


def account_of(store: Store, terms: Terms, video_id: str, phase: str) -> Account:
    """The account that a phase pays its services from."""
    return Account(terms, video_id=video_id, phase=phase, store=store)


def paid(spending: Spending) -> dict[str, object]:
    """What a record says of the services that were asked."""
    return {
        "estimated_cost": spending.usd,
        "cost_at_risk": spending.at_risk_usd,
        "requests": spending.tries,
        "rate_limited": spending.rate_limited,
        "waited_seconds": spending.waited_seconds,
        "downgrades": tuple(Replaced(**made.model_dump()) for made in spending.downgrades),
    }


def who_did_it(choices: tuple[Choice, ...], spending: Spending) -> Choice:
    """Of the providers in order, the one that delivered."""
    return choices[len(spending.downgrades)]
