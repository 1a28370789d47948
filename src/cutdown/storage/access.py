"""How a bucket is reached: endpoint, region, keys, and where these were found.

Places are searched as for providers' keys: what the caller brought (Prefect blocks), the
environment, the nearest ``.env`` file. Where none of them names a key, botocore searches on: its profiles and
files, then the role of the machine or container.
"""

from __future__ import annotations

from typing import Final, Literal

from pydantic import Field, SecretStr

from cutdown.errors import UsageError
from cutdown.settings import secret
from cutdown.sources import Search
from cutdown.timebase import Frozen

Addressing = Literal["auto", "path", "virtual"]

ADDRESSING_VARIABLE: Final = "CUTDOWN_S3_ADDRESSING"
_ADDRESSING: Final[tuple[Addressing, ...]] = ("auto", "path", "virtual")


class BucketAccess(Frozen):
    """All that is needed to reach a bucket. Never part of a result, a key, a URL or a log."""

    key_id: str = ""
    secret: SecretStr | None = None
    token: SecretStr | None = None
    """Of keys that are lent for some hours."""
    endpoint: str = ""
    """Only where it is not Amazon's own."""
    region: str = ""
    addressing: Addressing = Field(default="auto")
    """Bucket in the path or in the host name; ``auto``: in the path at an endpoint of one's own."""


class Surroundings:
    """The environment and the nearest ``.env`` file, by the names that all of Amazon's tools use."""

    def find(self, _bucket: str, /) -> BucketAccess | None:
        """What the variables say; where they name no key, botocore goes on searching.

        Raises:
            UsageError: the addressing is none.
        """
        addressing = _variable(ADDRESSING_VARIABLE) or "auto"
        if addressing not in _ADDRESSING:
            raise UsageError(
                f"{ADDRESSING_VARIABLE} is {addressing!r}; set it to one of {', '.join(_ADDRESSING)}"
            )
        key_id, key, token = _keys()
        return BucketAccess(
            key_id=key_id,
            secret=SecretStr(key) if key else None,
            token=SecretStr(token) if token else None,
            endpoint=_variable("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL").rstrip("/"),
            region=_variable("AWS_REGION", "AWS_DEFAULT_REGION"),
            addressing=addressing,
        )

    def place(self, _bucket: str, /) -> str:
        """The variables, and where botocore searches."""
        return (
            "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY in the environment, then in the nearest .env file; "
            "then AWS profiles and the role of this machine"
        )


def _keys() -> tuple[str, str, str]:
    """Key ID, key and token; all from where the ID is, so that a left-over token never meets another's key."""
    key_id = secret("AWS_ACCESS_KEY_ID")
    if key_id is None:
        return "", "", ""
    rest = (secret(name) for name in ("AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"))
    key, token = (found[0] if found and found[1] == key_id[1] else "" for found in rest)
    return key_id[0], key, token


def _variable(*names: str) -> str:
    return next((found[0] for name in names if (found := secret(name))), "")


_SEARCH: Final = Search[BucketAccess]("buckets", Surroundings())
buckets_reached_through = _SEARCH.through
"""Ask these sources first inside the block."""


def access_to(bucket: str) -> BucketAccess:
    """How a bucket is reached."""
    return _SEARCH.first(bucket) or BucketAccess()


def places_searched(bucket: str) -> str:
    """Every place where keys were looked for, in order."""
    return _SEARCH.places(bucket)
