"""OpenAI's SDK, and servers that speak its protocol: the client, its faults, its counts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Final

import httpx2
import openai

from cutdown.errors import ProviderError
from cutdown.services import faults
from cutdown.services.connections import Connection, provider_named

_QUOTA: Final = frozenset({"insufficient_quota", "billing_hard_limit_reached", "billing_not_active"})


class OpenAIAdapter:
    """OpenAI itself."""

    title: ClassVar[str] = "OpenAI"

    def open(
        self, connection: Connection, *, read_timeout: float, headers: Mapping[str, str]
    ) -> openai.AsyncOpenAI:
        """The client; see `cutdown.services.door.Adapter`."""
        return openai.AsyncOpenAI(
            api_key=connection.key.get_secret_value() if connection.key else "none",
            base_url=connection.base_url or provider_named("openai").home,
            timeout=httpx2.Timeout(read_timeout, connect=min(10.0, read_timeout)),
            max_retries=0,
            default_headers=headers,
            # A redirect would take the key along to wherever it points.
            http_client=openai.DefaultAsyncHttpx2Client(follow_redirects=False),
        )

    async def close(self, client: openai.AsyncOpenAI) -> None:
        """Close its connections."""
        await client.close()

    def fault_of(self, error: Exception) -> ProviderError:
        """What an exception means."""
        if isinstance(error, openai.APIStatusError):
            code, kind = (
                str(error.code or error.type or ""),
                str(error.type or ""),
            )  # as they came, of any type
            return faults.of_status(
                self.title,
                error.status_code,
                error.response.headers,
                code=code,
                quota=code in _QUOTA or kind in _QUOTA,
            )
        if isinstance(error, openai.APIConnectionError | httpx2.RequestError):
            cause = error.__cause__ or error
            never_made = isinstance(cause, httpx2.ConnectError | httpx2.ConnectTimeout)
            return faults.of_connection(self.title, made=not never_made)
        if isinstance(error, (openai.APIError, *faults.BROKEN_ANSWERS)):
            return faults.of_answer(self.title)
        raise error


class CompatibleAdapter(OpenAIAdapter):
    """A server that speaks OpenAI's protocol."""

    title: ClassVar[str] = "the OpenAI-compatible server"
