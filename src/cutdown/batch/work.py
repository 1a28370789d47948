"""One recording from its place to its result in the destination: fetched, made short, published once."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from cutdown.batch.desk import Desk
from cutdown.batch.lease import Lease, LostLeaseError, StorageClock, kept, take
from cutdown.batch.names import content_key, result_folder, shelf, way_back
from cutdown.batch.order import Busy, Order, holder_name
from cutdown.batch.patience import patiently
from cutdown.batch.records import (
    Done,
    Failure,
    LeaseTurn,
    Manifest,
    PublishedFile,
    kind_of,
    lies_in_recording,
    may_pass,
    parted,
)
from cutdown.batch.scratch import scratch, scratch_folder
from cutdown.batch.wishes import options_key
from cutdown.errors import BudgetError, CutdownError, MediaError
from cutdown.job import Job, Outcome
from cutdown.metrics import read_records
from cutdown.metrics.gathering import METRICS_FILE
from cutdown.progress import phase
from cutdown.services.ledger import Ledger
from cutdown.shared_store import local_store
from cutdown.storage.place import Place, SourceChangedError
from cutdown.store import hash_file

Make = Callable[[Job], Outcome]
"""Makes one recording short, into the job's folder."""

_LOOKS: Final = 5  # times a recording may be replaced while it is fetched before it is left for later
_ASK_EVERY: Final = 2.0  # seconds, while another worker makes the same content


