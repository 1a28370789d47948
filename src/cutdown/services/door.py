"""The one way out to a provider: limit, budget, deadline, faults and tries again, in one place.

The SDKs' own retries are off; Prefect does not try again what was tried here to the end.
"""

from __future__ import annotations

import importlib
import random
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Final, Generic, Protocol, TypeVar

import anyio
from pydantic import BaseModel

from cutdown.errors import ProviderError, UsageError
from cutdown.services import faults
from cutdown.services.clock import Clock
from cutdown.services.connections import Connection, connection_to, is_own_machine, provider_named
from cutdown.services.limits import AdaptiveLimit
from cutdown.services.loop import wait_for
from cutdown.services.telling import request_told
from cutdown.services.used import Used

if TYPE_CHECKING:
    from cutdown.services.account import Account

Answer = TypeVar("Answer")
Result = TypeVar("Result")

RUN_HEADER: Final = "X-Request-ID"
TRIES: Final = 5  # of a request that fails in another way than by a rate limit
CHARGED_TRIES: Final = 4  # of a request whose answer may be charged although it is of no use
PATIENCE: Final = 300.0  # seconds that one request pauses in all before it is given up
LONGEST_WAIT: Final = 120.0  # seconds; a provider that asks for more is not waited for
_FIRST_PAUSE: Final = 1.0  # seconds; doubled each time
_LONGEST_PAUSE: Final = 30.0

_ADAPTERS: Final[Mapping[str, str]] = {  # a new provider: one file beside this one, one line here
    "openai": "cutdown.services.openai_adapter:OpenAIAdapter",
    "compatible": "cutdown.services.openai_adapter:CompatibleAdapter",
    "anthropic": "cutdown.services.anthropic_adapter:AnthropicAdapter",
    "elevenlabs": "cutdown.services.elevenlabs_adapter:ElevenLabsAdapter",
}


class Adapter(Protocol):
    """A provider's SDK, and how its faults are told apart."""

    def open(self, connection: Connection, *, read_timeout: float, headers: Mapping[str, str]) -> Any:
        """The SDK's asynchronous client, with its own retries off; every request carries the headers."""
        ...

    async def close(self, client: Any) -> None:
        """Close its connections."""
        ...

    def fault_of(self, error: Exception) -> ProviderError:
        """What an exception of a request means, told without a key or any text that was sent."""
        ...


@dataclass(frozen=True)
class Request(Generic[Answer, Result]):
    """One request: how it is sent, what it may use, what it used, what its answer says.

    ``read`` may raise a ProviderError for an answer that came whole and is of no use; what it
    used is booked all the same, because it is charged.
    """

    model: str
    most: Used
    send: Callable[[Any], Awaitable[Answer]]
    used: Callable[[Answer], Used]
    read: Callable[[Answer], Result]
    deadline: float
    """Seconds from sending to the end of the answer."""
    free: bool = False
    """Whether nothing is ever charged for it, such as a look into a list."""
    form: type[BaseModel] | None = None
    """What ``read`` returns, where the answer is kept."""
    known_by: str = ""
    """Everything that changes the answer, as a hash; empty where it is not kept."""
    worth_keeping: Callable[[Result], bool] = lambda _result: True
    """Whether a result is kept, where any is: one that leads nowhere would be met again for ever."""


