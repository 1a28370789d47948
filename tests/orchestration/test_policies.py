"""Retries, keys and locks: what every task is known by and when it is tried again."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from prefect import task
from prefect.client.schemas.objects import State, StateType

from cutdown.errors import MediaError, ProviderError
from cutdown.memory import Remembered
from cutdown.store import Ref, Store
from tasks import policies


def failed(error: Exception) -> State[Any]:
    return State(type=StateType.FAILED, data=error)


def recovers(error: Exception) -> bool:
    return policies.can_recover(None, None, failed(error))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("error", "again"),
    [
        (ProviderError("429", retryable=True), True),
        (ProviderError("429, in a while", retryable=True, retry_after=120), True),
        (ProviderError("429, in a day", retryable=True, retry_after=86_400), False),
        (ProviderError("401"), False),
        (MediaError("not a video"), False),
        (ValueError("a bug"), False),
    ],
)
def test_only_what_can_succeed_is_tried_again(error: Exception, again: bool) -> None:
    assert recovers(error) is again


def test_the_wait_that_was_asked_for_is_kept_once() -> None:
    delays = policies.backoff(3)
    assert recovers(ProviderError("429", retryable=True, retry_after=60))
    assert delays[0] == 60
    assert delays[0] < 3  # the next failure asked for nothing


def test_delays_double_and_never_fall_below_their_plan() -> None:
    delays = list(policies.backoff(4))
    for planned, delay in zip([2, 4, 8, 16], delays, strict=True):
        assert planned <= delay <= planned * 1.25


def test_a_result_is_remembered_until_its_file_is_gone(state: Path) -> None:
    calls = []

    @task(**policies.cached(Remembered("probe", 1, Ref, Ref)))
    def work(number: int) -> Ref:
        calls.append(number)
        return policies.open_store().put_bytes(f"answer {number}".encode(), ".txt")

    assert [work(1, return_state=True).name, work(1, return_state=True).name] == ["Completed", "Cached"]
    ref = work(1)
    policies.open_store().path(ref).unlink()
    assert work(1, return_state=True).name == "Completed"
    assert calls == [1, 1]
    assert Store(state / "store").has(ref)


def test_a_task_is_tried_again_only_when_the_error_says_so(
    state: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tries: list[str] = []
    monkeypatch.setattr("prefect.task_engine.time.sleep", lambda _seconds: None)

    @task(**policies.cached(Remembered("probe", 1, Ref, Ref)))
    def flaky(kind: str) -> str:
        tries.append(kind)
        raise ProviderError("no", retryable=kind == "busy")

    for kind in ("busy", "denied"):
        with pytest.raises(ProviderError):
            flaky(kind)
    assert tries.count("busy") == 5
    assert tries.count("denied") == 1
