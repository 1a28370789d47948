"""One live line a phase, with the time left; one plain line when it is done."""

from __future__ import annotations

import time
from types import TracebackType
from typing import Final, Self

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TaskProgressColumn, TextColumn, TimeRemainingColumn

from cutdown.progress import Progress as Tell

DOING: Final = {
    "demo": "Making the demo recording",
    "probe": "Looking at the file",
    "ingest": "Listening and watching",
    "director": "Planning the edit",
    "voice": "Speaking the narration",
    "assembly": "Rendering",
    "check": "Checking the result",
}


class LiveLines:
    """A `cutdown.progress.Listener` for a terminal; without one (a pipe, CI) only the done lines are written."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._bars = Progress(
            TextColumn("{task.description:<26}"),
            BarColumn(bar_width=32),
            TaskProgressColumn(),
            TimeRemainingColumn(compact=True, elapsed_when_finished=True),
            console=console,
            transient=True,
            disable=not console.is_terminal,
        )
        self._begun: dict[str, tuple[TaskID, float]] = {}

    def __enter__(self) -> Self:
        self._bars.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bars.stop()

    def begin(self, phase: str) -> Tell:
        """Show a line for the phase."""
        bar = self._bars.add_task(DOING.get(phase, phase), total=1.0)
        self._begun[phase] = (bar, time.perf_counter())

        def tell(share: float, /) -> None:
            self._bars.update(bar, completed=share)

        return tell

    def end(self, phase: str, *, ok: bool, cached: bool) -> None:
        """Replace the line by one that says how it went."""
        bar, begun = self._begun.pop(phase)
        self._bars.remove_task(bar)
        if phase == "probe":
            return
        took = "from the cache" if cached else f"{time.perf_counter() - begun:.1f} s"
        mark, how = ("[green]✓[/]", took) if ok else ("[red]✗[/]", "failed")
        self._console.print(f"{mark} {DOING.get(phase, phase):<26} {how}", highlight=False, emoji=False)
