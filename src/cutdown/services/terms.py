"""Under which terms money may be spent. They change no answer, so they are part of no cache key."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field

from cutdown.timebase import Frozen


class Terms(Frozen):
    """What a user allows and insists on."""

    budget: float | None = Field(
        default=None,
        ge=0,
        allow_inf_nan=False,
        description="Most US dollars that this recording may cost; a call that would break it is not made",
    )
    strict: bool = Field(
        default=False, description="Fail instead of going on with the next provider of a list"
    )
    prices: Path | None = Field(
        default=None, description="Your own prices (YAML), used on top of the dated ones that are shipped"
    )


class Downgrade(Frozen):
    """A provider that was asked for did not deliver, and another one did its work."""

    wanted: str
    used: str
    why: str
    """The first one's error, in one line."""
