"""ElevenLabs' SDK: the client and its faults."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Final

import httpx
from elevenlabs.client import AsyncElevenLabs
from elevenlabs.core.api_error import ApiError

from cutdown.errors import ProviderError
from cutdown.services import faults
from cutdown.services.connections import Connection, provider_named

_QUOTA: Final = frozenset({"quota_exceeded", "insufficient_credits"})
_BUSY: Final = frozenset({"too_many_concurrent_requests", "system_busy", "rate_limit_exceeded"})


class ElevenLabsAdapter:
    """ElevenLabs."""

    title: ClassVar[str] = "ElevenLabs"

    def open(
        self, connection: Connection, *, read_timeout: float, headers: Mapping[str, str]
    ) -> AsyncElevenLabs:
        """The client; see `cutdown.services.door.Adapter`."""
        assert connection.key
        self._transport = httpx.AsyncClient(
            timeout=httpx.Timeout(read_timeout, connect=min(10.0, read_timeout)),
            follow_redirects=False,  # the key stays where it is meant for
            headers=headers,
        )
        return AsyncElevenLabs(
            api_key=connection.key.get_secret_value(),
            base_url=connection.base_url or provider_named("elevenlabs").home,
            httpx_client=self._transport,
        )

    async def close(self, client: AsyncElevenLabs) -> None:
        """Close its connections."""
        del client
        await self._transport.aclose()

    def fault_of(self, error: Exception) -> ProviderError:
        """What an exception means."""
        if isinstance(error, ApiError):
            status = error.status_code or 0
            if status < 300:  # an answer of another form than the SDK expects
                return faults.of_answer(self.title)
            code = _code(error.body)
            if code in _BUSY:
                status = 429
            return faults.of_status(self.title, status, error.headers or {}, code=code, quota=code in _QUOTA)
        if isinstance(error, httpx.RequestError):
            never_made = isinstance(error, httpx.ConnectError | httpx.ConnectTimeout)
            return faults.of_connection(self.title, made=not never_made)
        if isinstance(error, faults.BROKEN_ANSWERS):
            return faults.of_answer(self.title)
        raise error


def _code(body: Any) -> str:
    """The name of the error: ``{"detail": {"status": NAME, "message": ...}}``."""
    detail = body.get("detail") if isinstance(body, dict) else getattr(body, "detail", None)
    return str(detail.get("status") or "") if isinstance(detail, dict) else ""
