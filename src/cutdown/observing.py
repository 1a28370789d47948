"""Logs and traces of a run, where the command line or the environment asks for them."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Iterator
from contextvars import ContextVar
from pathlib import Path
from typing import Final

from cutdown.errors import CutdownError
from cutdown.logs import logged_to, tell
from cutdown.settings import environment
from cutdown.tracing import exported

LOG_VARIABLE: Final = "CUTDOWN_LOG_JSON"
"""Environment variable that names a log file."""

TRACE_VARIABLE: Final = "CUTDOWN_TRACE"
"""Environment variable that asks for spans when it is set to anything."""

_log: Final = logging.getLogger(__name__)
_active: ContextVar[bool] = ContextVar("observing", default=False)


@contextlib.contextmanager
def observed(*, log_json: Path | None = None, trace: bool = False) -> Iterator[None]:
    """Log and trace the block as asked for here or by the environment; inside such a block, nothing new.

    Args:
        log_json: file to append events to, one JSON object a line.
        trace: whether spans are sent to where OpenTelemetry's own variables say.

    Raises:
        UsageError: the file cannot be written, or what sends spans is not installed.
    """
    if _active.get():
        yield
        return
    named = environment(LOG_VARIABLE)
    file = log_json or (Path(named) if named else None)
    sent = exported() if trace or environment(TRACE_VARIABLE) else contextlib.nullcontext()
    token = _active.set(True)
    try:
        with logged_to(file), sent:
            yield
    finally:
        _active.reset(token)


@contextlib.contextmanager
def ends_told() -> Iterator[None]:
    """Log how the run in the block begins and ends."""
    tell(_log, "run begins")
    try:
        yield
    except CutdownError as error:
        kind = type(error).__name__
        tell(
            _log,
            "run failed",
            level=logging.WARNING,
            error=kind,
            exit_code=error.exit_code,
            message=str(error),
        )
        raise
    except BaseException as error:
        tell(_log, "run failed", level=logging.WARNING, error=type(error).__name__)
        raise
    tell(_log, "run ends")
