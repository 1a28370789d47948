"""How services are reached from a task: keys from blocks, and limits that all workers share."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from contextlib import AbstractAsyncContextManager

from prefect.client.orchestration import get_client
from prefect.concurrency.asyncio import concurrency

from blocks.reach import keys_from_blocks
from cutdown.services.connections import providers
from cutdown.services.gates import kept_by

LIMIT_PREFIX = "cutdown-"


@contextlib.contextmanager
def services_within_reach() -> Iterator[None]:
    """Look for keys in blocks first, and let every request pass the provider's shared limit where there is one."""
    limits = _shared_limits()

    def gate(provider: str, /) -> AbstractAsyncContextManager[object]:
        name = LIMIT_PREFIX + provider
        return concurrency(name, occupy=1, strict=True) if name in limits else contextlib.nullcontext()

    with keys_from_blocks(), kept_by(gate):
        yield


def _shared_limits() -> frozenset[str]:
    """Names of the global concurrency limits for our providers; they are made in Prefect's UI or by its command."""
    with get_client(sync_client=True) as client:
        known = {limit.name for limit in client.read_global_concurrency_limits(limit=200) if limit.active}
    return frozenset(name for provider in providers() if (name := LIMIT_PREFIX + provider) in known)
