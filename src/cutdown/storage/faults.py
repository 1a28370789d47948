"""What went wrong at a bucket, told apart once: what passes, what a person must mend, and how."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import aiohttp
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    HTTPClientError,
    NoCredentialsError,
    PartialCredentialsError,
)
from botocore.exceptions import ConnectionError as BrokenConnectionError

from cutdown.errors import CutdownError, MissingKeyError, StorageError
from cutdown.storage.access import places_searched

_PASSING: Final = (aiohttp.ClientError, BrokenConnectionError, HTTPClientError, TimeoutError, ConnectionError)
"""What a connection that breaks, stalls or is never made raises, in whichever library it is noticed."""

_PASSING_STATUS: Final = frozenset({408, 409, 425, 429})  # 409: another conditional write is under way
_PASSING_CODES: Final = frozenset(
    {
        "RequestTimeout",
        "SlowDown",
        "InternalError",
        "ServiceUnavailable",
        "ThrottlingException",
        "RequestTimeTooSkewed",
    }
)
_REMEDIES: Final[Mapping[str, str]] = {
    "NoSuchBucket": "there is no such bucket; check its name, the endpoint and the region, or make it",
    "InvalidAccessKeyId": "the access key is not known there; check AWS_ACCESS_KEY_ID and the endpoint",
    "SignatureDoesNotMatch": "the secret key is not the access key's; check AWS_SECRET_ACCESS_KEY",
    "ExpiredToken": "the keys were lent and have expired; get new ones",
    "InvalidToken": "the session token is not accepted; get new keys, or unset AWS_SESSION_TOKEN",
    "AuthorizationHeaderMalformed": "the bucket is in another region; set AWS_REGION",
    "PermanentRedirect": "the bucket is in another region; set AWS_REGION or the endpoint",
    "InvalidObjectState": "it lies in an archive class; restore it first",
    "EntityTooLarge": "it is larger than the service takes",
    "QuotaExceeded": "the quota is used up; make room",
    "NotImplemented": "the service cannot do this; docs/storage.md tells what it must be able to do",
}


class RefusedError(Exception):
    """An answer that a condition or a missing file explains: 404 or 412; for the caller to understand.

    Args:
        status: of HTTP.
        code: the service's name for it.
        unsure: whether an earlier try may have been carried out although its answer was lost.
    """

    def __init__(self, status: int, code: str, *, unsure: bool) -> None:
        super().__init__(f"{status} {code}")
        self.status = status
        self.code = code
        self.unsure = unsure


def answer_of(error: ClientError) -> tuple[int, str, Mapping[str, str]]:
    """An error answer's status, code and headers."""
    response: Any = error.response
    about = response.get("ResponseMetadata", {})
    return (
        int(about.get("HTTPStatusCode", 0)),
        str(response.get("Error", {}).get("Code", "")),
        about.get("HTTPHeaders", {}),
    )


def fault_of(error: Exception, what: str, bucket: str) -> CutdownError:
    """An exception as one line.

    Args:
        error: what the library raised.
        what: was asked for, such as ``reading 's3://talks/a.mp4'``; holds no key.
        bucket: its name.

    Raises:
        Exception: the same one, where it is none of a service's: a file that cannot be read, or a mistake in here.
    """
    if isinstance(error, CutdownError):
        return error
    if isinstance(error, ClientError):
        return _of_answer(error, what)
    if isinstance(error, NoCredentialsError | PartialCredentialsError):
        return MissingKeyError(
            f"no key for the bucket '{bucket}'; looked for {places_searched(bucket)}; set one"
        )
    if _is_untrusted(error):
        return StorageError(
            f"{what}: the service's certificate is not trusted; give yours in AWS_CA_BUNDLE, or check the endpoint"
        )
    if isinstance(error, _PASSING):
        return StorageError(f"{what}: the connection failed ({type(error).__name__})", retryable=True)
    if isinstance(error, BotoCoreError):
        return StorageError(f"{what}: {type(error).__name__}; check the endpoint and the region")
    raise error


def _of_answer(error: ClientError, what: str) -> StorageError:
    status, code, headers = answer_of(error)
    if (status >= 500 and code != "NotImplemented") or status in _PASSING_STATUS or code in _PASSING_CODES:
        after = headers.get("retry-after", "")
        return StorageError(
            f"{what}: the service is in trouble (status {status} {code})".replace(" )", ")"),
            retryable=True,
            retry_after=float(after) if after.isdigit() else None,
        )
    remedy = _REMEDIES.get(code)
    if remedy is None and status in (401, 403):
        remedy = "denied; check the keys and that they may do this (docs/storage.md lists the rights needed)"
    return StorageError(
        f"{what}: {remedy or f'refused (status {status} {code}); check the name and the endpoint'}"
    )


def _is_untrusted(error: Exception) -> bool:
    inner = getattr(error, "kwargs", {}).get("error", error)  # botocore wraps what aiohttp raised
    return isinstance(inner, aiohttp.ClientConnectorCertificateError)