class Bench:
    """Where recordings are processed: a source, a destination, and who makes them short.

    Args:
        source: where recordings come from.
        dest: where results go.
        make: makes one short.
        holder: who works; unique for each process.
        clock: the destination's time; asked from it where not given.
    """

    def __init__(
        self,
        source: Place,
        dest: Place,
        make: Make,
        *,
        holder: str | None = None,
        clock: StorageClock | None = None,
    ) -> None:
        self.source = source
        self.desk = Desk(dest)
        self.make = make
        self.holder = holder or holder_name()
        self._clock = clock
        self._spent_on = ("", 0.0)

    @property
    def clock(self) -> StorageClock:
        """The destination's time."""
        if self._clock is None:
            self._clock = StorageClock.of(self.desk.dest, self.holder.replace("/", "-"))
        return self._clock

    def process(self, order: Order) -> Done | Failure | Busy:
        """Do a recording, once among all who try.

        Returns:
            How it is known as done; why it failed, which is also written down; or that it was not started,
            because another one has it in work or it is too late.
        """
        wanted = order
        for _look in range(_LOOKS):
            try:
                result = self._once(wanted)
            except SourceChangedError:
                changed = patiently(lambda name=order.item.name: self.source.look(name))  # type: ignore[misc]
                if changed is None:
                    gone = MediaError(
                        f"'{order.item.name}' was removed while it was fetched; nothing to do unless it comes again"
                    )
                    return self._failed(order, gone)
                wanted = order.model_copy(update={"item": changed})
            else:
                if wanted.key != order.key:
                    self._tell_of_new_form(order, wanted, result)
                return result
        return self._failed(
            order,
            SourceChangedError(
                f"'{order.item.name}' was replaced again and again while it was fetched; wait until its upload is over"
            ),
        )

    def _tell_of_new_form(self, order: Order, became: Order, result: Done | Failure | Busy) -> None:
        """The recording was replaced, and what it is now was done: whoever asked for the old form learns of it."""
        if isinstance(result, Done):
            self.desk.note(
                order.key,
                Done(
                    kind="replaced",
                    source=order.file,
                    became=became.key,
                    batch=order.batch,
                    holder=self.holder,
                ),
            )
        elif isinstance(result, Failure):
            self.desk.fail(order.key, result)

    def _once(self, order: Order) -> Done | Failure | Busy:
        if known := self.desk.done(order.key):
            return known
        too_late = order.not_after is not None and datetime.now(UTC) >= order.not_after
        lease = None if too_late else self._take(order, order.key)
        if lease is None:
            return Busy(key=order.key)
        with kept(lease), scratch_folder() as folder:
            if known := self.desk.done(order.key):  # by the one who had the lease until now
                lease.release(finished=True)
                return known
            try:
                done = self._make_and_publish(order, lease, folder)
            except SourceChangedError:
                raise
            except LostLeaseError:  # whoever has it now goes on, and says what came of it
                return self.desk.done(order.key) or Busy(key=order.key)
            except Exception as error:  # noqa: BLE001  # one recording never stops the others
                return self._failed(order, error)
            lease.release(finished=True)
            return done

    def _take(self, order: Order, key: str) -> Lease | None:
        return patiently(
            lambda: take(
                self.desk.dest,
                key,
                self.holder,
                lifetime=order.lease_seconds,
                clock=self.clock,
                source=order.item.name,
            )
        )

    def _make_and_publish(self, order: Order, lease: Lease, folder: Path) -> Done:
        local = folder / "in" / Path(order.item.name).name
        local.parent.mkdir()
        with phase("fetch") as tell:
            sha256 = patiently(
                lambda: self.source.fetch(order.item, local, _shares(tell, order.item.size)),
                go_on=lease.require_held,
            )
        self._spent_on = (sha256, _spent_in_vain(sha256))
        content = content_key(sha256, options_key(order.options))
        with self._turn_at(order, content) as turn:
            if isinstance(turn, Manifest):
                return self._link(order, turn)
            manifest = self._make(order, (lease, turn), local, folder / "out", content, sha256)
            if not self.desk.commit(manifest):
                self._discard(manifest.files)
                there = self.desk.manifest(content)
                if there is None:
                    raise LostLeaseError(f"'{order.item.name}': another result was committed, and is gone")
                return self._link(order, there)
            turn.release(finished=True)
            if manifest.turn > 1:
                self._sweep_earlier_turns(manifest)
            done = self._record(order, "result", manifest)
            self.desk.finish(order.key, done, manifest)
            return done

    @contextlib.contextmanager
    def _turn_at(self, order: Order, content: str) -> Iterator[Lease | Manifest]:
        """The lease on a content, or its result where that is there; waits while another one makes it."""
        while True:
            if there := self.desk.manifest(content):
                yield there
                return
            lease = self._take(order, content)
            if lease is not None:
                break
            time.sleep(_ASK_EVERY)
        with kept(lease):
            if there := self.desk.manifest(content):
                lease.release(finished=True)
                yield there
            else:
                yield lease

    def _make(
        self,
        order: Order,
        leases: tuple[Lease, Lease],
        local: Path,
        out: Path,
        content: str,
        sha256: str,
    ) -> Manifest:
        """Make it short and put every file in its place; the manifest is not written yet."""
        began = datetime.now(UTC)
        turn = leases[1].state
        folder = result_folder(order.item.name, content, turn.turn)
        back = way_back(order.source, order.item.name, order.dest, folder)
        job = Job(source=local, out=out, seen_from_report=back, options=order.options, terms=order.terms)
        _see_that_it_fits(job)
        outcome = self.make(job)
        outcome.require_passed()
        files = self._publish_all(out, outcome.files, folder, leases)
        return Manifest(
            content=content,
            source=order.file,
            sha256=sha256,
            options=options_key(order.options),
            folder=folder,
            video=outcome.video,
            files=files,
            source_seconds=float(outcome.source_seconds),
            output_seconds=float(outcome.output_seconds),
            cost=outcome.cost(),
            at_risk=sum(phase.at_risk for phase in outcome.phases),
            records=tuple(record.model_dump(mode="json") for record in read_records(out / METRICS_FILE)),
            flags=outcome.flags,
            downgrades=outcome.downgrades,
            holder=self.holder,
            turn=turn.turn,
            before=_each_once(turn.before + leases[0].state.before),
            began=began,
        )

    def _publish_all(
        self, out: Path, names: tuple[str, ...], folder: str, leases: tuple[Lease, Lease]
    ) -> tuple[PublishedFile, ...]:
        """Put every file in its place while the leases are held; none stays where that fails."""
        files: list[PublishedFile] = []
        try:
            _confirm(leases)
            with phase("publish") as tell:
                for number, name in enumerate(names, 1):
                    files.append(self._publish(out / name, f"{folder}/{name}", leases))
                    tell(number / len(names))
            _confirm(leases)
        except BaseException:
            self._discard(files)
            raise
        return tuple(files)

    def _publish(self, path: Path, name: str, leases: tuple[Lease, ...]) -> PublishedFile:
        def go_on() -> None:
            for lease in leases:
                lease.require_held()

        go_on()
        sha256 = hash_file(path)
        item = patiently(lambda: self.desk.dest.publish(path, name, sha256=sha256), go_on=go_on)
        return PublishedFile(name=name, size=item.size, sha256=sha256)

    def _discard(self, files: Iterable[PublishedFile]) -> None:
        """Remove what was published for nothing: the folder is this turn's own."""
        for file in files:
            with contextlib.suppress(OSError, CutdownError):
                self.desk.dest.delete(file.name)

    def _sweep_earlier_turns(self, manifest: Manifest) -> None:
        """Remove what holders that did not finish left of this content."""
        first = result_folder(manifest.source.name, manifest.content, 1)
        with contextlib.suppress(OSError, CutdownError):
            for item in self.desk.dest.list(first):
                if not item.name.startswith(f"{manifest.folder}/"):
                    self.desk.dest.delete(item.name)

    def _link(self, order: Order, manifest: Manifest) -> Done:
        """The same bytes have their result already: say so, under this name too."""
        same = manifest.source.name == order.item.name and manifest.source.place == order.source
        done = self._record(order, "result" if same else "duplicate", manifest)
        self.desk.finish(order.key, done, manifest)
        return done

    def _record(self, order: Order, kind: str, manifest: Manifest) -> Done:
        return Done.model_validate(
            {
                "kind": kind,
                "source": order.file,
                "content": manifest.content,
                "first": "" if kind == "result" else manifest.source.name,
                "manifest": shelf("content", manifest.content),
                "batch": order.batch,
                "holder": self.holder,
            }
        )

    def _failed(self, order: Order, error: Exception) -> Failure:
        cause, remedy = parted(error)
        sha256, before = self._spent_on
        lasting = lies_in_recording(error)
        failure = Failure(
            source=order.file,
            kind=kind_of(error),
            cause=cause.replace(str(scratch()), "").strip(),
            remedy=remedy,
            retryable=may_pass(error),
            lasting=lasting,
            tries=order.tries,
            exit_code=error.exit_code if isinstance(error, CutdownError) else 1,
            spent=max(0.0, _spent_in_vain(sha256) - before),
            needs=error.needs if isinstance(error, TooDearError) else None,
            batch=order.batch,
            holder=self.holder,
        )
        self.desk.fail(order.key, failure)
        return failure


