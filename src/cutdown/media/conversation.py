"""What is said between this process and a program: blocks in, blocks out, reports, last words."""

from __future__ import annotations

import contextlib
import os
import selectors
import time
from collections import deque
from collections.abc import Callable, Iterator
from fractions import Fraction
from typing import IO, TYPE_CHECKING, Final

from cutdown.errors import RenderError
from cutdown.progress import Progress

if TYPE_CHECKING:
    from subprocess import Popen  # noqa: TID251  the type only; nothing is started here

_TAIL_LINES: Final = 200  # loudnorm's JSON and a filter's last words fit
_BLOCK: Final = 1 << 16


class ProgramError(RenderError):
    """A program failed; ``stderr`` holds its last lines."""

    def __init__(self, message: str, stderr: str = "") -> None:
        super().__init__(message)
        self.stderr = stderr


class Conversation:
    """Reads what a program says, hands it its input, and notices when nothing moves."""

    def __init__(
        self,
        take: Callable[[bytes], object] | None,
        feed: Iterator[bytes] | None,
        duration: Fraction | None,
        progress: Progress,
    ) -> None:
        self.tail: deque[str] = deque(maxlen=_TAIL_LINES)
        self._take = take
        self._feed = feed
        self._block = memoryview(b"")
        self._duration = duration
        self._progress = progress
        self._share = 0.0
        self._seen: dict[bytes, bytes] = {}
        self._rest = {"stderr": b"", "report": b""}
        self._moved = time.monotonic()

    def until_closed(self, process: Popen[bytes], reports: int, stall_seconds: float) -> None:
        """Talk until the program has closed all it writes to.

        Args:
            process: the program; its standard streams are unbuffered pipes.
            reports: where its ``-progress`` reports can be read.
            stall_seconds: how long nothing may move.

        Raises:
            ProgramError: nothing moved for so long.
        """
        assert process.stdout is not None
        assert process.stderr is not None
        sources = {process.stdout.fileno(): "stdout", process.stderr.fileno(): "stderr", reports: "report"}
        with selectors.DefaultSelector() as selector:
            for fd in sources:
                selector.register(fd, selectors.EVENT_READ)
            if process.stdin is not None:
                os.set_blocking(process.stdin.fileno(), False)
                selector.register(process.stdin.fileno(), selectors.EVENT_WRITE)
            while sources:
                for key, _ in selector.select(timeout=0.5):
                    if key.fd not in sources:
                        if not self._hand_over(key.fd):
                            selector.unregister(key.fd)
                            _close(process.stdin)
                    elif block := os.read(key.fd, _BLOCK):
                        self._hear(sources[key.fd], block)
                    else:
                        selector.unregister(key.fd)
                        name = sources.pop(key.fd)
                        if name != "stdout":
                            self._hear(name, b"\n")
                if time.monotonic() - self._moved > stall_seconds:
                    raise ProgramError(
                        f"ffmpeg made no progress for {stall_seconds:g} s and was ended; try again, or try another --encoder",
                        "\n".join(self.tail),
                    )

    def _hand_over(self, fd: int) -> bool:
        """Write what the pipe takes now; False when there is no more, or nobody reads."""
        if not self._block:
            assert self._feed is not None
            block = next(self._feed, None)
            if block is None:
                return False
            self._block = memoryview(block).cast("B")
        try:
            written = os.write(fd, self._block)
        except BlockingIOError:
            return True
        except BrokenPipeError:
            return False
        self._block = self._block[written:]
        self._moved = time.monotonic()
        return True

    def _hear(self, name: str, block: bytes) -> None:
        if name == "stdout":
            self._moved = time.monotonic()
            if self._take is not None:
                self._take(block)
            return
        *lines, self._rest[name] = (self._rest[name] + block).replace(b"\r", b"\n").split(b"\n")
        for line in lines:
            if name == "stderr":
                if line.strip():
                    self.tail.append(line.decode(errors="replace"))
            else:
                self._note(line)

    def _note(self, line: bytes) -> None:
        """One ``key=value`` of a report; reports come also when nothing moves, so compare."""
        key, _, value = line.partition(b"=")
        if key not in (b"out_time_us", b"frame", b"total_size") or self._seen.get(key) == value:
            return
        self._seen[key] = value
        self._moved = time.monotonic()
        if key == b"out_time_us" and self._duration and value.strip().isdigit():
            share = min(int(value) / 1e6 / float(self._duration), 1.0)
            if share > self._share:
                self._share = share
                self._progress(share)


def _close(pipe: IO[bytes] | None) -> None:
    if pipe is not None:
        with contextlib.suppress(OSError):
            pipe.close()
