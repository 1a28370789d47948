"""What can go wrong with a provider, by name, and when it does."""

from __future__ import annotations

import random
from collections import defaultdict, deque
from collections.abc import Iterable, Mapping
from enum import StrEnum


class Fault(StrEnum):
    """One way for a request to fail."""

    RATE_LIMIT = "429"
    RATE_LIMIT_1S = "429, Retry-After 1 s"
    RATE_LIMIT_1H = "429, Retry-After 1 h"
    SERVER_ERROR = "500"
    OVERLOADED = "529"
    DRIP = "slow drip"
    NEVER = "never answers"
    CUT_BODY = "cut body"
    CUT_STREAM = "cut stream"
    HTML_200 = "HTML with 200"
    MALFORMED_JSON = "malformed JSON"
    WRONG_SCHEMA = "wrong schema"
    TRUNCATED = "truncated output"
    EMPTY_AUDIO = "empty audio"
    WRONG_AUDIO = "audio of another format"
    QUOTA = "quota exhausted"
    REVOKED = "key revoked"
    BAD_REQUEST = "400"
    REDIRECT = "redirect to another host"


UNWORKED = frozenset(
    {
        Fault.RATE_LIMIT, Fault.RATE_LIMIT_1S, Fault.RATE_LIMIT_1H, Fault.SERVER_ERROR, Fault.OVERLOADED, Fault.QUOTA,
        Fault.REVOKED, Fault.BAD_REQUEST, Fault.REDIRECT,
    }
)  # fmt: skip
"""Refusals: the provider did no work, and charges nothing."""


class Weather:
    """Which fault the next request of an endpoint meets."""

    def __init__(self) -> None:
        self._scripts: dict[str, deque[Fault | None]] = defaultdict(deque)
        self._always: dict[str, Fault] = {}
        self._chances: dict[str, tuple[Mapping[Fault, float], random.Random]] = {}

    def script(self, endpoint: str, faults: Iterable[Fault | None]) -> None:
        self._scripts[endpoint].extend(faults)

    def always(self, endpoint: str, fault: Fault) -> None:
        self._always[endpoint] = fault

    def chance(self, endpoint: str, shares: Mapping[Fault, float], seed: int) -> None:
        self._chances[endpoint] = (shares, random.Random(seed))

    def clear(self) -> None:
        self._scripts.clear()
        self._always.clear()
        self._chances.clear()

    def next(self, endpoint: str) -> Fault | None:
        if self._scripts[endpoint]:
            return self._scripts[endpoint].popleft()
        if endpoint in self._always:
            return self._always[endpoint]
        if endpoint in self._chances:
            shares, dice = self._chances[endpoint]
            roll = dice.random()
            for fault, share in shares.items():
                if roll < share:
                    return fault
                roll -= share
        return None