def _each_once(turns: tuple[LeaseTurn, ...]) -> tuple[LeaseTurn, ...]:
    """Holders that did not finish: one that died held both leases."""
    return tuple({turn.holder: turn for turn in turns}.values())


def _confirm(leases: tuple[Lease, Lease]) -> None:
    for lease in leases:
        lease.confirm()


class TooDearError(BudgetError):
    """The forecast does not fit what is left of the budget; nothing was asked of any service.

    Args:
        needs: US dollars that it would have needed.
        allowed: US dollars that it had.
    """

    def __init__(self, needs: float, allowed: float) -> None:
        super().__init__(
            f"it may cost ${needs:.2f} and ${allowed:.2f} of the budget is left for it; start the batch again with a higher budget"
        )
        self.needs = needs


def _see_that_it_fits(job: Job) -> None:
    """See that the forecast fits the allowance, before anything is asked of a service.

    Raises:
        TooDearError: it does not.
    """
    if job.terms.budget is None:
        return
    from cutdown.estimate import estimate

    needs = estimate(job, local_store()).range_usd[1]
    if needs and needs > job.terms.budget:
        raise TooDearError(needs, job.terms.budget)


def _spent_in_vain(sha256: str) -> float:
    """US dollars that went into a recording since it last had a result, by this machine's ledger."""
    return Ledger().unfinished(sha256).total if sha256 else 0.0


def _shares(tell: Callable[[float], None], size: int) -> Callable[[int], None]:
    moved = 0

    def more(count: int) -> None:
        nonlocal moved
        moved += count
        tell(min(1.0, moved / size) if size else 1.0)

    return more
