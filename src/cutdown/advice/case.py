"""Everything that advice may be drawn from: one run, and the machine it ran on."""

from __future__ import annotations

from cutdown.errors import UsageError
from cutdown.metrics import MEGABYTE, PhaseRecord, allowed
from cutdown.services.choices import Choice
from cutdown.services.connections import connection_to, providers
from cutdown.services.prices import PriceBook
from cutdown.settings import RenderOptions
from cutdown.timebase import Frozen


class Machine(Frozen):
    """What there is to work with."""

    cores: float
    memory_mb: float
    services: frozenset[str] = frozenset()
    """Providers within reach: those with a key or, where none is needed, an address."""


def this_machine(*, services: bool = True) -> Machine:
    """The machine that this runs on, or the container.

    Args:
        services: whether to look for keys; may ask a Prefect server for its blocks.
    """
    reached = (name for name in providers() if _within_reach(name)) if services else ()
    here = allowed()
    return Machine(
        cores=here.cores,
        memory_mb=here.memory / MEGABYTE,
        services=frozenset(reached),
    )


def _within_reach(provider: str) -> bool:
    try:
        connection_to(provider)
    except UsageError:  # no key, or an address that is none: a finished run does not fail over it
        return False
    return True


class Case(Frozen):
    """One finished run."""

    records: tuple[PhaseRecord, ...]
    video_seconds: float
    """Length of the recording."""
    language: str
    """Spoken in it (ISO 639-1)."""
    render: RenderOptions
    transcribers: tuple[Choice, ...]
    directors: tuple[Choice, ...]
    voices: tuple[Choice, ...]
    prices: PriceBook
    machine: Machine
