"""One event loop for the process, in a thread of its own: requests can be cancelled there at their deadline."""

from __future__ import annotations

import atexit
import contextlib
import functools
import threading
from collections.abc import Awaitable, Callable, Iterable, Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from contextvars import copy_context
from typing import TypeVar

from anyio.from_thread import BlockingPortal, start_blocking_portal

Item = TypeVar("Item")
Result = TypeVar("Result")

_starting = threading.Lock()


@functools.cache
def _started() -> BlockingPortal:
    keeper = contextlib.ExitStack()
    portal = keeper.enter_context(start_blocking_portal("asyncio", name="cutdown-requests"))

    def end() -> None:
        with contextlib.suppress(RuntimeError):
            portal.call(portal.stop, True)  # cancels what still runs
        keeper.close()

    atexit.register(end)
    return portal


def wait_for(work: Callable[[], Awaitable[Result]]) -> Result:
    """Run a coroutine function in the loop's thread, and wait here for what it returns or raises."""
    with _starting:
        portal = _started()
    return portal.call(work)


def side_by_side(work: Callable[[Item], Result], items: Iterable[Item], *, width: int) -> list[Result]:
    """Work on items in threads, at most ``width`` at a time.

    After the first failure nothing new is begun; what already runs is finished, because it may be paid for.

    Returns:
        The results in the order of the items.

    Raises:
        Exception: that of the first item, in order, that failed.
    """
    queue: Sequence[Item] = list(items)
    if len(queue) <= 1 or width <= 1:
        return [work(item) for item in queue]
    with ThreadPoolExecutor(max_workers=min(width, len(queue)), thread_name_prefix="cutdown-ask") as pool:
        futures = [pool.submit(copy_context().run, work, item) for item in queue]
        try:
            wait(futures, return_when=FIRST_EXCEPTION)
        finally:
            pool.shutdown(wait=True, cancel_futures=True)
    failed = [future for future in futures if not future.cancelled() and future.exception()]
    return [future.result() for future in failed or futures]
