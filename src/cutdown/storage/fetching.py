"""A large object into a file: ranges side by side, each tried again where it broke off, all of one version."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any, Final

from cutdown.errors import CutdownError, StorageError
from cutdown.storage.client import AT_ONCE, Client
from cutdown.storage.faults import RefusedError
from cutdown.storage.place import Change, Item, SourceChangedError

RANGE: Final = 16 << 20  # bytes asked for at once; of which one read at a time is in memory
_READ: Final = 1 << 20


class Fetch:
    """One object on its way into an open file.

    Args:
        client: way to the bucket.
        key: of the object.
        item: the version wanted.
        handle: of the file.
        on_bytes: told how many bytes more there are, in the loop's thread.
    """

    def __init__(self, client: Client, key: str, item: Item, handle: int, on_bytes: Change | None) -> None:
        self._client = client
        self._key = key
        self._item = item
        self._handle = handle
        self._on_bytes = on_bytes
        self._what = f"reading '{key}' from the bucket '{client.bucket}'"

    async def run(self, s3: Any) -> None:
        """Write all bytes to where they belong.

        Raises:
            SourceChangedError: the object is another one by now.
            StorageError: it cannot be fetched.
            OSError: the file cannot be written.
        """
        starts = iter(range(0, self._item.size, RANGE))

        async def work() -> None:
            for start in starts:  # shared: who is free takes the next range
                await self._range(s3, start, min(start + RANGE, self._item.size))

        try:
            async with asyncio.TaskGroup() as group:
                for _ in range(AT_ONCE):
                    group.create_task(work())
        except BaseExceptionGroup as errors:
            raise errors.exceptions[0] from None

    async def _range(self, s3: Any, at: int, end: int) -> None:
        tries = self._client.tries()
        while at < end:
            try:
                async with aclosing(self._blocks(s3, at, end)) as blocks:
                    async for block in blocks:
                        await asyncio.to_thread(_write_at, self._handle, block, at)
                        at += len(block)
                        tries.went_on()
                        if self._on_bytes:
                            self._on_bytes(len(block))
            except StorageError as error:
                await tries.pause(error)
            else:
                if at < end:
                    await tries.pause(StorageError(f"{self._what}: the answer was too short", retryable=True))

    async def _blocks(self, s3: Any, at: int, end: int) -> AsyncGenerator[bytes]:
        """The bytes of a range as they come; every fault of the network as a CutdownError."""
        try:
            answer = await s3.get_object(
                Bucket=self._client.bucket,
                Key=self._key,
                Range=f"bytes={at}-{end - 1}",
                IfMatch=f'"{self._item.tag}"',
            )
            self._verify(answer, at, end)
            async with answer["Body"] as body:
                while block := await body.read(_READ):
                    yield block
        except CutdownError:
            raise
        except Exception as error:  # noqa: BLE001  # of whichever library; told apart in faults
            try:
                fault = self._client.fault(error, self._what)
            except RefusedError:
                fault = changed(self._item, self._client.bucket)
            raise fault from None

    def _verify(self, answer: Any, at: int, end: int) -> None:
        """A service that does not know conditions or ranges must not pass for one that does."""
        if answer["ETag"].strip('"') != self._item.tag:
            raise changed(self._item, self._client.bucket)
        if answer.get("ContentRange") != f"bytes {at}-{end - 1}/{self._item.size}":
            raise StorageError(f"{self._what}: the service does not answer with the range asked for")


def changed(item: Item, bucket: str) -> SourceChangedError:
    """What is told when an object is not the one that was looked at."""
    return SourceChangedError(f"'{item.name}' in the bucket '{bucket}' was replaced or removed meanwhile")


def _write_at(handle: int, block: bytes, at: int) -> None:
    view = memoryview(block)
    while view:
        written = os.pwrite(handle, view, at)
        view, at = view[written:], at + written
