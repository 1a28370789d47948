"""How a provider is reached: its key, its address, its limits, and where these were found.

Sources are asked in this order: those that the caller brought (Prefect blocks, say), the
environment, the nearest ``.env`` file. The first that knows a provider decides.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from importlib.resources import files
from ipaddress import ip_address
from typing import Any, Final
from urllib.parse import urlsplit

import yaml
from pydantic import Field, SecretStr, field_validator

from cutdown.errors import MissingKeyError, UsageError
from cutdown.settings import secret
from cutdown.sources import Search
from cutdown.timebase import Frozen

AT_ONCE: Final = 4  # requests side by side that every provider's smallest plan allows


class Provider(Frozen):
    """A service as it is known here."""

    title: str
    key: str
    """Name of the variable that holds its key."""
    key_needed: bool = True
    address: str
    """Name of the variable that holds its base URL."""
    address_needed: bool = False
    home: str = ""
    """The base URL where no other is given."""
    transcription_model: str = ""
    language_model: str = ""
    speech_model: str = ""
    voice: str = ""


class Connection(Frozen):
    """All that is needed to reach a provider. Never part of a result, a key or a log."""

    key: SecretStr | None = None
    base_url: str = ""
    """Only where it is not the provider's own."""
    model: str = ""
    """The model to use where the caller names none."""
    voice: str = ""
    at_once: int = Field(default=AT_ONCE, ge=1, le=64)
    deadline: float | None = Field(default=None, gt=0)
    """Most seconds for one request, instead of the usual ones."""
    prices: dict[str, Any] = Field(default_factory=dict)
    """What was agreed with the provider, in the form of `cutdown.services.prices.PriceBook`."""

    @field_validator("key")
    @classmethod
    def _bare(cls, key: SecretStr | None) -> SecretStr | None:
        """Without the line break that a key read from a file brings along; one of nothing else is none."""
        value = key.get_secret_value().strip() if key else ""
        return SecretStr(value) if value else None

    @field_validator("base_url")
    @classmethod
    def _without_end(cls, base_url: str) -> str:
        return base_url.strip().rstrip("/")


class Surroundings:
    """The environment and the nearest ``.env`` file."""

    def find(self, provider: str) -> Connection | None:
        """What the provider's variables say."""
        known = providers()[provider]
        key, address = secret(known.key), secret(known.address)
        if key is None and address is None:
            return None
        return Connection(key=SecretStr(key[0]) if key else None, base_url=address[0] if address else "")

    def place(self, provider: str) -> str:
        """The variable, and both places."""
        known = providers()[provider]
        name = known.key if known.key_needed else known.address
        return f"{name} in the environment, then in the nearest .env file"


_SEARCH: Final = Search[Connection]("connections", Surroundings())
reached_through = _SEARCH.through
"""Ask these sources first inside the block."""


def connection_to(provider: str) -> Connection:
    """How a provider is reached.

    Raises:
        MissingKeyError: no key, or no address where one is needed; names every place searched.
        UsageError: the address is none, or the key cannot be sent.
    """
    known = providers()[provider]

    def enough(found: Connection) -> bool:
        return bool((found.key or not known.key_needed) and (found.base_url or not known.address_needed))

    if found := _SEARCH.first(provider, enough):
        _require_address(found.base_url, known, _SEARCH.places(provider))
        _require_key(found.key, known, _SEARCH.places(provider))
        return found
    searched = _SEARCH.places(provider)
    what = "key" if known.key_needed else "address"
    raise MissingKeyError(
        f"no {what} for {known.title} ('{provider}'); looked for {searched}; set one, or choose another provider"
    )


def _require_address(address: str, known: Provider, searched: str) -> None:
    """See that a base URL can be asked; it is not shown, because some hold a password."""
    try:
        parts = urlsplit(address)
        whole = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        whole = False
    if address and not (whole and _is_one_word(address)):
        form = f"like {known.home}" if known.home else "as http://HOST:PORT/v1 or https://HOST/v1"
        raise UsageError(
            f"the base URL of {known.title} is no address; write it {form} ({known.address}); looked for {searched}"
        )


def _require_key(key: SecretStr | None, known: Provider, searched: str) -> None:
    """See that a key can be sent at all; HTTP refuses some signs, and so late that it looks like a lost answer."""
    value = key.get_secret_value() if key else ""
    if not (value.isascii() and _is_one_word(value)):
        raise UsageError(
            f"the key of {known.title} holds a sign that no key has: a space, a line break, or one beyond ASCII; copy it "
            f"again ({known.key}); looked for {searched}"
        )


def _is_one_word(text: str) -> bool:
    return text.isprintable() and " " not in text


@functools.cache
def providers() -> Mapping[str, Provider]:
    """Every service that is known, by name."""
    text = files("cutdown.services").joinpath("providers.yaml").read_text(encoding="utf-8")
    raw = yaml.safe_load(text)
    return {name: Provider.model_validate(entry) for name, entry in raw.items() if name != "as_of"}


def provider_named(name: str) -> Provider:
    """The service of a name.

    Raises:
        UsageError: there is none.
    """
    if name not in providers():
        raise UsageError(f"no provider named '{name}'; choose from {', '.join(sorted(providers()))}")
    return providers()[name]


def is_own_machine(address: str) -> bool:
    """Whether a base URL leads to this machine or into its own private network, where nothing is charged."""
    host = urlsplit(address).hostname or ""
    if host.endswith((".local", ".internal", ".localhost")):
        return True
    if (
        host and "." not in host and ":" not in host
    ):  # such as localhost, or a container's; nobody else has such names
        return True
    try:
        return ip_address(host).is_private
    except ValueError:
        return False
