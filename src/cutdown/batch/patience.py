"""Trying again what a storage did not take: a cut connection must not cost a finished render."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import Final, TypeVar

from cutdown.errors import CutdownError
from cutdown.storage.place import SourceChangedError

Result = TypeVar("Result")

_DELAYS: Final = (
    1.0,
    2.0,
    4.0,
    8.0,
    15.0,
    30.0,
    60.0,
)  # two minutes in all: a restarted gateway is back by then
_log = logging.getLogger(__name__)


def patiently(
    work: Callable[[], Result],
    *,
    delays: tuple[float, ...] = _DELAYS,
    sleep: Callable[[float], None] = time.sleep,
    go_on: Callable[[], None] = lambda: None,
) -> Result:
    """Do something with a storage; what may pass is tried again.

    Args:
        work: may raise an `OSError`, or an error that says it is retryable; it must bear repeating.
        delays: seconds before each further try.
        sleep: waits.
        go_on: asked before each further try; raises where it makes no sense any more.
    """
    for delay in delays:
        try:
            return work()
        except SourceChangedError:
            raise  # the same request can never succeed again
        except (OSError, CutdownError) as error:
            if isinstance(error, CutdownError) and not error.retryable:
                raise
            if isinstance(
                error, FileNotFoundError | PermissionError | IsADirectoryError | NotADirectoryError
            ):
                raise
            _log.warning("the storage did not answer as it should, trying again: %s", type(error).__name__)
            sleep(delay)
            go_on()
    return work()
