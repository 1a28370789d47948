"""A batch from its listing to its account: who is started when, and what came of it."""

from __future__ import annotations

import secrets
import time
from collections import deque
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final, NamedTuple, Protocol

from cutdown.batch.account import BatchAccount, Row
from cutdown.batch.counted import Counted
from cutdown.batch.crew import Crew, Ended
from cutdown.batch.decide import Decision, Index, decide
from cutdown.batch.desk import Desk
from cutdown.batch.lease import StorageClock, ended, free_of_dead, read_lease
from cutdown.batch.listing import chosen, has_tags
from cutdown.batch.names import shelf
from cutdown.batch.order import Order, holder_name
from cutdown.batch.patience import patiently
from cutdown.batch.purse import Purse
from cutdown.batch.records import Done, Failure, Manifest
from cutdown.batch.wishes import BatchWishes, options_key
from cutdown.storage.place import Place

_ASK_EVERY: Final = 5.0  # seconds between two looks at what another worker has in work


class Watcher(Protocol):
    """Told how a batch goes on."""

    def decided(self, to_do: int, done: int, failed: int) -> None:
        """What is to be done is known."""
        ...

    def started(self, name: str, tries: int) -> None:
        """A recording is in work."""
        ...

    def ended(self, row: Row, left: int) -> None:
        """A recording has its place in the table; so many are left."""
        ...

    def over(self, account: BatchAccount) -> None:
        """The batch is over, and its table is where it belongs."""
        ...


class Unwatched:
    """A watcher that does nothing."""

    def decided(self, to_do: int, done: int, failed: int) -> None:
        """Nobody is told."""

    def started(self, name: str, tries: int) -> None:
        """Nobody is told."""

    def ended(self, row: Row, left: int) -> None:
        """Nobody is told."""

    def over(self, account: BatchAccount) -> None:
        """Nobody is told."""


class _Wait(NamedTuple):
    decision: Decision
    tries: int = 1
    put_back: Failure | None = None
    """What it did not fit the budget with, where it is started once more."""

    @property
    def needs(self) -> float | None:
        """US dollars by its forecast, where it was looked at before."""
        return self.put_back.needs if self.put_back else None


class Looked(NamedTuple):
    """What a batch found before it started anything."""

    decisions: tuple[Decision, ...]
    requests: int
    seconds: float


def batch_name() -> str:
    """A name for a batch: when it began, and something that no other one has."""
    return f"{datetime.now(UTC):%Y%m%d-%H%M%S}-{secrets.token_hex(2)}"


def look(wishes: BatchWishes, source: Counted, dest: Counted, now: datetime) -> Looked:
    """Find out what is to be done: one listing of the source, one of the index.

    Tags, where they are asked for, cost one request more for each recording that is not done.
    """
    began = time.perf_counter()
    before = source.requests + dest.requests
    items = patiently(lambda: chosen(source.list(), wishes.selection, now, apart_from=wishes.own_results))
    index = Index.of(patiently(Desk(dest).names))
    decisions = decide(
        items,
        index,
        source=wishes.source,
        options=options_key(wishes.options),
        retry_failed=wishes.limits.retry_failed,
    )
    if wishes.selection.tags:
        decisions = tuple(
            decision
            for decision in decisions
            if decision.verdict != "do"
            or has_tags(patiently(lambda name=decision.item.name: source.tags(name)), wishes.selection)  # type: ignore[misc]
        )
    return Looked(decisions, source.requests + dest.requests - before, time.perf_counter() - began)


