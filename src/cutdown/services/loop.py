"""One event loop for the process, in a thread of its own: requests can be cancelled there at their deadline."""

from __future__ import annotations

import atexit
import contextlib
import functools
import threading
from collections.abc import Awaitable, Callable, Iterable, Sequence
from concurrent.futures import FIRST_EXCEPTION, CancelledError, Future, ThreadPoolExecutor, wait
from contextvars import ContextVar, copy_context
from typing import Any, TypeVar

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


class _Together:
    """What the threads of one piece of work wait for, so that all of it can be given up at once."""

    def __init__(self) -> None:
        self._turn = threading.Lock()
        self._awaited: set[Future[Any]] = set()
        self._given_up = False

    def begin(self, start: Callable[[], Future[Result]]) -> Future[Result]:
        """Start something to wait for.

        Raises:
            CancelledError: all of it was given up.
        """
        with self._turn:
            if self._given_up:
                raise CancelledError
            future = start()
            self._awaited.add(future)
        return future

    def give_up(self) -> None:
        """Nobody waits any more: what runs is ended, and nothing new begins."""
        with self._turn:
            self._given_up = True
            awaited = tuple(self._awaited)
        for future in awaited:
            future.cancel()


_together: ContextVar[_Together | None] = ContextVar("together", default=None)


def wait_for(work: Callable[[], Awaitable[Result]]) -> Result:
    """Run a coroutine function in the loop's thread, and wait here for what it returns or raises.

    Where the waiting is interrupted, the work ends too: nobody would hear of it.
    """
    with _starting:
        portal = _started()
    together = _together.get()
    future = (
        together.begin(lambda: portal.start_task_soon(work)) if together else portal.start_task_soon(work)
    )
    try:
        return future.result()
    except BaseException:
        future.cancel()  # does nothing to one that failed by itself
        raise


def side_by_side(work: Callable[[Item], Result], items: Iterable[Item], *, width: int) -> list[Result]:
    """Work on items in threads, at most ``width`` at a time.

    After the first failure nothing new is begun; what already runs is finished, because it may be paid for. After an
    interruption from outside (Ctrl-C) nothing is waited for: requests that run are ended, and none is tried again.

    Returns:
        The results in the order of the items.

    Raises:
        Exception: that of the first item, in order, that failed.
    """
    queue: Sequence[Item] = list(items)
    if len(queue) <= 1 or width <= 1:
        return [work(item) for item in queue]
    together = _Together()
    context = copy_context()
    context.run(_together.set, together)
    with ThreadPoolExecutor(max_workers=min(width, len(queue)), thread_name_prefix="cutdown-ask") as pool:
        try:
            futures = [pool.submit(context.copy().run, work, item) for item in queue]
            wait(futures, return_when=FIRST_EXCEPTION)
        except BaseException:
            # First, or whoever gives up would take the next item.
            pool.shutdown(wait=False, cancel_futures=True)
            together.give_up()
            raise
        finally:
            pool.shutdown(wait=True, cancel_futures=True)
    failed = [future for future in futures if not future.cancelled() and future.exception()]
    return [future.result() for future in failed or futures]
