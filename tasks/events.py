"""What a run tells Prefect's automations."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Final

from prefect.events import emit_event

from cutdown.errors import BudgetError

BUDGET_REACHED: Final = "cutdown.budget.reached"


@contextlib.contextmanager
def budget_told(name: str) -> Iterator[None]:
    """Tell it as an event when a call was not made because of the budget.

    Args:
        name: of the recording.
    """
    try:
        yield
    except BudgetError as error:
        emit_event(
            BUDGET_REACHED,
            resource={"prefect.resource.id": f"cutdown.recording.{name}", "prefect.resource.name": name},
            payload={"message": str(error)},
        )
        raise
