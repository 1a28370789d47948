"""What every phase's record says of the machine and of the services that were asked."""

from __future__ import annotations

from typing import Final

from cutdown.metrics import PerformanceMonitor, Replaced
from cutdown.recording import Recording
from cutdown.services.account import Account, Spending
from cutdown.services.choices import Choice
from cutdown.services.terms import Terms
from cutdown.store import Store

VERSIONS: Final = {"probe": 1, "ingest": 2, "director": 3, "voice": 2, "assembly": 1, "check": 1}
"""Counted up whenever a phase answers differently for the same input, so that old answers are not used."""

NO_RUN: Final = (
    "-"  # a phase's work belongs to its content; the run it was done for is filled in by the pipeline
)


def monitor_of(recording: Recording) -> PerformanceMonitor:
    """Measures a phase of this recording."""
    return PerformanceMonitor(video_id=recording.sha256, run_id=NO_RUN)


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
