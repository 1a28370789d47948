"""Who works on what: a small conditional file that is kept alive while the work goes on.

One of many who try gets it (`Place.create` and `Place.replace` are conditional). Its age is told by
the storage's clock alone: the one who waits compares when the storage last saw it written with what
the storage says the time is now, so that no two machines' clocks have to agree. The holder
counts by its own steady clock and knows that it has lost the lease no later than others may take it.

A holder that was suspended and wakes up too late cannot do harm either: every turn at a lease has a
number, and what a turn publishes lies in a folder of its own (`cutdown.batch.names.result_folder`).
"""

from __future__ import annotations

import contextlib
import logging
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Final, Literal

from pydantic import AwareDatetime, ValidationError

from cutdown.batch.names import shelf
from cutdown.batch.records import LeaseTurn
from cutdown.errors import CutdownError
from cutdown.storage.place import Place
from cutdown.timebase import Frozen

_BEATS: Final = 4  # renewals in a lease's life: three may fail before it is lost
_GRACE: Final = 2.0  # seconds; storages tell the time of a write to the second
_log = logging.getLogger(__name__)


class LostLeaseError(CutdownError):
    """Another worker may have taken over; what was made here is not published."""

    retryable = True


class LeaseState(Frozen):
    """What a lease's file says."""

    holder: str
    token: str
    """Of this one attempt to get it, so that a write whose answer was lost is known again."""
    turn: int
    """Counted up each time somebody gets it."""
    since: AwareDatetime
    beat: int = 0
    released: bool = False
    """Given back without a result; the next one may take it at once."""
    lifetime: float
    """Seconds without a beat after which it may be taken over."""
    source: str = ""
    before: tuple[LeaseTurn, ...] = ()


class StorageClock:
    """The storage's own time, from this machine's clock and their measured difference.

    Args:
        offset: how far the storage is ahead.
    """

    def __init__(self, offset: timedelta = timedelta(0)) -> None:
        self.offset = offset

    @classmethod
    def of(cls, place: Place, holder: str) -> StorageClock:
        """Ask a place what the time is, by writing a file and seeing when it says that was.

        A storage that tells whole seconds has rounded down, so the time may be up to a second late; a
        lease then lives a little longer.
        """
        name = shelf("leases", f"clock-{holder}").replace("/leases/", "/clocks/")
        if place.create(name, b"{}") is None:
            place.delete(name)
            place.create(name, b"{}")
        seen = place.look(name)
        now = datetime.now(UTC)
        place.delete(name)
        return cls(timedelta(0) if seen is None else seen.modified - now)

    def now(self) -> datetime:
        """The storage's time, in UTC."""
        return datetime.now(UTC) + self.offset


