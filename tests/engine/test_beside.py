"""Two pieces of work at once, and what becomes of one when the other fails."""

from __future__ import annotations

import threading
from contextvars import ContextVar

import pytest

from cutdown.beside import both
from cutdown.progress import Progress

_colour: ContextVar[str] = ContextVar("colour", default="none")


def test_both_run_at_the_same_time_and_in_the_same_context() -> None:
    meeting = threading.Barrier(2, timeout=20)
    token = _colour.set("blue")

    def first() -> int:
        meeting.wait()
        return 1

    def second(_progress: Progress) -> str:
        meeting.wait()
        return _colour.get()

    try:
        assert both(first, second) == (1, "blue")
    finally:
        _colour.reset(token)


def test_where_the_first_fails_the_second_is_given_up() -> None:
    begun = threading.Event()
    steps = []

    def first() -> None:
        begun.wait(20)
        raise ValueError("no model")

    def second(progress: Progress) -> None:
        begun.set()
        while True:  # it would never end by itself
            progress(0.0)
            steps.append(1)

    with pytest.raises(ValueError, match="no model"):
        both(first, second)
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("cutdown-beside")]


def test_an_error_of_the_second_is_raised() -> None:
    def second(progress: Progress) -> None:
        progress(0.5)
        raise OSError("no picture")

    with pytest.raises(OSError, match="no picture"):
        both(lambda: 1, second)
