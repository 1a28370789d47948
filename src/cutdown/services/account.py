"""One phase's account with its providers: what it may spend, what it spent, what went wrong."""

from __future__ import annotations

import contextlib
import uuid
from types import TracebackType
from typing import Any, Final, Self, TypeVar, cast

import anyio
from pydantic import ValidationError

from cutdown.current_run import current_run
from cutdown.errors import BudgetError, ProviderError, UsageError
from cutdown.services.clock import current_clock
from cutdown.services.door import Door, Request
from cutdown.services.gates import current_gate
from cutdown.services.ledger import Entry, Ledger
from cutdown.services.loop import wait_for
from cutdown.services.prices import Cost, PriceBook
from cutdown.services.terms import Downgrade, Terms
from cutdown.services.used import Used
from cutdown.store import Store, hash_key
from cutdown.timebase import Frozen

Result = TypeVar("Result")

_CENT_FRACTION: Final = 1e-9  # of a dollar; sums of floats differ by less


class Spending(Frozen):
    """What a phase's requests came to."""

    usd: float | None = 0.0
    """US dollars by the providers' own counts; None where a model has no price."""
    at_risk_usd: float = 0.0
    """US dollars that may have been charged for answers that were lost."""
    calls: int = 0
    """Answers that came."""
    tries: int = 0
    """Requests that went out."""
    rate_limited: int = 0
    """Of these, refused because there were too many."""
    waited_seconds: float = 0.0
    """Pauses before trying again, of all requests together."""
    waiting_seconds: float = 0.0
    """Between request and answer, of all requests together."""
    used: Used = Used()
    downgrades: tuple[Downgrade, ...] = ()


class Reservation(Frozen):
    """Money set aside for one request."""

    id: str
    provider: str
    model: str
    cost: Cost
    free: bool