class Lease:
    """A lease that is held, kept alive by a thread until it is given back."""

    def __init__(
        self,
        place: Place,
        name: str,
        state: LeaseState,
        tag: str,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.state = state
        self.name = name
        self._place = place
        self._tag = tag
        self._clock = clock
        self._alive_until = clock() + state.lifetime
        self._lost = threading.Event()
        self._over = threading.Event()
        self._turn = threading.Lock()
        self._thread = threading.Thread(target=self._keep, name=f"lease {name}", daemon=True)

    @property
    def held(self) -> bool:
        """Whether nobody else can have it."""
        return not self._lost.is_set() and self._clock() < self._alive_until

    def confirm(self) -> None:
        """See that it is still ours by renewing it: before something is said that cannot be taken back.

        Raises:
            LostLeaseError: it is not, or may not be.
        """
        self.renew()
        self.require_held()

    def require_held(self) -> None:
        """See that it is still ours, as far as this machine knows.

        Raises:
            LostLeaseError: it is not, or may not be.
        """
        if not self.held:
            raise LostLeaseError(
                f"the lease on '{self.state.source}' was lost: this machine did not reach the storage for "
                f"{self.state.lifetime:.0f} s; whoever has it now goes on"
            )

    def renew(self) -> None:
        """Say that we are alive; a storage that cannot be reached is asked again at the next beat."""
        with self._turn:
            if self._lost.is_set() or self._over.is_set():
                return
            began = self._clock()
            state = self.state.model_copy(update={"beat": self.state.beat + 1})
            try:
                tag = self._place.replace(self.name, _bytes(state), self._tag)
                if tag is None:
                    tag = self._own_write_of_before(state)
            except (OSError, CutdownError) as error:
                _log.warning("a lease could not be renewed, trying again: %s", type(error).__name__)
                return
            if tag is None:
                self._lost.set()
                return
            self.state, self._tag = state, tag
            self._alive_until = began + self.state.lifetime

    def _own_write_of_before(self, wanted: LeaseState) -> str | None:
        """The tag, where a write of ours arrived although its answer was lost."""
        found = read_lease(self._place, self.name)
        if found is None:
            return None
        state, tag = found
        mine = state.token == wanted.token and not state.released
        return self._place.replace(self.name, _bytes(wanted), tag) if mine else None

    def release(self, *, finished: bool) -> None:
        """Give it back: gone after a result; without one it stays, so that the next turn is a new one."""
        with self._turn:
            given_back = self._over.is_set()
            self._over.set()
            if given_back or self._lost.is_set():
                return
            with contextlib.suppress(OSError, CutdownError):  # it will expire
                if finished:
                    self._place.delete(self.name, self._tag)
                else:
                    state = self.state.model_copy(update={"released": True})
                    self._place.replace(self.name, _bytes(state), self._tag)

    def start(self) -> None:
        """Begin to keep it alive."""
        self._thread.start()

    def _keep(self) -> None:
        while not self._over.wait(self.state.lifetime / _BEATS):
            self.renew()
            if self._lost.is_set():
                return


def take(
    place: Place, key: str, holder: str, *, lifetime: float, clock: StorageClock, source: str = ""
) -> Lease | None:
    """Get a lease that is free, given back, or whose holder died; None where somebody has it.

    Args:
        place: where leases lie.
        key: of what.
        holder: who asks; unique for each process.
        lifetime: seconds without a beat after which others may take it.
        clock: the storage's time.
        source: what it is about, for people.
    """
    name = shelf("leases", key)
    token = uuid.uuid4().hex
    state = LeaseState(
        holder=holder, token=token, turn=1, since=clock.now(), lifetime=lifetime, source=source
    )
    tag = place.create(name, _bytes(state))
    if tag is None:
        found = read_lease(place, name)
        if found is None:
            return None  # given back in this moment, or unreadable: another time
        before, seen = found
        if before.token == token:  # the write arrived although its answer was lost
            state, tag = before, seen
        else:
            why = ended(place, name, before, seen, clock)
            if why is None:
                return None
            past = LeaseTurn(holder=before.holder, ended=clock.now(), why=why)
            state = state.model_copy(update={"turn": before.turn + 1, "before": (*before.before, past)})
            tag = place.replace(name, _bytes(state), seen)
        if tag is None:
            return None  # somebody was quicker, or its holder is alive after all
    lease = Lease(place, name, state, tag)
    lease.start()
    return lease


def ended(
    place: Place, name: str, state: LeaseState, tag: str, clock: StorageClock
) -> Literal["released", "expired"] | None:
    """Why a lease may be taken: ``released``, ``expired``, or None while its holder lives."""
    if state.released:
        return "released"
    item = place.look(name)
    if item is None or item.tag != tag:
        return None
    age = (clock.now() - item.modified).total_seconds()
    return "expired" if age > state.lifetime + _GRACE else None


def read_lease(place: Place, name: str) -> tuple[LeaseState, str] | None:
    """A lease's state and tag; None where there is none. One that cannot be read counts as expired."""
    found = place.read(name)
    if found is None:
        return None
    data, tag = found
    try:
        return LeaseState.model_validate_json(data), tag
    except ValidationError:
        nobody = LeaseState(
            holder="unknown", token="", turn=1, since=datetime.now(UTC), lifetime=0, released=True
        )
        return nobody, tag


@contextlib.contextmanager
def kept(lease: Lease) -> Iterator[Lease]:
    """Hold a lease for a block: given back as unfinished when the block fails or leaves it so."""
    try:
        yield lease
    finally:
        lease.release(finished=False)


def _bytes(state: LeaseState) -> bytes:
    return state.model_dump_json().encode()


def free_of_dead(place: Place, holder: str) -> None:
    """Give back what a process held that is known to be dead, so that nobody has to wait for it.

    Args:
        place: where leases lie.
        holder: the process; only who saw it end may say so.
    """
    for item in place.list(shelf("leases")):
        found = read_lease(place, item.name)
        if found is not None and found[0].holder == holder and not found[0].released:
            place.replace(item.name, _bytes(found[0].model_copy(update={"released": True})), found[1])
