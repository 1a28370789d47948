"""The server: one application for all providers, in a thread of the test's process."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from types import TracebackType
from typing import Any, Self

import uvicorn
from fake_services import endpoints, sound
from fake_services.brains import echo_schema
from fake_services.faults import UNWORKED, Fault, Weather
from fake_services.wire import Billed, Exchange, ModelRequest, error_of
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

Brain = Callable[[ModelRequest], Mapping[str, Any] | str]
Ears = Callable[[bytes], Mapping[str, Any]]

KEYS = {
    "openai": "sk-canary-openai-4f1d9c07b2",
    "anthropic": "sk-ant-canary-88e1a6f0c3",
    "elevenlabs": "xi-canary-5b7f20d9e4",
}


class FakeServices:
    """All providers on one port of 127.0.0.1; use it as a context manager."""

    def __init__(self, *, brain: Brain = echo_schema, ears: Ears = sound.heard, delay: float = 0.0) -> None:
        self.brain = brain
        self.ears = ears
        self.delay = delay
        self.keys = dict(KEYS)
        self.journal: list[Exchange] = []
        self.billed: list[Billed] = []
        self.prompts: list[str] = []
        self.weather = Weather()
        self._mangled: dict[str, Callable[[bytes], bytes]] = {}
        self._revoked: dict[str, int] = {}
        self._exhausted: dict[str, int] = {}
        self._in_flight: Counter[str] = Counter()
        self._most: Counter[str] = Counter()

    def __enter__(self) -> Self:
        self._socket = socket.socket()
        self._socket.bind(("127.0.0.1", 0))
        self.address = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        routes = [
            Route(path, self._endpoint(name), methods=[method]) for path, method, name in endpoints.ROUTES
        ]
        config = uvicorn.Config(
            Starlette(routes=routes), log_level="critical", lifespan="off", timeout_graceful_shutdown=1
        )
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, args=([self._socket],), daemon=True)
        self._thread.start()
        while not self._server.started:
            time.sleep(0.01)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.should_exit = True
        self._server.force_exit = True
        self._thread.join()
        self._socket.close()

    @property
    def openai_url(self) -> str:
        return f"{self.address}/openai/v1"

    @property
    def anthropic_url(self) -> str:
        return f"{self.address}/anthropic"

    @property
    def elevenlabs_url(self) -> str:
        return f"{self.address}/elevenlabs"

    def environment(self) -> dict[str, str]:
        """Variables for a program under test."""
        return {
            "OPENAI_API_KEY": self.keys["openai"],
            "OPENAI_BASE_URL": self.openai_url,
            "ANTHROPIC_API_KEY": self.keys["anthropic"],
            "ANTHROPIC_BASE_URL": self.anthropic_url,
            "ELEVENLABS_API_KEY": self.keys["elevenlabs"],
            "ELEVENLABS_BASE_URL": self.elevenlabs_url,
            "COMPATIBLE_BASE_URL": self.openai_url,
            "COMPATIBLE_API_KEY": self.keys["openai"],
        }

    def script(self, endpoint: str, faults: Iterable[Fault | None]) -> None:
        """The next requests of an endpoint meet these, in order."""
        self.weather.script(endpoint, faults)

    def always(self, endpoint: str, fault: Fault) -> None:
        """Every request of an endpoint meets this."""
        self.weather.always(endpoint, fault)

    def chance(self, endpoint: str, shares: Mapping[Fault, float], seed: int = 0) -> None:
        """Requests of an endpoint meet these by chance."""
        self.weather.chance(endpoint, shares, seed)

    def mangle(self, endpoint: str, how: Callable[[bytes], bytes]) -> None:
        """The next answer of an endpoint is charged for, and changed on its way."""
        self._mangled[endpoint] = how

    def calm(self) -> None:
        """No more faults, every key is good, and what was counted is forgotten."""
        self._most.clear()
        self.weather.clear()
        self._mangled.clear()
        self._revoked.clear()
        self._exhausted.clear()

    def revoke(self, provider: str, after: int = 0) -> None:
        """The key is refused after so many more requests."""
        self._revoked[provider] = after

    def exhaust(self, provider: str, after: int = 0) -> None:
        """The quota is used up after so many more requests."""
        self._exhausted[provider] = after

    def most_in_flight(self, provider: str) -> int:
        """The most requests that ran at once."""
        return self._most[provider]

    def asked(self, endpoint: str) -> list[Exchange]:
        """Every request of an endpoint, in order."""
        return [exchange for exchange in self.journal if exchange.endpoint == endpoint]

    def _fault(self, provider: str, endpoint: str, request: Request) -> Fault | None:
        for limits, fault in ((self._revoked, Fault.REVOKED), (self._exhausted, Fault.QUOTA)):
            if provider in limits:
                limits[provider] -= 1
                if limits[provider] < 0:
                    return fault
        given = request.headers.get("authorization", "").removeprefix("Bearer ")
        given = request.headers.get("x-api-key") or request.headers.get("xi-api-key") or given
        if given != self.keys[provider]:
            return Fault.REVOKED
        return self.weather.next(endpoint)

    def _endpoint(self, name: str) -> Callable[[Request], Any]:
        provider = name.partition(".")[0]

        async def handle(request: Request) -> Response:
            body = await endpoints.read_body(request)
            upload = body.pop("_upload", b"")
            exchange = Exchange(provider, name, dict(request.headers), body, time.monotonic())
            self.journal.append(exchange)
            self._in_flight[provider] += 1
            self._most[provider] = max(self._most[provider], self._in_flight[provider])
            try:
                fault = self._fault(provider, name, request)
                exchange.fault = fault
                response = await self._answer(name, provider, body, upload, fault, request)
                exchange.status = response.status_code
                return response
            finally:
                exchange.ended = time.monotonic()
                self._in_flight[provider] -= 1

        return handle

    async def _answer(
        self,
        name: str,
        provider: str,
        body: dict[str, Any],
        upload: bytes,
        fault: Fault | None,
        request: Request,
    ) -> Response:
        if fault is Fault.REDIRECT:  # another name, and so another host, for this same server
            return Response(
                status_code=307, headers={"location": str(request.url.replace(hostname="localhost"))}
            )
        if fault in UNWORKED:
            status, told, headers = error_of(provider, fault)
            return JSONResponse(told, status, headers)
        if fault is Fault.NEVER:
            while not await request.is_disconnected():
                await asyncio.sleep(0.05)
            return Response(status_code=499)
        if self.delay:
            await asyncio.sleep(self.delay)
        made = await asyncio.to_thread(endpoints.ANSWERS[name], self, body, upload, fault, request)
        if isinstance(made, Response):  # a refusal of its own, such as 404
            return made
        content, media_type, headers, billed = made
        if billed:
            self.billed.append(billed)
        if how := self._mangled.pop(name, None):
            content = how(content)
        return self._sent(content, media_type, headers, fault)

    def _sent(
        self, content: bytes, media_type: str, headers: dict[str, str], fault: Fault | None
    ) -> Response:
        match fault:
            case Fault.HTML_200:
                return Response(b"<html><body>Please sign in</body></html>", media_type="text/html")
            case Fault.MALFORMED_JSON:
                return Response(content[: len(content) // 2] + b'"}{', media_type="application/json")
            case Fault.CUT_BODY:
                length = {"content-length": str(len(content) + 1000)}
                return StreamingResponse(
                    _broken(content), media_type=media_type, headers={**headers, **length}
                )
            case Fault.CUT_STREAM:
                return StreamingResponse(
                    _broken(content[: len(content) // 2]), media_type=media_type, headers=headers
                )
            case Fault.DRIP:
                return StreamingResponse(_drip(content), media_type=media_type, headers=headers)
        return Response(content, media_type=media_type, headers=headers)


async def _drip(content: bytes) -> AsyncIterator[bytes]:
    for index in range(len(content)):
        yield content[index : index + 1]
        await asyncio.sleep(0.2)


async def _broken(content: bytes) -> AsyncIterator[bytes]:
    yield content
    await asyncio.sleep(0.05)
    raise ConnectionAbortedError  # the connection breaks off here