class Account:
    """Opens doors to providers and keeps the books of what goes through them.

    Use it as a context manager: connections are closed at its end. `reserve` and what follows it
    run in the loop's thread, one at a time.

    Args:
        terms: what the user allows.
        video_id: the recording that money is spent on.
        phase: who spends it.
        store: where answers that were paid for are kept.
        ledger: that of this machine where not given.
    """

    def __init__(
        self, terms: Terms, *, video_id: str, phase: str, store: Store, ledger: Ledger | None = None
    ) -> None:
        self.terms = terms
        self.video_id = video_id
        self.run_id = current_run().id
        self.phase = phase
        self.prices = PriceBook.read(terms.prices)
        self.clock = current_clock()
        self.gate = current_gate()
        self._store = store
        self._ledger = ledger or Ledger()
        self._before = self._ledger.unfinished(video_id).total
        self._pending: dict[str, float] = {}
        self._doors: dict[str, Door] = {}
        self._agreed: dict[str, dict[str, Any]] = {}
        self._settled = anyio.Event()
        self._spending = Spending()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with contextlib.ExitStack() as closing:
            for door in self._doors.values():
                closing.callback(wait_for, door.close)
        self._doors.clear()

    @property
    def spending(self) -> Spending:
        """What it came to so far."""
        return self._spending

    def door(self, provider: str) -> Door:
        """The way to a provider; one for the whole account.

        Raises:
            MissingKeyError: there is no key for it.
        """
        if provider not in self._doors:
            door = self._doors[provider] = Door.open(provider, self)
            self._agreed[provider] = door.prices
            self.prices = PriceBook.read(self.terms.prices, self._agreed)
        return self._doors[provider]

    def downgrade(self, wanted: str, used: str, why: str) -> None:
        """Another provider goes on instead of the one that was asked for."""
        made = Downgrade(wanted=wanted, used=used, why=why)
        self._count(downgrades=(*self._spending.downgrades, made))

    def recall(self, provider: str, request: Request[Any, Result]) -> Result | None:
        """What a request was answered before, where that was kept."""
        ref = self._store.find(_key(provider, request))
        if ref is None or request.form is None:
            return None
        try:
            return cast("Result", request.form.model_validate_json(self._store.read_text(ref)))
        except (OSError, ValidationError):
            return None

    def remember(self, provider: str, request: Request[Any, Any], answer: Any) -> None:
        """Keep what a request was answered."""
        self._store.share(_key(provider, request), self._store.put_text(answer.model_dump_json()))

    async def reserve(self, provider: str, model: str, most: Used, *, free: bool = False) -> Reservation:
        """Set money aside for a request, before it leaves.

        Args:
            provider: who is asked.
            model: whose price counts.
            most: the most that the request may use.
            free: whether the user's own machine answers.

        Raises:
            BudgetError: the request would break the budget, and nothing that still runs can change that.
            UsageError: there is a budget, and the model has no price.
        """
        cost = Cost.nothing(model) if free else self.prices.cost(provider, model, most)
        name = f"{provider}/{model}"
        while (budget := self.terms.budget) is not None:
            if cost.usd is None:
                raise UsageError(
                    f"a budget cannot be kept: {name} has no price; give one with --prices, or leave out --budget"
                )
            spent = self._before + (self._spending.usd or 0.0) + self._spending.at_risk_usd
            if not cost.usd or spent + sum(self._pending.values()) + cost.usd <= budget + _CENT_FRACTION:
                break
            if not self._pending:
                raise BudgetError(
                    f"the next call to {name} may cost ${cost.usd:.4f} and would go over the budget of ${budget:.2f}: "
                    f"${spent:.4f} is spent on this recording; nothing is lost, start the same command again with a "
                    "higher --budget to go on from here"
                )
            await self._settled.wait()  # a request that runs now may turn out cheaper than feared
        reservation = Reservation(id=uuid.uuid4().hex, provider=provider, model=model, cost=cost, free=free)
        self._ledger.append(self._entry("reserve", reservation, cost.usd))
        self._pending[reservation.id] = cost.usd or 0.0
        self._count(tries=1)
        return reservation

    def settle(self, reservation: Reservation, used: Used) -> None:
        """An answer came: book what it cost."""
        cost = reservation.cost
        if not reservation.free:
            counted = self.prices.cost(reservation.provider, reservation.model, used)
            cost = (
                cost if counted.usd is None else counted
            )  # not told what it used: the most that it may have
        self._close(reservation)  # first: whoever waits for its money must not wait for ever
        self._ledger.append(self._entry("settle", reservation, cost.usd, used))
        before = self._spending.usd
        usd = None if before is None or cost.usd is None else before + cost.usd
        self._spending = self._spending.model_copy(update={"usd": usd})
        self._count(calls=1, used=used)

    def drop(self, reservation: Reservation, error: ProviderError | None) -> None:
        """No answer came: book what may have been charged, which is nothing where the provider refused."""
        lost = error is None or error.charged
        self._close(reservation)
        self._ledger.append(self._entry("lose" if lost else "release", reservation, reservation.cost.usd))
        if lost:
            self._count(at_risk_usd=reservation.cost.usd or 0.0)
        if error is not None and error.fault == "rate limit":
            self._count(rate_limited=1)

    def took(self, *, waiting: float = 0.0, waited: float = 0.0) -> None:
        """Seconds between a request and its answer, and seconds of pause before another try."""
        self._count(waiting_seconds=waiting, waited_seconds=waited)

    def _close(self, reservation: Reservation) -> None:
        del self._pending[reservation.id]
        settled, self._settled = self._settled, anyio.Event()
        settled.set()

    def _entry(self, event: str, of: Reservation, usd: float | None, used: Used | None = None) -> Entry:
        return Entry.model_validate(
            {
                "event": event,
                "id": of.id,
                "video_id": self.video_id,
                "run_id": self.run_id,
                "phase": self.phase,
                "provider": of.provider,
                "model": of.model,
                "usd": usd,
                "used": used,
            }
        )

    def _count(self, **more: object) -> None:
        sums = {
            name: value if isinstance(value, tuple) else getattr(self._spending, name) + value
            for name, value in more.items()
        }
        self._spending = self._spending.model_copy(update=sums)


def _key(provider: str, request: Request[Any, Any]) -> str:
    return hash_key("answer", provider, request.model, request.known_by)
