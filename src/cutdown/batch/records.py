"""What is written about a recording in the destination: that it is done, or why it is not."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Literal

from pydantic import AwareDatetime, Field, ValidationError

from cutdown.errors import CheckError, CutdownError, MediaError
from cutdown.metrics import PhaseRecord
from cutdown.metrics.records import RECORD_OF_PHASE
from cutdown.timebase import Frozen


def _now() -> datetime:
    return datetime.now(UTC)


class SourceFile(Frozen):
    """A recording as it was when it was processed."""

    place: str
    name: str
    tag: str
    size: int
    """Bytes."""


class PublishedFile(Frozen):
    """A file of a result."""

    name: str
    """Relative to the destination."""
    size: int
    sha256: str


class LeaseTurn(Frozen):
    """Who had a lease before, and when the next one took it over."""

    holder: str
    ended: AwareDatetime
    why: Literal["released", "expired"]


class Manifest(Frozen):
    """A result that is whole: written after all of its files, and never over another one."""

    schema_version: int = 1
    content: str
    source: SourceFile
    sha256: str
    options: str
    folder: str
    """Where its files lie in the destination."""
    video: str | None
    files: tuple[PublishedFile, ...]
    source_seconds: float
    output_seconds: float
    cost: float | None
    """US dollars; None where a part has no price."""
    at_risk: float = 0.0
    """US dollars more that may have been charged for answers that were lost."""
    records: tuple[dict[str, Any], ...] = ()
    """The metrics records of its phases."""
    flags: tuple[str, ...] = ()
    downgrades: tuple[str, ...] = ()
    holder: str
    turn: int
    before: tuple[LeaseTurn, ...] = ()
    """Holders that did not finish."""
    began: AwareDatetime
    published: AwareDatetime = Field(default_factory=_now)

    def phase_records(self) -> tuple[PhaseRecord, ...]:
        """The metrics records as they were measured."""
        return tuple(
            RECORD_OF_PHASE.get(raw["phase"], PhaseRecord).model_validate(raw, extra="allow")
            for raw in self.records
        )


class Done(Frozen):
    """A recording in one form has its result."""

    schema_version: int = 1
    kind: Literal["result", "duplicate", "replaced"]
    """duplicate: the result of the same bytes under another name is its result. replaced: it was
    another file by the time it was fetched; ``became`` is that file's key."""
    source: SourceFile
    content: str = ""
    became: str = ""
    first: str = ""
    """Of a duplicate: the name under which the same bytes were processed."""
    manifest: str = ""
    """Name of the manifest of the result."""
    batch: str = ""
    holder: str
    at: AwareDatetime = Field(default_factory=_now)


Kind = Literal["media", "usage", "provider", "budget", "check", "storage", "crash", "other"]
_KINDS: dict[str, Kind] = {
    "UsageError": "usage",
    "MediaError": "media",
    "ProviderError": "provider",
    "BudgetError": "budget",
    "CheckError": "check",
    "StorageError": "storage",
}


class Failure(Frozen):
    """Why a recording has no result, and what to do about it."""

    schema_version: int = 1
    source: SourceFile
    kind: Kind
    cause: str
    """One line; never holds a key, a transcript or narration."""
    remedy: str
    retryable: bool
    """Whether trying again at once may help."""
    lasting: bool
    """Whether later batches pass it over, because the recording itself is at fault."""
    tries: int
    """Times it was tried, this one included."""
    exit_code: int
    spent: float = 0.0
    """US dollars that may have been spent on it without a result."""
    needs: float | None = None
    """Of a budget that did not suffice: US dollars that it would have needed."""
    batch: str = ""
    holder: str
    at: AwareDatetime = Field(default_factory=_now)


def kind_of(error: BaseException) -> Kind:
    """Who can mend an error, in a word."""
    for parent in type(error).__mro__:
        if parent.__name__ in _KINDS:
            return _KINDS[parent.__name__]
    return "storage" if isinstance(error, OSError) else "other"


def parted(error: BaseException) -> tuple[str, str]:
    """An error's cause and remedy: its message up to the last semicolon, and what follows."""
    if not isinstance(error, CutdownError):
        told = _without_values(error) if isinstance(error, ValidationError) else str(error)
        return (
            f"{type(error).__name__}: {' '.join(told.split())[:300]}",
            "look at the run's log; if it comes again with the same recording, report it",
        )
    cause, mark, remedy = " ".join(str(error).split()).rpartition("; ")
    if not mark:
        return remedy, _REMEDIES.get(kind_of(error), "look at the run's log")
    return cause, remedy


def _without_values(error: ValidationError) -> str:
    """What did not fit, and where: the values may be what was said."""
    faults = error.errors(include_url=False, include_input=False, include_context=False)
    return "; ".join(f"{'.'.join(map(str, fault['loc']))}: {fault['type']}" for fault in faults)


_REMEDIES: dict[Kind, str] = {
    "media": "look whether the recording plays; upload it again",
    "check": "look at the report; run it by hand and look at the result",
    "provider": "start the batch again later, or name another provider",
    "budget": "start the batch again with a higher budget",
}


def may_pass(error: BaseException) -> bool:
    """Whether the same recording may succeed when it is tried again at once."""
    if isinstance(error, CutdownError):
        return error.retryable
    return isinstance(error, OSError | MemoryError | TimeoutError)


def lies_in_recording(error: BaseException) -> bool:
    """Whether the recording itself is at fault, so that another night changes nothing."""
    return isinstance(error, MediaError | CheckError) and not error.retryable
