"""All keys from blocks first: those of services and those of buckets."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from blocks.providers import BlockSource
from blocks.storage import BucketSource
from cutdown.services.connections import reached_through
from cutdown.storage.access import buckets_reached_through


@contextlib.contextmanager
def keys_from_blocks() -> Iterator[None]:
    """Look into Prefect's blocks before the environment, inside the block."""
    with reached_through(BlockSource()), buckets_reached_through(BucketSource()):
        yield
