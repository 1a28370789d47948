"""A TCP proxy on loopback that cuts, stalls and slows connections as it is told."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
import threading
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Literal, Self

_BLOCK = 64 << 10


@dataclass(frozen=True)
class Fault:
    """What happens to one connection in one direction; the other one flows."""

    towards: Literal["client", "server"] = "client"
    cut_after: int | None = None
    """Bytes, after which both ends are reset."""
    stall_after: int | None = None
    """Bytes, after which nothing flows any more although the connection stays open."""
    rate: float | None = None
    """Most bytes a second."""


class FaultyProxy:
    """Passes on to a port of this machine. Connections take the faults in turn; after the last, all goes well.

    Args:
        target: the port behind it.
        faults: for the first connections, one each; None for one that goes well.
        cut_at: totals of bytes of both directions; who carries the byte that reaches one is cut.
    """

    def __init__(
        self, target: int, faults: Iterable[Fault | None] = (), *, cut_at: Iterable[int] = ()
    ) -> None:
        self._target = target
        self.faults = deque(faults)
        self.cut_at = deque(sorted(cut_at))
        self.answers_to_lose = 0
        """How many blocks on their way to a client are lost, each with its connection."""
        self.watch: Callable[[int, str, bytes], None] | None = None
        """Shown each block before it goes on, with the connection's number and its way; may wait, and may raise
        `ConnectionResetError` to cut the connection."""
        self.connections = 0
        self.cuts = 0
        self.stalls = 0
        self.passed = 0
        self.port = 0
        self._loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        self._end = asyncio.Event()
        self._thread = threading.Thread(target=self._loop.run_until_complete, args=(self._serve(),))

    def __enter__(self) -> Self:
        self._thread.start()
        assert self._ready.wait(10)
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._end.set)
        self._thread.join()
        self._loop.close()

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def _serve(self) -> None:
        pairs: set[asyncio.Task[None]] = set()

        def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            task = self._loop.create_task(self._pair(reader, writer))
            pairs.add(task)
            task.add_done_callback(pairs.discard)

        server = await asyncio.start_server(connected, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        self._ready.set()
        await self._end.wait()
        server.close()
        for task in pairs:
            task.cancel()
        await asyncio.gather(*pairs, return_exceptions=True)

    async def _pair(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        number = self.connections
        fault = self.faults.popleft() if self.faults else None
        there, back = await asyncio.open_connection("127.0.0.1", self._target)
        ways = [
            asyncio.create_task(self._pass(reader, back, "server", fault, number)),
            asyncio.create_task(self._pass(there, writer, "client", fault, number)),
        ]
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_EXCEPTION)
        finally:
            for way in ways:
                way.cancel()
            await asyncio.gather(*ways, return_exceptions=True)
            for end in (writer, back):
                _reset(end)

    async def _pass(
        self,
        source: asyncio.StreamReader,
        sink: asyncio.StreamWriter,
        towards: Literal["client", "server"],
        fault: Fault | None,
        number: int,
    ) -> None:
        passed = 0
        fault = fault if fault and fault.towards == towards else None
        while block := await source.read(_BLOCK):
            if self.watch is not None:
                await asyncio.to_thread(self._show, number, towards, block)
            if fault and fault.stall_after is not None and passed + len(block) > fault.stall_after:
                self.stalls += 1
                await asyncio.Event().wait()
            if fault and fault.cut_after is not None and passed + len(block) > fault.cut_after:
                block = block[: fault.cut_after - passed]
            elif towards == "client" and self.answers_to_lose:
                self.answers_to_lose -= 1
                block = b""
            elif self.cut_at and self.passed + len(block) > self.cut_at[0]:
                self.cut_at.popleft()
                block = b""
            sink.write(block)
            await sink.drain()
            passed += len(block)
            self.passed += len(block)
            if not block or (fault and passed == fault.cut_after):
                self.cuts += 1
                raise ConnectionResetError
            if fault and fault.rate:
                await asyncio.sleep(len(block) / fault.rate)
        with contextlib.suppress(OSError, RuntimeError):
            sink.write_eof()

    def _show(self, number: int, towards: str, block: bytes) -> None:
        assert self.watch is not None
        try:
            self.watch(number, towards, block)
        except ConnectionResetError:
            self.cuts += 1
            raise


def _reset(end: asyncio.StreamWriter) -> None:
    """Close at once, with RST."""
    if (raw := end.get_extra_info("socket")) is not None:
        with contextlib.suppress(OSError):
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    end.transport.abort()
