"""Statuses and broken answers, told apart once for all providers."""

from __future__ import annotations

import re
from collections.abc import Container, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final, NamedTuple

from cutdown.errors import ProviderError

_NAME: Final = re.compile(r"[\w.:-]{1,64}", re.ASCII)  # anything else might repeat what was sent
_AGAIN: Final = frozenset({408, 409, 425})  # statuses below 500 that pass by themselves


class _Final(NamedTuple):
    """Statuses that trying again does not change."""

    statuses: Container[int]
    what: str
    remedy: str
    fault: str


_FINAL: Final = (
    _Final(
        range(300, 400),
        "is not at its base URL, which points elsewhere, where no key is sent",
        "correct the base URL",
        "redirect",
    ),
    _Final((401, 403), "does not accept the key", "check it, or make a new one", "key refused"),
    _Final(
        (404,),
        "does not know the model or voice asked for",
        "check its name, and the base URL where you gave one",
        "not found",
    ),
)


def of_status(
    title: str, status: int, headers: Mapping[str, str], *, code: str = "", quota: bool = False
) -> ProviderError:
    """What a refusal means; nothing was charged for it.

    Args:
        title: of the provider.
        status: HTTP status of 300 or more.
        headers: of the answer.
        code: the provider's own name of the error; it is told where it reads like a name.
        quota: whether the provider says that credit or quota is used up.
    """
    told = f" ({code})" if _NAME.fullmatch(code) else ""
    if quota or status == 402:  # "Payment Required"
        return ProviderError(
            f"{title}: quota or credit is used up{told}; add some, or wait for the next period", fault="quota"
        )
    if status == 429:
        return ProviderError(
            f"{title} refuses more requests for now{told}",
            retryable=True,
            retry_after=retry_after(headers),
            fault="rate limit",
        )
    if (final := next((row for row in _FINAL if status in row.statuses), None)) is not None:
        return ProviderError(f"{title} {final.what}{told}; {final.remedy}", fault=final.fault)
    if status >= 500 or status in _AGAIN:
        return ProviderError(
            f"{title} is in trouble (status {status}{told})",
            retryable=True,
            retry_after=retry_after(headers),
            fault="server trouble",
        )
    return ProviderError(
        f"{title} refuses the request (status {status}{told}); try another model or voice",
        fault="request refused",
    )


def of_connection(title: str, *, made: bool = True) -> ProviderError:
    """The connection was never made, or broke off; whatever was done by then may be charged."""
    what = f"the connection to {title} broke" if made else f"{title} cannot be reached"
    return ProviderError(what, retryable=True, fault="connection", charged=made)


def of_answer(title: str) -> ProviderError:
    """An answer of status 200 that is not what was asked for."""
    return ProviderError(
        f"{title} gave an answer that cannot be read", retryable=True, fault="broken answer", charged=True
    )


BROKEN_ANSWERS: Final = (
    ValueError,  # JSON, base64, characters and pydantic's forms included
    AttributeError,
    TypeError,
    LookupError,
    ArithmeticError,  # numbers without end
    AssertionError,
    RecursionError,  # JSON in JSON in JSON
    StopIteration,
)
"""What SDKs and readers raise over an answer of status 200 of another form."""


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds that the other side asks to wait: a number, or a date (RFC 9110, 10.2.3)."""
    value = next((headers[name] for name in headers if name.lower() == "retry-after"), None)
    if value is None:
        return None
    try:
        return max(0.0, float(value))
    except ValueError:
        pass
    try:
        moment = parsedate_to_datetime(value)
    except ValueError:
        return None
    if moment.tzinfo is None:  # a date without a zone, or with "-0000"
        moment = moment.replace(tzinfo=UTC)
    return max(0.0, (moment - datetime.now(UTC)).total_seconds())
