"""How every task retries and what its result is known by: said once, for all of them."""

from __future__ import annotations

import functools
import random
from contextvars import ContextVar
from pathlib import Path
from typing import Any, Final, Literal, SupportsIndex

from prefect.cache_policies import CacheKeyFnPolicy
from prefect.client.schemas.objects import State, TaskRun
from prefect.context import TaskRunContext
from prefect.serializers import JSONSerializer
from prefect.tasks import Task

import cutdown.shared_store
from blocks.reach import keys_from_blocks
from cutdown.errors import CutdownError
from cutdown.memory import Remembered, refs_in
from cutdown.products import Directed, Ingested, Voiced, as_asked_for
from cutdown.settings import shared_store, state_folder
from cutdown.store import Store

LONGEST_WAIT: Final = 300.0  # seconds; a service that asks for an hour is asked again sooner, or not at all

_asked_to_wait: ContextVar[float] = ContextVar("asked_to_wait", default=0.0)


def open_store() -> Store:
    """The store of this machine, or of all that share a place; its bucket's keys come from a block first."""
    return _opened(state_folder(), shared_store())


@functools.lru_cache(maxsize=4)  # a bucket's connections are kept
def _opened(_home: Path, _place: str | None) -> Store:
    with keys_from_blocks():
        return cutdown.shared_store.open_store()


class Backoff(list[float]):
    """Exponential delays with jitter that also honour ``Retry-After``.

    Prefect reads ``delays[n]`` right after it asked `can_recover`, in the same thread; that is
    where the wait that the service asked for is picked up.
    """

    def __getitem__(self, index: SupportsIndex | slice) -> Any:
        """The planned delay, or what the service asked for where that is longer; seconds."""
        planned = super().__getitem__(index)
        if isinstance(index, slice):
            return planned
        asked, _ = _asked_to_wait.get(), _asked_to_wait.set(0.0)
        return max(planned, asked)


def backoff(tries: int, *, first: float = 2.0, seed: int = 0) -> Backoff:
    """``tries`` delays, doubling from ``first`` seconds, each with up to a quarter more."""
    jitter = random.Random(seed)  # noqa: S311  # spreads retries; no secret hangs on it
    return Backoff(first * 2**n * (1 + jitter.random() / 4) for n in range(tries))


def can_recover(task: Task[..., Any], task_run: TaskRun, state: State) -> bool:
    """Whether trying again can help: the error knows. A plain function, or Prefect never retries."""
    del task, task_run
    error: Any = state.data
    if not (isinstance(error, CutdownError) and error.retryable):
        return False
    if (error.retry_after or 0.0) > LONGEST_WAIT:
        return False
    _asked_to_wait.set(error.retry_after or 0.0)
    return True


class StillGood(JSONSerializer):
    """JSON results that may be used again: their files are there, and they are what was asked for."""

    type: Literal["cutdown-still-good"] = "cutdown-still-good"

    def loads(self, blob: bytes) -> Any:
        """The result.

        Raises:
            FileNotFoundError: when a file it points at is gone, or when another provider stood in for
                the one that was asked for; Prefect then runs the task again.
        """
        result = super().loads(blob)
        if isinstance(result, Ingested | Directed | Voiced) and not as_asked_for(result):
            raise FileNotFoundError("another provider stood in; the one that was asked for is tried again")
        for ref in refs_in(result):
            if not open_store().has(ref):
                raise FileNotFoundError(f"stored file {ref.sha256}{ref.suffix} is gone")
        return result


def cached(phase: Remembered[Any]) -> dict[str, Any]:
    """Options of a phase's task: known by content, tried again when that can help.

    Of two runs at once that want the same, the phase itself lets one work and the other wait.
    """

    def key(context: TaskRunContext, inputs: dict[str, Any]) -> str:
        del context
        return phase.key(inputs)

    return {
        "name": phase.name,
        "cache_policy": CacheKeyFnPolicy(cache_key_fn=key),
        "persist_result": True,
        "result_serializer": StillGood(),
        "retries": 4,
        "retry_delay_seconds": backoff(4),
        "retry_condition_fn": can_recover,
    }
