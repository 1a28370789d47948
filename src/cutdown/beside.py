"""Two pieces of work at once."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from typing import TypeVar

from cutdown.progress import Progress

First = TypeVar("First")
Second = TypeVar("Second")


class _NotWantedError(Exception):
    """The other piece of work failed."""


def both(first: Callable[[], First], second: Callable[[Progress], Second]) -> tuple[First, Second]:
    """Do two pieces of work at once: the first here, the second in a thread.

    Args:
        first: where it fails, or is interrupted, the second is given up as soon as it tells its progress.
        second: given whom to tell its progress.

    Raises:
        Exception: that of the first, else that of the second.
    """
    unwanted = threading.Event()

    def told(share: float, /) -> None:
        if unwanted.is_set():
            raise _NotWantedError(share)

    with ThreadPoolExecutor(max_workers=1, thread_name_prefix="cutdown-beside") as pool:
        beside = pool.submit(copy_context().run, second, told)
        try:
            result = first()
        except BaseException:
            unwanted.set()
            raise
        return result, beside.result()
