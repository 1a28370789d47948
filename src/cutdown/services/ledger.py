"""The ledger: what was promised to providers and what it came to, on disk before the request leaves.

A request is reserved at the most it may cost, then settled at what the provider says it used,
released when the provider refused it, or lost when no whole answer came back: then it may have
been charged. A reservation that nothing follows belongs to a process that died in the middle.
The file holds names, counts and money, never a key or a text.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, Literal

from pydantic import Field, ValidationError

from cutdown.errors import UsageError
from cutdown.files import append_line
from cutdown.services.used import Used
from cutdown.settings import state_folder
from cutdown.timebase import Frozen

Event = Literal["reserve", "settle", "release", "lose", "finish"]
FILE: Final = "ledger.jsonl"


class Entry(Frozen):
    """One line of the ledger."""

    event: Event
    id: str
    """The same for a reservation and what becomes of it; the run's own for ``finish``."""
    at: datetime = Field(default_factory=lambda: datetime.now(UTC))
    video_id: str
    run_id: str = ""
    """The run that asked; empty in entries of before it was told."""
    phase: str = ""
    provider: str = ""
    model: str = ""
    usd: float | None = None
    """Reserved: the most it may cost. Settled: what it cost. None where there is no price."""
    used: Used | None = None


class Spent(Frozen):
    """Money of requests, in US dollars."""

    settled: float = 0.0
    at_risk: float = 0.0
    """Of requests whose answer was lost: the most that may have been charged for them."""

    @property
    def total(self) -> float:
        """The most that was spent."""
        return self.settled + self.at_risk


class Ledger:
    """A file of entries that several processes may append to.

    Args:
        path: the file; that of this machine's state folder where not given.
    """

    def __init__(self, path: Path | None = None) -> None:
        self.path = path or state_folder() / FILE

    def append(self, entry: Entry) -> None:
        """Write one entry, on disk when this returns.

        Raises:
            UsageError: the file cannot be written; without a ledger no money is spent.
        """
        try:
            append_line(self.path, entry.model_dump_json(exclude_none=True), mode=0o600, lasting=True)
        except OSError as error:
            raise UsageError(
                f"cannot write the ledger '{self.path}': {error.strerror}; no provider is asked without it"
            ) from error

    def entries(self, video_id: str | None = None) -> Iterator[Entry]:
        """All entries in order, or those of one recording; a line that a crash tore is passed over."""
        try:
            file = self.path.open(encoding="utf-8", errors="replace")
        except FileNotFoundError:
            return
        named = "" if video_id is None else json.dumps(video_id, ensure_ascii=False)
        with file:
            for line in file:
                if named not in line:  # far cheaper than to read an entry of another recording
                    continue
                try:
                    entry = Entry.model_validate_json(line)
                except ValidationError:
                    continue
                if video_id is None or entry.video_id == video_id:
                    yield entry

    def unfinished(self, video_id: str) -> Spent:
        """What was spent on a recording since a run of it last came to its end."""
        promised: dict[str, float] = {}
        settled = lost = 0.0
        for entry in self.entries(video_id):
            match entry.event:
                case "finish":
                    promised, settled, lost = {}, 0.0, 0.0
                case "reserve":
                    promised[entry.id] = entry.usd or 0.0
                case "settle":
                    promised.pop(entry.id, None)
                    settled += entry.usd or 0.0
                case "lose":
                    lost += promised.pop(entry.id, entry.usd or 0.0)
                case "release":
                    promised.pop(entry.id, None)
        return Spent(settled=settled, at_risk=lost + sum(promised.values()))

    def finish(self, video_id: str, run_id: str) -> None:
        """A run of this recording came to its end: its budget begins anew."""
        if self.unfinished(video_id).total:
            self.append(Entry(event="finish", id=run_id, video_id=video_id, run_id=run_id))