class Batch:
    """One batch.

    Args:
        wishes: what is asked for.
        source: where recordings come from.
        dest: where results go.
        crew: does the work.
        name: of the batch; a new one where not given.
        watcher: told how it goes on.
        now: this machine's time, in UTC.
    """

    def __init__(
        self,
        wishes: BatchWishes,
        source: Place,
        dest: Place,
        crew: Crew,
        *,
        name: str | None = None,
        watcher: Watcher | None = None,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.wishes = wishes
        self.name = name or batch_name()
        self._source, self._dest = Counted(source), Counted(dest)
        self._desk = Desk(self._dest)
        self._crew = crew
        self._watcher = watcher or Unwatched()
        self._now = now
        self._began = now()
        self._deadline = wishes.limits.deadline(self._began)
        self._purse = Purse(wishes.limits.batch_budget, wishes.terms.budget)
        self._waiting: deque[_Wait] = deque()
        self._running: dict[str, _Wait] = {}
        self._elsewhere: dict[str, _Wait] = {}
        self._asked = 0.0
        self._rows: dict[str, Row] = {}
        self._manifests: list[Manifest] = []
        self._clock = StorageClock()

    def run(self) -> BatchAccount:
        """Do what is to be done.

        Returns:
            What came of every recording that was meant.

        Raises:
            StorageError: the destination is out of reach. It is not asked again: nothing is lost yet, and the
                address may be wrong.
        """
        self._clock = StorageClock.of(self._dest, f"{self.name}-{holder_name().replace('/', '-')}")
        looked = look(self.wishes, self._source, self._dest, self._clock.now())
        by_verdict = {
            verdict: [d for d in looked.decisions if d.verdict == verdict]
            for verdict in ("do", "done", "failed before")
        }
        self._watcher.decided(*(len(found) for found in by_verdict.values()))
        for decision in by_verdict["failed before"]:
            self._close(
                decision, Row.failed(decision.item.name, self._desk.failure(decision.key), before=True)
            )
        self._waiting.extend(_Wait(decision) for decision in by_verdict["do"])
        try:
            while self._waiting or self._running or self._elsewhere:
                self._fill()
                for over in self._crew.wait(1.0 if self._running else min(1.0, _ASK_EVERY)):
                    self._settle(over)
                self._ask_elsewhere()
        except BaseException:
            self._crew.stop()
            raise
        return BatchAccount(
            batch=self.name,
            source=self.wishes.source,
            dest=self.wishes.dest,
            began=self._began,
            ended=self._now(),
            slots=self._crew.slots,
            done_before=len(by_verdict["done"]),
            rows=tuple(self._rows[d.key] for d in looked.decisions if d.key in self._rows),
            decide_seconds=looked.seconds,
            decide_requests=looked.requests,
            requests=self._source.requests + self._dest.requests,
            spent=self._purse.spent,
            budget=self.wishes.limits.batch_budget,
            records=tuple(record for made in self._manifests for record in made.records),
            names={made.sha256: made.source.name for made in self._manifests},
        )

    def _fill(self) -> None:
        """Start what may start."""
        if self._deadline is not None and self._now() >= self._deadline:
            self._leave_undone()
        for wait in tuple(self._waiting):
            free = self._crew.slots - len(self._running)
            if free <= 0:
                return
            key = wait.decision.key
            try:
                allowance = self._purse.allow(key, slots=min(free, len(self._waiting)), needs=wait.needs)
            except LookupError:
                if not self._running:  # nothing can come back
                    self._waiting.remove(wait)
                    self._close(
                        wait.decision, Row.not_started(wait.decision.item.name, "budget", needs=wait.needs)
                    )
                continue
            self._waiting.remove(wait)
            self._running[key] = wait
            self._watcher.started(wait.decision.item.name, wait.tries)
            self._crew.begin(self._order(wait, allowance))

    def _order(self, wait: _Wait, allowance: float | None) -> Order:
        limits = self.wishes.limits
        return Order(
            source=self.wishes.source,
            dest=self.wishes.dest,
            item=wait.decision.item,
            options=self.wishes.options,
            terms=self.wishes.terms.model_copy(update={"budget": allowance}),
            batch=self.name,
            tries=wait.tries,
            lease_seconds=limits.lease_seconds,
            not_after=self._deadline,
        )

    def _leave_undone(self) -> None:
        """The deadline has come: nothing more is started, and nobody is waited for."""
        for wait in (*self._waiting, *self._elsewhere.values()):
            self._close(wait.decision, Row.not_started(wait.decision.item.name, "deadline"))
        self._waiting.clear()
        self._elsewhere.clear()

    def _settle(self, over: Ended) -> None:
        key = over.order.key
        wait = self._running.pop(key)
        if over.holder:
            patiently(lambda: free_of_dead(self._dest, over.holder))
        if done := self._desk.done(key):
            self._finished(wait, done)
            return
        failure = self._desk.failure(key)
        told = failure is not None and (failure.batch, failure.tries) == (self.name, wait.tries)
        if failure is not None and told and failure != wait.put_back:
            self._failed(wait, failure)
        elif over.fault:
            self._failed(wait, self._crashed(over, wait))
        else:  # somebody else has it in work
            self._purse.settle(key, 0.0)
            self._elsewhere[key] = wait

    def _crashed(self, over: Ended, wait: _Wait) -> Failure:
        last = wait.tries >= self.wishes.limits.tries
        failure = Failure(
            source=over.order.file,
            kind="crash",
            cause=over.fault,
            remedy="if it comes again, look at the worker's log and memory, or take the recording away",
            retryable=True,
            lasting=last,
            tries=wait.tries,
            exit_code=1,
            batch=self.name,
            holder=over.holder or "unknown",
        )
        self._desk.fail(over.order.key, failure)
        return failure

    def _finished(self, wait: _Wait, done: Done) -> None:
        key = wait.decision.key
        final = self._desk.outcome(done)
        if done.kind == "replaced":
            self._desk.forget(key)  # should the old form come back, it is one that was never done
        manifest = self._desk.manifest(final.content) if final.content else None
        here = final.batch == self.name
        made_here = here and final.kind == "result" and manifest is not None
        cost = 0.0
        if manifest is not None and made_here:
            self._manifests.append(manifest)
            cost = None if manifest.cost is None else manifest.cost + manifest.at_risk  # type: ignore[assignment]
        self._purse.settle(key, cost)
        row = Row.done(
            wait.decision.item.name, final, manifest, here=here, replaced=done is not final, tries=wait.tries
        )
        self._close(wait.decision, row)

    def _failed(self, wait: _Wait, failure: Failure) -> None:
        key = wait.decision.key
        self._purse.settle(key, failure.spent if failure.kind != "crash" else None)
        if failure.needs is not None and failure.needs != wait.needs:
            self._waiting.append(wait._replace(put_back=failure))
        elif failure.needs is not None:
            self._close(
                wait.decision, Row.not_started(wait.decision.item.name, "budget", needs=failure.needs)
            )
        elif failure.retryable and wait.tries < self.wishes.limits.tries:
            again = wait._replace(tries=wait.tries + 1)
            if failure.kind == "crash":  # its lease has to run out first
                self._elsewhere[key] = again
            else:
                self._waiting.append(again)
        else:
            self._close(wait.decision, Row.failed(wait.decision.item.name, failure))

    def _ask_elsewhere(self) -> None:
        """See whether what others have in work is done, or free to be taken."""
        if not self._elsewhere or time.monotonic() - self._asked < _ASK_EVERY:
            return
        self._asked = time.monotonic()
        for key, wait in tuple(self._elsewhere.items()):
            done = self._desk.done(key)
            failure = None if done else self._desk.failure(key)
            if done:
                del self._elsewhere[key]
                self._finished(wait, done)
            elif (
                failure is not None
                and failure.batch != self.name
                and failure.at > self._began
                and not failure.retryable
            ):
                del self._elsewhere[key]
                self._close(wait.decision, Row.failed(wait.decision.item.name, failure, elsewhere=True))
            elif self._is_free(key):
                del self._elsewhere[key]
                self._waiting.append(wait)

    def _is_free(self, key: str) -> bool:
        name = shelf("leases", key)
        found = patiently(lambda: read_lease(self._dest, name))
        return found is None or patiently(lambda: ended(self._dest, name, *found, self._clock)) is not None

    def _close(self, decision: Decision, row: Row) -> None:
        self._rows[decision.key] = row
        if row.state != "failed before":
            self._watcher.ended(row, len(self._waiting) + len(self._running) + len(self._elsewhere))
