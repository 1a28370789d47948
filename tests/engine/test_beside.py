"""Two pieces of work at once, and what becomes of one when the other fails."""

from __future__ import annotations

import threading
from contextvars import ContextVar

import pytest

from cutdown.beside import Begun, both
from cutdown.progress import Progress, current

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


def test_begun_work_goes_on_before_it_is_asked_for_and_then_tells_how_far_it_is() -> None:
    halfway, go_on = threading.Event(), threading.Event()

    def work() -> str:
        current()(0.5)
        halfway.set()
        go_on.wait(20)
        current()(0.9)
        return "done"

    begun = Begun(work)
    assert halfway.wait(20)
    told: list[float] = []

    def tell(share: float, /) -> None:
        told.append(share)
        go_on.set()

    assert begun.result(tell) == "done"
    assert told == [0.5, 0.9]
    begun.give_up()


def test_begun_work_that_nobody_asks_for_is_given_up_at_its_next_word() -> None:
    begun_to_work = threading.Event()

    def work() -> None:
        while True:  # it would never end by itself
            current()(0.0)
            begun_to_work.set()

    begun = Begun(work)
    assert begun_to_work.wait(20)
    begun.give_up()
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("cutdown-ahead")]
