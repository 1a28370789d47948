"""What came of a batch: a row for each recording, and the figures of all of them together."""

from __future__ import annotations

from collections import Counter
from functools import cached_property
from typing import Any, Final, Literal

from pydantic import AwareDatetime, Field

from cutdown.batch.records import Done, Failure, Manifest
from cutdown.metrics import PhaseRecord
from cutdown.metrics.batch import BatchMetrics
from cutdown.metrics.records import RECORD_OF_PHASE
from cutdown.timebase import Frozen

State = Literal["done", "duplicate", "done elsewhere", "failed", "failed before", "not started"]

SOME_FAILED: Final = 7
BUDGET: Final = 4
LEFT_FOR_LATER: Final = 8


class Row(Frozen):
    """One recording."""

    name: str
    state: State
    note: str = ""
    """Why, and what to do; or what it is a duplicate of."""
    seconds: float | None = None
    """From the beginning of its work to its publication."""
    source_seconds: float | None = None
    output_seconds: float | None = None
    cost: float | None = None
    """US dollars; None where there is no price, or nothing was made."""
    tries: int = 1
    holder: str = ""
    turn: int = 1
    """Which turn at its lease made it; above 1 where others did not finish."""
    taken_over_from: tuple[str, ...] = ()
    folder: str = ""
    video: str = ""
    """Name in the destination."""

    @classmethod
    def done(
        cls, name: str, done: Done, manifest: Manifest | None, *, here: bool, replaced: bool, tries: int
    ) -> Row:
        """A recording that has its result.

        Args:
            name: of the recording.
            done: what the index says.
            manifest: of its result.
            here: whether this batch made it.
            replaced: whether it was another file by the time it was fetched.
            tries: times it was started.
        """
        state: State = "duplicate" if done.kind == "duplicate" else "done" if here else "done elsewhere"
        notes = ["replaced while it was fetched; its new form was processed"] if replaced else []
        if done.kind == "duplicate":
            notes.append(f"the same bytes as '{done.first}'; its result is linked")
        if manifest is None:
            return cls(name=name, state=state, note="; ".join(notes), holder=done.holder, tries=tries)
        whole = manifest.video is not None
        own = state == "done"
        return cls(
            name=name,
            state=state,
            note="; ".join((*notes, *manifest.downgrades)),
            seconds=(manifest.published - manifest.began).total_seconds() if own else None,
            source_seconds=manifest.source_seconds,
            output_seconds=manifest.output_seconds,
            cost=manifest.cost if own else 0.0,
            tries=tries,
            holder=manifest.holder,
            turn=manifest.turn,
            taken_over_from=tuple(turn.holder for turn in manifest.before if turn.why == "expired"),
            folder=manifest.folder,
            video=f"{manifest.folder}/{manifest.video}" if whole else "",
        )

    @classmethod
    def failed(
        cls, name: str, failure: Failure | None, *, before: bool = False, elsewhere: bool = False
    ) -> Row:
        """A recording that has no result."""
        state: State = "failed before" if before else "failed"
        if failure is None:
            return cls(name=name, state=state, note="its failure record cannot be read")
        where = " (in another batch)" if elsewhere else ""
        return cls(
            name=name,
            state=state,
            note=f"{failure.cause}; {failure.remedy}{where}",
            cost=failure.spent,
            tries=failure.tries,
            holder=failure.holder,
        )

    @classmethod
    def not_started(cls, name: str, why: Literal["budget", "deadline"], *, needs: float | None = None) -> Row:
        """A recording that was left for another time."""
        much = f": it may cost ${needs:.2f}" if needs is not None else ""
        return cls(name=name, state="not started", note=f"{why}{much}", tries=0)


class BatchAccount(Frozen):
    """A batch when it is over."""

    schema_version: int = 1
    batch: str
    source: str
    dest: str
    began: AwareDatetime
    ended: AwareDatetime
    slots: int
    """Recordings at once."""
    done_before: int
    """Recordings that earlier batches did; they have no rows."""
    rows: tuple[Row, ...]
    decide_seconds: float
    """To find out what is to be done."""
    decide_requests: int
    requests: int
    """Of the batch itself to both places; workers make their own."""
    spent: float
    """US dollars, those included that may have been charged for lost answers."""
    budget: float | None = None
    records: tuple[dict[str, Any], ...] = ()
    """Metrics records of what was made."""
    names: dict[str, str] = Field(default_factory=dict)
    """What the recordings of the records are called, by ``video_id``."""

    @property
    def did_nothing(self) -> bool:
        """Whether everything was done, or known to fail, before."""
        return all(row.state == "failed before" for row in self.rows)

    def count(self) -> Counter[State]:
        """Recordings by state."""
        return Counter(row.state for row in self.rows)

    @cached_property
    def metrics(self) -> BatchMetrics:
        """Times and costs of what was made, added up."""
        records = [
            RECORD_OF_PHASE.get(raw["phase"], PhaseRecord).model_validate(raw, extra="allow")
            for raw in self.records
        ]
        return BatchMetrics.of(records, self.names)

    @property
    def exit_code(self) -> int:
        """0 everything has its result; 7 some failed; 4 the budget, or 8 the deadline, left some undone."""
        left = {row.note.partition(":")[0] for row in self.rows if row.state == "not started"}
        if any(row.state == "failed" for row in self.rows):
            return SOME_FAILED
        return BUDGET if "budget" in left else LEFT_FOR_LATER if "deadline" in left else 0

    def sentence(self) -> str:
        """The batch in one line."""
        if not self.rows and not self.done_before:
            return f"nothing to do: no recordings are meant in {self.source}"
        if self.did_nothing:
            known = len(self.rows)
            failed = f"; {known} failed before and will again" if known else ""
            done = f"all {self.done_before} recordings are done" if self.done_before else "none is left"
            return f"nothing to do: {done}{failed}"
        counts = ", ".join(f"{count} {state}" for state, count in self.count().items())
        before = f", {self.done_before} done before" if self.done_before else ""
        return f"{counts}{before} in {(self.ended - self.began).total_seconds():.0f} s"
