"""The event "a recording has arrived", which starts the deployment `optimize-object` (see ``prefect.yaml``)."""

from __future__ import annotations

from typing import Final

from prefect.events import Event, Resource
from prefect.events.clients import get_events_client

ARRIVED: Final = "cutdown.recording.arrived"


async def announce(source: str, dest: str) -> Event:
    """Tell Prefect's server that a recording is there to be made short.

    Args:
        source: the recording: an address ``s3://...``, or a path that the workers can read.
        dest: prefix or folder for the results.

    Returns:
        The event, once the server has it.
    """
    event = Event(
        event=ARRIVED,
        resource=Resource.model_validate(
            {
                "prefect.resource.id": f"cutdown.recording.{source}",
                "prefect.resource.name": source.rpartition("/")[2],
            }
        ),
        payload={"source": source, "dest": dest},
    )
    async with get_events_client() as client:
        await client.emit(event)
    return event
