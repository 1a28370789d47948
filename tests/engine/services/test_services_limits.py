"""How many requests run at once: fewer after a complaint, slowly more again; and work side by side."""

from __future__ import annotations

import threading
import time

import anyio
import pytest

from cutdown.services import loop
from cutdown.services.clock import RealClock
from cutdown.services.limits import AdaptiveLimit
from cutdown.services.loop import side_by_side, wait_for


class Still(RealClock):
    """Time that stands still until somebody sleeps."""

    def __init__(self) -> None:
        self.at = 0.0

    def now(self) -> float:
        return self.at

    async def sleep(self, seconds: float) -> None:
        self.at += seconds


def test_a_burst_of_complaints_counts_once_and_the_width_grows_back() -> None:
    async def story() -> list[int]:
        limit, clock, widths = AdaptiveLimit(8), Still(), []
        async with limit.slot(clock) as one, limit.slot(clock) as two:
            limit.limited(one, clock, 0.0)
            limit.limited(two, clock, 0.0)  # asked before the first complaint was heard
        widths.append(limit.width)
        async with limit.slot(clock) as era:
            limit.limited(era, clock, 0.0)
        widths.append(limit.width)
        for _ in range(100):
            limit.went_well()
        widths.append(limit.width)
        for _ in range(20):
            async with limit.slot(clock) as era:
                limit.limited(era, clock, 0.0)
        widths.append(limit.width)
        return widths

    assert anyio.run(story) == [4, 2, 8, 1]


def test_everybody_keeps_quiet_for_as_long_as_the_provider_asks() -> None:
    async def story() -> float:
        limit, clock = AdaptiveLimit(2), Still()
        async with limit.slot(clock) as era:
            limit.limited(era, clock, 7.0)
        async with limit.slot(clock):
            return clock.now()

    assert anyio.run(story) == 7.0


def test_never_more_than_the_width_run_at_once() -> None:
    running, most = 0, 0

    async def work(limit: AdaptiveLimit, clock: Still) -> None:
        nonlocal running, most
        async with limit.slot(clock):
            running += 1
            most = max(most, running)
            await anyio.sleep(0.001)
            running -= 1

    async def story() -> None:
        limit, clock = AdaptiveLimit(3), Still()
        async with anyio.create_task_group() as group:
            for _ in range(40):
                group.start_soon(work, limit, clock)

    wait_for(story)
    assert most == 3


def test_work_side_by_side_keeps_its_order_and_ends_at_the_first_failure() -> None:
    assert side_by_side(lambda number: number * 2, range(20), width=4) == [2 * number for number in range(20)]
    begun: list[int] = []
    finished: list[int] = []
    lock = threading.Lock()

    def work(number: int) -> int:
        with lock:
            begun.append(number)
        if number == 2:
            raise ValueError("two")
        time.sleep(0.02)
        with lock:
            finished.append(number)
        return number

    with pytest.raises(ValueError, match="two"):
        side_by_side(work, range(5000), width=3)
    assert len(begun) < 1000  # a busy machine may take its time to stop; all would be half a minute
    assert sorted([*finished, 2]) == sorted(begun)  # what ran was finished


def test_whoever_is_interrupted_waits_for_no_request_and_sends_no_other(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    sent, ended = threading.Semaphore(0), threading.Semaphore(0)
    asked: list[int] = []

    async def answer() -> None:
        sent.release()
        try:
            await anyio.sleep(20)
        finally:
            ended.release()

    def ask_and_ask_again(number: int) -> None:
        asked.append(number)
        try:
            wait_for(answer)
        finally:
            wait_for(answer)

    def interrupted(*_futures: object, **_how: object) -> None:
        for _ in range(3):
            assert sent.acquire(timeout=10)
        raise KeyboardInterrupt

    monkeypatch.setattr(loop, "wait", interrupted)
    began = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        side_by_side(ask_and_ask_again, range(30), width=3)
    assert time.monotonic() - began < 15
    assert all(ended.acquire(timeout=10) for _ in range(3))
    assert set(asked) == {0, 1, 2}
    assert not sent.acquire(blocking=False)  # nothing went out after the interruption


def test_a_silence_that_grows_while_somebody_waits_is_kept_to_its_new_end() -> None:
    limit = AdaptiveLimit(2)

    class Interrupted(Still):
        """Another request is refused during the first sleep."""

        async def sleep(self, seconds: float) -> None:
            if self.at == 0.0:
                limit.limited(0, self, 10.0)
            await super().sleep(seconds)

    async def story() -> float:
        clock = Interrupted()
        limit.limited(0, clock, 3.0)
        async with limit.slot(clock):
            return clock.now()

    assert anyio.run(story) == 10.0
