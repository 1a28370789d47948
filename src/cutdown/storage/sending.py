"""A file into an object: whole or not at all, in parts side by side, from the disk and never from memory."""

from __future__ import annotations

import asyncio
import contextlib
import io
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final, TypeVar

from cutdown.errors import StorageError
from cutdown.storage.client import AT_ONCE, Client
from cutdown.storage.faults import RefusedError
from cutdown.storage.place import Change

Result = TypeVar("Result")

PART: Final = 16 << 20  # bytes; S3 takes parts from 5 MiB on
MOST_PARTS: Final = 10_000  # of one object, set by S3
_MEBIBYTE: Final = 1 << 20


def part_size(size: int) -> int:
    """Bytes of a part, so that the parts S3 allows suffice: 16 MiB up to 156 GiB, 477 MiB for 5 TB."""
    needed = -(-size // MOST_PARTS)
    return max(PART, -(-needed // _MEBIBYTE) * _MEBIBYTE)


class Slice(io.RawIOBase):
    """A stretch of a file that is read as if it were a file; tells whenever it moves on.

    Args:
        path: of the file.
        start: of the stretch, in bytes.
        length: of the stretch, in bytes.
        moved: called at each read.
    """

    def __init__(self, path: Path, start: int, length: int, moved: Callable[[], None]) -> None:
        super().__init__()
        self._file = path.open("rb")
        self._start = start
        self._length = length
        self._at = 0
        self._moved = moved

    def readable(self) -> bool:
        """It is for reading."""
        return True

    def seekable(self) -> bool:
        """A try again begins anew."""
        return True

    def readinto(self, buffer: Any, /) -> int:
        """Read on, no further than to the end of the stretch."""
        self._moved()
        view = memoryview(buffer)[: self._length - self._at]
        self._file.seek(self._start + self._at)
        count = self._file.readinto(view)
        self._at += count
        return count

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        """Go to a byte of the stretch."""
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._length}[whence]
        self._at = min(max(0, base + offset), self._length)
        return self._at

    def tell(self) -> int:
        """The byte of the stretch that is read next."""
        return self._at

    def __len__(self) -> int:
        """Length of the stretch."""
        return self._length

    def close(self) -> None:
        """Close the file."""
        self._file.close()
        super().close()


class Sending:
    """One file on its way into an object.

    Args:
        client: way to the bucket.
        key: of the object.
        source: the file.
        size: its length in bytes.
        about: metadata and content type.
        on_bytes: told how many bytes more have arrived, in the loop's thread, part by part.
    """

    def __init__(
        self,
        client: Client,
        key: str,
        source: Path,
        size: int,
        about: dict[str, Any],
        on_bytes: Change | None,
    ) -> None:
        self._client = client
        self._object = {"Bucket": client.bucket, "Key": key}
        self._source = source
        self._size = size
        self._about = about
        self._on_bytes = on_bytes
        self._what = f"writing '{key}' to the bucket '{client.bucket}'"

    async def run(self, s3: Any) -> None:
        """Send it; on any failure, and when it is cancelled, nothing is visible and no part is left.

        Raises:
            StorageError: it cannot be sent.
        """
        size = part_size(self._size)
        if self._size <= size:
            await self._send(
                0, self._size, lambda body: s3.put_object(**self._object, **self._about, Body=body)
            )
            return
        made = await self._client.ask(
            self._what, lambda: s3.create_multipart_upload(**self._object, **self._about)
        )
        upload = {**self._object, "UploadId": made["UploadId"]}
        try:
            parts = await self._parts(s3, upload, size)
            await self._complete(s3, upload, parts)
        except BaseException:
            await self._abort(s3, upload)
            raise

    async def _parts(self, s3: Any, upload: dict[str, Any], size: int) -> list[dict[str, Any]]:
        numbers = iter(range(1, -(-self._size // size) + 1))
        parts: list[dict[str, Any]] = []

        async def work() -> None:
            for number in numbers:  # shared: who is free takes the next part
                start = (number - 1) * size
                length = min(size, self._size - start)

                def send(body: Slice, number: int = number) -> Awaitable[Any]:
                    return s3.upload_part(**upload, PartNumber=number, Body=body)  # type: ignore[no-any-return]

                answer = await self._send(start, length, send)
                parts.append({"PartNumber": number, "ETag": answer["ETag"]})

        try:
            async with asyncio.TaskGroup() as group:
                for _ in range(AT_ONCE):
                    group.create_task(work())
        except BaseExceptionGroup as errors:
            raise errors.exceptions[0] from None
        return sorted(parts, key=lambda part: part["PartNumber"])

    async def _send(self, start: int, length: int, send: Callable[[Slice], Awaitable[Result]]) -> Result:
        """One request whose body is a stretch of the file."""

        async def once() -> Result:
            async with _watched(self._client.stalled) as moved:
                with Slice(self._source, start, length, moved) as body:
                    return await send(body)

        answer = await self._client.ask(self._what, once)
        if self._on_bytes:
            self._on_bytes(length)
        return answer

    async def _complete(self, s3: Any, upload: dict[str, Any], parts: list[dict[str, Any]]) -> None:
        try:
            await self._client.ask(
                self._what,
                lambda: s3.complete_multipart_upload(**upload, MultipartUpload={"Parts": parts}),
            )
        except RefusedError as refused:
            # The answer to a try that succeeded was lost: the upload is gone because it is an object now.
            # Whoever published compares that object with the file.
            if not refused.unsure:
                raise StorageError(
                    f"{self._what}: the upload was removed from outside; try again", retryable=True
                ) from None

    async def _abort(self, s3: Any, upload: dict[str, Any]) -> None:
        try:
            async with asyncio.timeout(self._client.stalled):
                await s3.abort_multipart_upload(**upload)
        except Exception:  # noqa: BLE001, S110  # the first failure is told; the janitor finds what is left
            pass


@asynccontextmanager
async def _watched(stalled: float) -> AsyncIterator[Callable[[], None]]:
    """End a request that has not moved for so many seconds; gives what is to be called when it moves.

    aiohttp limits waiting for bytes to read, not for a peer that takes none.
    """
    loop = asyncio.get_running_loop()
    told = 0.0
    async with asyncio.timeout(2 * stalled) as limit:

        def later() -> None:
            with contextlib.suppress(RuntimeError):  # the request has ended meanwhile
                limit.reschedule(loop.time() + 2 * stalled)

        def moved() -> None:  # from whichever thread reads the file
            nonlocal told
            if (now := time.monotonic()) - told > stalled / 20:
                told = now
                loop.call_soon_threadsafe(later)

        yield moved
