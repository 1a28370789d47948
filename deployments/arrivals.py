"""The event "a recording has arrived", which starts the deployment `optimize-video` (see ``prefect.yaml``)."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from prefect.events import Event, Resource
from prefect.events.clients import get_events_client

ARRIVED: Final = "cutdown.recording.arrived"


async def announce(source: Path, out: Path) -> Event:
    """Tell Prefect's server that a recording is there to be made short.

    Args:
        source: the recording, as the worker sees it.
        out: folder for the results, as the worker sees it.

    Returns:
        The event, once the server has it.
    """
    event = Event(
        event=ARRIVED,
        resource=Resource.model_validate(
            {"prefect.resource.id": f"cutdown.recording.{source}", "prefect.resource.name": source.name}
        ),
        payload={"source": str(source), "out": str(out)},
    )
    async with get_events_client() as client:
        await client.emit(event)
    return event
