"""The way to one bucket: s3fs keeps session and event loop, every request and every try again passes here.

s3fs's own transfers are not used: its parallel download retries no body and sends no condition, so that a cut
leaves a file with holes and a replaced object comes out half old, half new (s3fs 2026.9).
"""

from __future__ import annotations

import asyncio
import os
import random
import threading
from collections.abc import Awaitable, Callable, Coroutine
from typing import TYPE_CHECKING, Any, Final, TypeVar

from botocore.exceptions import ClientError

from cutdown.errors import CutdownError, StorageError
from cutdown.storage.access import BucketAccess
from cutdown.storage.faults import RefusedError, answer_of, fault_of

if TYPE_CHECKING:
    from s3fs import S3FileSystem

Result = TypeVar("Result")

AT_ONCE: Final = 4  # transfers side by side; more brings nothing on the links measured
PATIENCE: Final = 60.0  # seconds of pauses in a row that bring nothing, before a service is given up
STALLED: Final = 20.0  # seconds without a byte after which a connection counts as dead
CONNECTING: Final = 5.0  # seconds
_FIRST_PAUSE: Final = 0.25  # seconds; doubled each time
_LONGEST_PAUSE: Final = 15.0
_ENDING: Final = 15.0  # seconds that a stopped transfer has for tidying up


class Tries:
    """Decides whether to try again, and waits; what makes progress is never given up.

    Args:
        patience: seconds of pauses in a row before it is given up.
    """

    def __init__(self, patience: float) -> None:
        self.failed = 0
        self._patience = patience
        self._paused = 0.0

    def went_on(self) -> None:
        """Something came through."""
        self._paused = 0.0

    async def pause(self, error: CutdownError) -> None:
        """Wait before the next try: exponential, with jitter on the upper half, or what the service asked for.

        Raises:
            CutdownError: the fault itself, where it does not pass or lasts too long.
        """
        self.failed += 1
        step = min(_LONGEST_PAUSE, max(_FIRST_PAUSE, self._paused)) * (0.5 + random.random() / 2)  # noqa: S311  # no secret
        step = max(step, error.retry_after or 0.0)
        if not error.retryable:
            raise error
        if self._paused + step > self._patience:
            raise StorageError(f"{error}; it was tried {self.failed} times; try later", retryable=True)
        self._paused += step
        await asyncio.sleep(step)


class Client:
    """Requests to one bucket.

    Args:
        bucket: its name.
        access: how it is reached.
        patience: seconds of pauses in a row before it is given up.
        stalled: seconds without a byte after which a connection counts as dead.
    """

    def __init__(
        self, bucket: str, access: BucketAccess, *, patience: float = PATIENCE, stalled: float = STALLED
    ) -> None:
        self.bucket = bucket
        self.stalled = stalled
        self._access = access
        self._patience = patience
        self._opening = threading.Lock()
        self._opened: tuple[int, S3FileSystem] | None = None
        self._inherited: object = None

    def __getstate__(self) -> dict[str, Any]:
        """Another process opens connections of its own."""
        return {**self.__dict__, "_opening": None, "_opened": None, "_inherited": None}

    def __setstate__(self, state: dict[str, Any]) -> None:
        """As it was, with no connection yet."""
        self.__dict__.update(state, _opening=threading.Lock())

    def run(self, work: Callable[[Any], Coroutine[Any, Any, Result]]) -> Result:
        """Do what needs the service's client in s3fs's loop, and wait for it here.

        Whoever is interrupted while waiting (Ctrl-C, a run that is cancelled) waits on until it has tidied up.
        """
        system = self._system()
        ended = threading.Event()

        async def whole() -> Result:
            try:
                return await work(await system.set_session())
            finally:
                ended.set()

        future = asyncio.run_coroutine_threadsafe(whole(), system.loop)
        try:
            return future.result()
        except BaseException:
            if future.cancel():
                ended.wait(_ENDING)
            raise

    async def ask(self, what: str, send: Callable[[], Awaitable[Result]]) -> Result:
        """The answer to a request, sent as often as that can help.

        Raises:
            RefusedError: 404 or 412.
            StorageError: the service refuses, or is in trouble for too long.
        """
        tries = self.tries()
        while True:
            try:
                return await send()
            except Exception as error:  # noqa: BLE001  # of whichever library; told apart in faults
                await tries.pause(self.fault(error, what, unsure=tries.failed > 0))

    def call(self, what: str, send: Callable[[Any], Awaitable[Result]]) -> Result:
        """`ask`, from outside the loop."""

        async def work(s3: Any) -> Result:
            return await self.ask(what, lambda: send(s3))

        return self.run(work)

    def tries(self) -> Tries:
        """For one piece of work."""
        return Tries(self._patience)

    def fault(self, error: Exception, what: str, *, unsure: bool = False) -> CutdownError:
        """An exception as one line.

        Raises:
            RefusedError: 404 or 412 of something within the bucket.
        """
        if isinstance(error, ClientError):
            status, code, _ = answer_of(error)
            if status in (404, 412) and code != "NoSuchBucket":
                raise RefusedError(status, code, unsure=unsure) from None
        return fault_of(error, what, self.bucket)

    def _system(self) -> S3FileSystem:
        """s3fs's file system; a new one in a process that was forked.

        The one it was forked with is kept there: if it were closed, its sockets would leave the parent's event loop
        too (both have one epoll), and the parent's next request would wait for a dead connection.
        """
        with self._opening:
            if self._opened is None or self._opened[0] != os.getpid():
                self._inherited = self._opened
                self._opened = (os.getpid(), _open(self._access, self.stalled))
            return self._opened[1]


def _open(access: BucketAccess, stalled: float) -> S3FileSystem:
    from s3fs import S3FileSystem

    return S3FileSystem(
        key=access.key_id or None,
        secret=access.secret.get_secret_value() if access.secret else None,
        token=access.token.get_secret_value() if access.token else None,
        endpoint_url=access.endpoint or None,
        client_kwargs={"region_name": access.region} if access.region else {},
        config_kwargs={
            "connect_timeout": CONNECTING,
            "read_timeout": stalled,
            "retries": {"total_max_attempts": 1},  # tries again are ours, or they would multiply
            "max_pool_connections": 4 * AT_ONCE,
            "s3": {"addressing_style": access.addressing},
        },
        use_listings_cache=False,
        skip_instance_cache=True,  # otherwise s3fs keeps the file system, with its key, for ever
    )
