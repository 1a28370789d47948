"""Two pieces of work at once, and work that is begun before anyone asks for it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextvars import copy_context
from typing import Final, Generic, TypeVar

from cutdown.progress import Progress, reporting_to, unheard

_PATIENCE: Final = 15.0  # seconds; a passage of speech takes five

First = TypeVar("First")
Second = TypeVar("Second")


class _NotWantedError(Exception):
    """Nobody waits for this piece of work any more."""


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


class Begun(Generic[First]):
    """Work that is begun in a thread; whoever asks for what it gives waits for it.

    Args:
        work: reports to `cutdown.progress.current`; begun at once.
    """

    def __init__(self, work: Callable[[], First]) -> None:
        self._unwanted = threading.Event()
        self._share = 0.0
        self._ear: Progress = unheard
        self._doing: Future[First] = Future()
        with reporting_to(self._told):
            context = copy_context()
        # A daemon: what is given up while it waits for another process or a download must not keep this one alive.
        self._thread = threading.Thread(
            target=context.run, args=(self._do, work), name="cutdown-ahead", daemon=True
        )
        self._thread.start()

    def result(self, progress: Progress = unheard) -> First:
        """What the work gave, once it is done.

        Args:
            progress: told from now on how far the work is.

        Raises:
            Exception: what the work failed with.
        """
        self._ear = progress
        progress(self._share)
        return self._doing.result()

    def give_up(self) -> None:
        """End the work as soon as it tells its progress, and wait a while for that; nobody hears of its failure."""
        self._unwanted.set()
        self._thread.join(_PATIENCE)

    def _do(self, work: Callable[[], First]) -> None:
        try:
            self._doing.set_result(work())
        except BaseException as error:  # noqa: BLE001  # whoever asks for the result gets it
            self._doing.set_exception(error)

    def _told(self, share: float, /) -> None:
        if self._unwanted.is_set():
            raise _NotWantedError(share)
        self._share = share
        self._ear(share)
