"""Structured logs on demand: one JSON object a line, each with the run it belongs to.

The engine tells its events to the standard library's loggers below ``cutdown``; without a log file
they go nowhere. Events hold names, counts, seconds and money, never a key, a transcript or narration.
"""

from __future__ import annotations

import contextlib
import json
import logging
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from cutdown.current_run import current_run, is_observed
from cutdown.errors import UsageError

_ROOT: Final = logging.getLogger("cutdown")
_ROOT.addHandler(logging.NullHandler())


class JsonLine(logging.Formatter):
    """``timestamp`` (UTC), ``level``, ``logger``, ``event``, ``run_id``, and the event's own fields."""

    def format(self, record: logging.LogRecord) -> str:
        """The line of one event."""
        line: dict[str, Any] = {
            "timestamp": datetime.fromtimestamp(record.created, UTC).isoformat(),
            "level": record.levelname.lower(),
            "logger": record.name,
            "event": record.getMessage(),
            "run_id": current_run().id or None,
            **getattr(record, "fields", {}),
        }
        if record.exc_info and record.exc_info[0]:
            line["error"] = record.exc_info[0].__name__
        return json.dumps(line, ensure_ascii=False, default=str)


def tell(logger: logging.Logger, event: str, *, level: int = logging.INFO, **fields: Any) -> None:
    """Log an event with fields.

    Args:
        logger: whose event it is.
        event: what happened, in few different words.
        level: as the logging library knows it.
        fields: names and plain values.
    """
    if is_observed():
        logger.log(level, event, extra={"fields": fields})


@contextlib.contextmanager
def logged_to(path: Path | None) -> Iterator[None]:
    """Append the events of the block to a file; nothing is written where there is none.

    Raises:
        UsageError: when the file cannot be written.
    """
    if path is None:
        yield
        return
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handler = logging.FileHandler(path, encoding="utf-8")
    except OSError as error:
        raise UsageError(f"cannot write the log '{path}': {error.strerror}; choose another file") from error
    handler.setFormatter(JsonLine())
    handler.setLevel(logging.INFO)
    before = _ROOT.level
    _ROOT.addHandler(handler)
    _ROOT.setLevel(logging.INFO)
    try:
        yield
    finally:
        _ROOT.setLevel(before)
        _ROOT.removeHandler(handler)
        handler.close()
