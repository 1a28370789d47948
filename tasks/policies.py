"""How every task retries and what its result is known by: said once, for all of them."""

from __future__ import annotations

import random
from contextvars import ContextVar
from pathlib import Path
from typing import Any, Final, Literal, SupportsIndex

from prefect.cache_policies import CacheKeyFnPolicy
from prefect.client.schemas.objects import State, TaskRun
from prefect.context import TaskRunContext
from prefect.serializers import JSONSerializer
from prefect.tasks import Task
from prefect.transactions import IsolationLevel
from pydantic import BaseModel

from cutdown.errors import CutdownError
from cutdown.phases import VERSIONS
from cutdown.recording import Recording
from cutdown.settings import state_folder
from cutdown.store import Ref, Store, hash_key
from tasks.locks import KernelLocks

LOCATION: Final = frozenset({"source"})  # where a file lies; what it is, is its hash
LONGEST_WAIT: Final = 300.0  # seconds; a service that asks for an hour is asked again sooner, or not at all

_asked_to_wait: ContextVar[float] = ContextVar("asked_to_wait", default=0.0)


def open_store() -> Store:
    """The store that all runs of this machine share."""
    return Store(state_folder() / "store")


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


def _plain(value: Any) -> Any:
    if isinstance(value, Ref | Recording):
        return value.sha256
    if isinstance(value, BaseModel):
        return {name: _plain(getattr(value, name)) for name in type(value).model_fields}
    if isinstance(value, dict):
        return {str(name): _plain(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if value is None or isinstance(value, bool | int | float | str):
        return value
    return str(value)


def content_key(name: str, version: int, parameters: dict[str, Any]) -> str:
    """What a result is known by: the phase, its version, and the content of everything it is made from."""
    what = {key: _plain(value) for key, value in parameters.items() if key not in LOCATION}
    return f"{name}/{version}/{hash_key(what)}"


class FilesMustExist(JSONSerializer):
    """JSON results whose files are still in the store; a result whose file is gone is a miss."""

    type: Literal["cutdown-files-must-exist"] = "cutdown-files-must-exist"

    def loads(self, blob: bytes) -> Any:
        """The result.

        Raises:
            FileNotFoundError: when a file it points at is gone; Prefect then runs the task again.
        """
        result = super().loads(blob)
        for ref in _refs(result):
            if not open_store().has(ref):
                raise FileNotFoundError(f"stored file {ref.sha256}{ref.suffix} is gone")
        return result


def _refs(value: Any) -> list[Ref]:
    if isinstance(value, Ref):
        return [value]
    if isinstance(value, BaseModel):
        return [ref for name in type(value).model_fields for ref in _refs(getattr(value, name))]
    if isinstance(value, dict):
        return [ref for item in value.values() for ref in _refs(item)]
    if isinstance(value, list | tuple):
        return [ref for item in value for ref in _refs(item)]
    return []


def _locks_folder() -> Path:
    return state_folder() / "locks"


_LOCKS = KernelLocks(_locks_folder)


def cached(name: str) -> dict[str, Any]:
    """Options of a phase's task: known by content, done by one run at a time, tried again when that can help.

    Args:
        name: of the phase, as in `cutdown.phases.VERSIONS`.
    """

    def key(context: TaskRunContext, parameters: dict[str, Any]) -> str:
        del context
        return content_key(name, VERSIONS[name], parameters)

    policy = CacheKeyFnPolicy(cache_key_fn=key).configure(
        isolation_level=IsolationLevel.SERIALIZABLE, lock_manager=_LOCKS
    )
    return {
        "name": name,
        "cache_policy": policy,
        "persist_result": True,
        "result_serializer": FilesMustExist(),
        "retries": 4,
        "retry_delay_seconds": backoff(4),
        "retry_condition_fn": can_recover,
    }
