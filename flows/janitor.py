"""Rests of broken transfers go, and what the stores have not used for long."""

from __future__ import annotations

import functools
from datetime import timedelta
from typing import Annotated

from prefect import flow
from pydantic import Field

from blocks.storage import BucketSource
from cutdown.janitor import Tidied, tidy
from cutdown.storage.access import buckets_reached_through
from tasks.artifacts import show_tidied

Days = Annotated[float, Field(gt=0)]
Gigabytes = Annotated[float, Field(gt=0)]


@flow(name="janitor", validate_parameters=True)
def clean_up(
    places: list[str] = [],  # noqa: B006  # Prefect copies parameters
    rests_after_days: Days = 7,
    unused_for_days: Days | None = None,
    keep_gb: Gigabytes | None = None,
    dry_run: bool = False,
) -> list[Tidied]:
    """Remove rests of broken transfers, and, where a limit is given, what the stores have not used for long.

    Args:
        places: Folders or s3:// prefixes where rests are removed, and nothing else is touched; empty ones are passed over
        rests_after_days: Age from which a rest is one, and not a transfer under way
        unused_for_days: Also remove what the stores did not use for so long; it is made anew when it is needed
        keep_gb: Also remove from the worker's own store, least recently used first, until no more than this is left
        dry_run: Only tell what would be removed
    """
    tidy_up = functools.partial(tidy, older_than=timedelta(days=rests_after_days), dry_run=dry_run)
    unused = None if unused_for_days is None else timedelta(days=unused_for_days)
    keep = None if keep_gb is None else round(keep_gb * 1e9)
    with buckets_reached_through(BucketSource()):
        told = [tidy_up(place) for place in places if place]
        told.append(tidy_up(unused_for=unused, keep_bytes=keep))
    show_tidied(told)
    return told