class Door:
    """The way to one provider under one account."""

    _limits: ClassVar[dict[tuple[str, Clock], AdaptiveLimit]] = {}  # of the process: all phases share a key

    def __init__(self, provider: str, connection: Connection, account: Account) -> None:
        module, _, name = _ADAPTERS[provider].partition(":")
        self._adapter: Adapter = getattr(importlib.import_module(module), name)()
        self._title = provider_named(provider).title
        self._connection = connection
        self._account = account
        self._client: Any = None
        self._pauses = random.Random()  # noqa: S311  # spreads tries over time; no secret hangs on it
        self._free = provider == "compatible" and is_own_machine(connection.base_url)
        self.provider = provider
        self.width = connection.at_once
        self.prices = connection.prices

    @staticmethod
    def open(provider: str, account: Account) -> Door:
        """A door to a provider.

        Raises:
            MissingKeyError: there is no key for it.
        """
        return Door(provider, connection_to(provider), account)

    async def close(self) -> None:
        """Close the connections."""
        if self._client is not None:
            await self._adapter.close(self._client)

    def ask(self, request: Request[Answer, Result]) -> Result:
        """What the answer to a request says; an answer that was ever paid for, and kept, is not asked for again.

        Sends it as often as that can help, and waits here. May be called from several threads at once.

        Raises:
            ProviderError: the provider did not deliver; never retryable, it was tried to the end.
            BudgetError: the request would break the budget.
            UsageError: a proxy or certificate that was named is of no use, or a budget meets a model without a price.
        """
        if request.known_by and (known := self._account.recall(self.provider, request)) is not None:
            return known
        result = wait_for(lambda: self._ask(request))
        if request.known_by and request.worth_keeping(result):
            self._account.remember(self.provider, request, result)
        return result

    async def _ask(self, request: Request[Answer, Result]) -> Result:
        self._open_client(self._deadline_of(request))
        tries, charged, paused = 0, 0, 0.0
        while True:
            try:
                return await self._once(request)
            except ProviderError as error:
                tries += error.fault != "rate limit"
                charged += error.charged
                pause = max(error.retry_after or 0.0, self._pause(paused))
                asked_too_much = (error.retry_after or 0.0) > LONGEST_WAIT
                spent = tries >= TRIES or charged >= CHARGED_TRIES or paused + pause > PATIENCE
                if not error.retryable or asked_too_much or spent:
                    raise self._given_up(error, asked_too_much=asked_too_much) from None
            paused += pause
            self._account.took(waited=pause)
            await self._account.clock.sleep(pause)

    async def _once(self, request: Request[Answer, Result]) -> Result:
        account, clock = self._account, self._account.clock
        limit = self._limits.setdefault((self.provider, clock), AdaptiveLimit(self.width))
        async with limit.slot(clock) as era, account.gate(self.provider):
            reservation = await account.reserve(
                self.provider, request.model, request.most, free=self._free or request.free
            )
            begun = clock.now()
            try:
                with request_told(self.provider, request.model, account.phase, reservation.id) as answered:
                    answer, used = await self._send(request)
                    answered(used)
            except ProviderError as error:
                account.drop(reservation, error)
                if error.fault == "rate limit":
                    limit.limited(era, clock, min(error.retry_after or 0.0, LONGEST_WAIT))
                raise
            except BaseException:
                account.drop(reservation, None)
                raise
            finally:
                account.took(waiting=clock.now() - begun)
            account.settle(reservation, used)
            limit.went_well()
        return self._read(request, answer)

    def _deadline_of(self, request: Request[Answer, Result]) -> float:
        return self._connection.deadline or request.deadline

    def _open_client(self, deadline: float) -> None:
        """Have the SDK's client at hand, before money is set aside.

        Raises:
            UsageError: what the surroundings say of proxies and certificates cannot be followed.
        """
        if self._client is not None:
            return
        try:
            self._client = self._adapter.open(
                self._connection, read_timeout=deadline, headers=_headers(self._account.run_id)
            )
        except Exception as error:  # noqa: BLE001  # whatever it is; its text may hold a proxy's password
            raise UsageError(
                f"no connection to {self._title} can be set up ({type(error).__name__}); check its base URL, and what "
                "HTTP_PROXY, HTTPS_PROXY, ALL_PROXY (socks5:// needs the package 'socksio') and SSL_CERT_FILE say"
            ) from None

    async def _send(self, request: Request[Answer, Result]) -> tuple[Answer, Used]:
        """One answer within the deadline, and what it says it used; every fault as a ProviderError."""
        deadline = self._deadline_of(request)
        try:
            with anyio.fail_after(deadline):
                answer = await request.send(self._client)
            return answer, request.used(answer)
        except ProviderError:
            raise
        except TimeoutError:
            raise ProviderError(
                f"{self._title} did not finish its answer within {deadline:g} s",
                retryable=True,
                fault="deadline",
                charged=True,
            ) from None
        except Exception as error:  # noqa: BLE001  # SDKs let through what their libraries raise
            raise self._adapter.fault_of(error) from None

    def _read(self, request: Request[Answer, Result], answer: Answer) -> Result:
        """What an answer says. One of another form than it should have is the provider's fault, and no crash."""
        try:
            return request.read(answer)
        except faults.BROKEN_ANSWERS:
            raise faults.of_answer(self._title) from None

    def _pause(self, paused: float) -> float:
        """Exponential with full jitter on its upper half, in seconds."""
        step = min(_LONGEST_PAUSE, max(_FIRST_PAUSE, paused))
        return step * (0.5 + self._pauses.random() / 2)

    def _given_up(self, error: ProviderError, *, asked_too_much: bool) -> ProviderError:
        if not error.retryable:
            return error  # it says itself what to do
        more = "; it was tried again and again"
        if asked_too_much:
            more = (
                f" and asks to wait {error.retry_after:g} s, longer than is waited for ({LONGEST_WAIT:g} s)"
            )
        return ProviderError(
            f"{error}{more}; try later, or name another provider after it, separated by a comma",
            retry_after=error.retry_after,
            fault=error.fault,
            charged=error.charged,
        )


def _headers(run_id: str) -> dict[str, str]:
    """By which a provider's own log can be matched with this run's records."""
    return {RUN_HEADER: run_id} if run_id else {}
