"""Anthropic's SDK: the client, its faults, its counts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Final

import anthropic
import httpx2

from cutdown.errors import ProviderError
from cutdown.services import faults
from cutdown.services.connections import Connection, provider_named

_QUOTA: Final = frozenset({"billing_error"})
_NO_CREDIT: Final = "credit balance"  # how a refusal for want of credit reads, with status 400


class AnthropicAdapter:
    """Anthropic."""

    title: ClassVar[str] = "Anthropic"

    def open(
        self, connection: Connection, *, read_timeout: float, headers: Mapping[str, str]
    ) -> anthropic.AsyncAnthropic:
        """The client; see `cutdown.services.door.Adapter`."""
        assert connection.key
        return anthropic.AsyncAnthropic(
            api_key=connection.key.get_secret_value(),
            base_url=connection.base_url or provider_named("anthropic").home,
            timeout=httpx2.Timeout(read_timeout, connect=min(10.0, read_timeout)),
            max_retries=0,
            default_headers=headers,
            http_client=anthropic.DefaultAsyncHttpxClient(
                follow_redirects=False
            ),  # the key stays where it is meant for
        )

    async def close(self, client: anthropic.AsyncAnthropic) -> None:
        """Close its connections."""
        await client.close()

    def fault_of(self, error: Exception) -> ProviderError:
        """What an exception means."""
        if isinstance(error, anthropic.APIStatusError):
            body = error.body if isinstance(error.body, dict) else {}
            inner = body.get("error")
            told = inner if isinstance(inner, dict) else {}
            code = str(told.get("type") or "")
            out_of_credit = _NO_CREDIT in str(told.get("message") or "").lower()
            return faults.of_status(
                self.title,
                error.status_code,
                error.response.headers,
                code=code,
                quota=code in _QUOTA or out_of_credit,
            )
        if isinstance(error, anthropic.APIConnectionError | httpx2.RequestError):
            cause = error.__cause__ or error
            never_made = isinstance(cause, httpx2.ConnectError | httpx2.ConnectTimeout)
            return faults.of_connection(self.title, made=not never_made)
        if isinstance(error, (anthropic.APIError, *faults.BROKEN_ANSWERS)):
            return faults.of_answer(self.title)
        raise error
