"""Retries, keys and locks: what every task is known by and when it is tried again."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path
from typing import Any

import pytest
from prefect import task
from prefect.client.schemas.objects import State, StateType

from cutdown.errors import MediaError, ProviderError
from cutdown.recording import Recording
from cutdown.settings import SpeechOptions
from cutdown.store import Ref, Store
from tasks import policies
from tasks.locks import KernelLocks


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


def recording(name: str, sha256: str = "ab" * 32) -> Recording:
    return Recording(
        sha256=sha256, name=name, size_bytes=1, container="mp4", duration=1, picture=None, audio=()
    )


def test_a_key_holds_content_and_not_location() -> None:
    def key(**changes: Any) -> str:
        inputs = {
            "source": Path("/a/talk.mp4"),
            "recording": recording("talk.mp4"),
            "options": SpeechOptions(),
        }
        return policies.content_key("ingest", 1, inputs | changes)

    assert key() == key(source=Path("/b/other.mp4"), recording=recording("other.mp4"))
    assert key() != key(recording=recording("talk.mp4", sha256="cd" * 32))
    assert key() != key(options=SpeechOptions(whisper_model="tiny.en"))
    assert key() != policies.content_key(
        "ingest", 2, {"recording": recording("talk.mp4"), "options": SpeechOptions()}
    )


def test_no_glossary_or_path_can_be_read_from_a_key() -> None:
    key = policies.content_key(
        "ingest", 1, {"source": Path("/secret/place"), "options": SpeechOptions(glossary="Projekt X")}
    )
    assert "secret" not in key
    assert "Projekt" not in key


def test_a_result_is_remembered_until_its_file_is_gone(state: Path) -> None:
    calls = []

    @task(**policies.cached("probe"))
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

    @task(**policies.cached("probe"))
    def flaky(kind: str) -> str:
        tries.append(kind)
        raise ProviderError("no", retryable=kind == "busy")

    for kind in ("busy", "denied"):
        with pytest.raises(ProviderError):
            flaky(kind)
    assert tries.count("busy") == 5
    assert tries.count("denied") == 1


def test_a_lock_goes_with_the_process_that_held_it(tmp_path: Path) -> None:
    holder = textwrap.dedent(
        f"""
        import time
        from pathlib import Path
        from tasks.locks import KernelLocks
        locks = KernelLocks(lambda: Path({str(tmp_path)!r}))
        locks.acquire_lock("key", "one")
        print("held", flush=True)
        time.sleep(60)
        """
    )
    root = Path(__file__).resolve().parents[2]
    other = subprocess.Popen(
        [sys.executable, "-c", holder],
        stdout=subprocess.PIPE,
        cwd=root,
        env={**os.environ, "PYTHONPATH": str(root)},
    )
    try:
        assert other.stdout is not None
        assert other.stdout.readline() == b"held\n"
        locks = KernelLocks(lambda: tmp_path)
        assert locks.is_locked("key")
        assert not locks.acquire_lock("key", "two", acquire_timeout=0)
        other.send_signal(signal.SIGKILL)
        other.wait()
        began = time.monotonic()
        assert locks.acquire_lock("key", "two", acquire_timeout=5)
        assert time.monotonic() - began < 2
        assert locks.is_lock_holder("key", "two")
        with pytest.raises(ValueError, match="not held"):
            locks.release_lock("key", "one")
        locks.release_lock("key", "two")
        assert not locks.is_locked("key")
    finally:
        other.kill()
        other.wait()
        if other.stdout:
            other.stdout.close()
