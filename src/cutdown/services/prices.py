"""Prices as dated data; what is not in the book has no price, and that is not the same as 0.

The book's own entries come first: what the user's file says, then what is shipped. Language models
that neither names are priced by ``genai-prices``, a dated list that comes with its package.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Any, Final

import yaml
from pydantic import Field, ValidationError

from cutdown.errors import UsageError
from cutdown.services.used import Used
from cutdown.timebase import Frozen

Usd = Annotated[float, Field(ge=0)]
_MILLION: Final = 1_000_000
_SHIPPED: Final = "prices.yaml"
_NONE: Final[Mapping[str, Mapping[str, Any]]] = {}
_LISTED: Final = frozenset({"openai", "anthropic"})  # providers whose own prices the list has


class Cost(Frozen):
    """An amount with the arithmetic behind it; ``usd`` is None where there is no price."""

    usd: Usd | None
    arithmetic: str

    @staticmethod
    def nothing(name: str) -> Cost:
        """What is done on the user's own machine."""
        return Cost(usd=0.0, arithmetic=f"{name}, on your own machine: nothing is charged")


class TokenPrice(Frozen):
    """US dollars for a million tokens; those without a price of their own cost what the prompt costs."""

    prompt: Usd
    completion: Usd
    cached: Usd | None = None
    cache_write: Usd | None = None
    audio: Usd | None = None


class Expectations(Frozen):
    """What a video needs before anything is known but its length: low, likely, high where there are three."""

    tokens_per_second: tuple[float, float, float]
    characters_per_token: float = Field(gt=0)
    narration_share: tuple[float, float, float]
    readings: tuple[float, float, float]
    """How often a language model reads the transcript, its marks included."""
    instruction_tokens: int = Field(ge=0)
    completion_share: tuple[float, float, float]
    speech_tokens_per_character: float = Field(gt=0)


class ReferenceRates(Frozen):
    """Seconds of work for a second of recording, by phase, with where they were measured."""

    source: str
    phase1_ingest: float = Field(ge=0)
    phase2_director: float = Field(ge=0)
    phase3_voice: float = Field(ge=0)
    phase4_assembly: float = Field(ge=0)


class ReferenceCost(Frozen):
    """One line of what is usually paid."""

    phase: str
    what: str
    usd: Usd


class ReferenceCosts(Frozen):
    """Two ways to pay for the same video: one or the other, never the sum of both."""

    minutes: float
    chosen: tuple[ReferenceCost, ...]
    cheaper: tuple[ReferenceCost, ...]

    def totals(self) -> tuple[float, float]:
        """US dollars of the chosen way and of the cheaper one."""
        chosen, cheaper = (round(sum(line.usd for line in lines), 6) for lines in (self.chosen, self.cheaper))
        return chosen, cheaper


class PriceBook(Frozen):
    """Everything that is charged for, with its date."""

    as_of: date
    source: str
    free: tuple[str, ...]
    usd_per_minute_of_audio: dict[str, Usd]
    usd_per_million_tokens: dict[str, TokenPrice]
    usd_per_million_characters: dict[str, Usd]
    usd_per_thousand_credits: dict[str, Usd]
    cheaper: dict[str, str]
    """A model, and the cheaper one of its kind to put beside it."""
    expect: Expectations
    reference_rates: ReferenceRates
    reference_costs: ReferenceCosts

    @staticmethod
    def read(path: Path | None = None, agreed: Mapping[str, Mapping[str, Any]] = _NONE) -> PriceBook:
        """The prices that are shipped, on top of them those agreed with providers, on top of these those of a file.

        Args:
            path: a file of the same form; it needs to hold only what differs.
            agreed: by provider, prices of the same form that its connection holds.

        Raises:
            UsageError: names the file, or the provider, and the fault.
        """
        raw = _parse(files("cutdown.services").joinpath(_SHIPPED).read_text(encoding="utf-8"), _SHIPPED)
        book = PriceBook._checked(raw, _SHIPPED)
        for name, prices in agreed.items():
            raw = _laid_over(raw, prices)
            book = PriceBook._checked(raw, f"agreed with {name}")
        if path is not None:
            name = path.name
            try:
                raw = _laid_over(raw, _parse(path.read_text(encoding="utf-8"), name))
            except (OSError, UnicodeDecodeError) as error:
                raise UsageError(f"cannot read the prices '{name}': {error}") from error
            book = PriceBook._checked(raw, name)
        return book

    @staticmethod
    def _checked(raw: dict[str, Any], name: str) -> PriceBook:
        try:
            return PriceBook.model_validate(raw)
        except ValidationError as error:
            fault = error.errors(include_url=False)[0]
            field = ".".join(str(part) for part in fault["loc"])
            raise UsageError(f"the prices '{name}': {field}: {fault['msg']}") from error

    def cost(self, provider: str, model: str, used: Used) -> Cost:
        """What a request costs, by what it used.

        Args:
            provider: who is asked.
            model: whose price counts.
            used: tokens, seconds, characters or credits.
        """
        if provider in self.free or model in self.free:
            return Cost.nothing(model or provider)
        counted: tuple[tuple[float | None, float | None, int, str], ...] = (
            (
                used.credits,
                self.usd_per_thousand_credits.get(provider),
                1000,
                "{:,.0f} credits x ${:g} a thousand",
            ),
            (
                used.characters or None,
                self.usd_per_million_characters.get(model),
                _MILLION,
                "{:,} characters x ${:.2f} a million",
            ),
            ((used.seconds / 60) or None, self.usd_per_minute_of_audio.get(model), 1, "{:.1f} min x ${:g}"),
        )
        for count, price, size, told in counted:
            if count is not None and price is not None:
                return Cost(usd=count * price / size, arithmetic=f"{model}, {told.format(count, price)}")
        if used.prompt_tokens or used.completion_tokens:
            if (tokens := self.usd_per_million_tokens.get(model)) is not None:
                return _of_tokens(model, tokens, used)
            if (listed := _listed(provider, model, used)) is not None:
                return listed
        return Cost(usd=None, arithmetic=f"{model} is unpriced: no price of it as of {self.as_of}")


def _of_tokens(model: str, price: TokenPrice, used: Used) -> Cost:
    told_apart = used.cached_tokens + used.cache_write_tokens + used.audio_tokens
    plain = max(0, used.prompt_tokens - told_apart)  # some servers count one token as two of these
    parts = [
        (plain, price.prompt, "tokens"),
        (used.cached_tokens, price.prompt if price.cached is None else price.cached, "cached"),
        (used.cache_write_tokens, price.prompt if price.cache_write is None else price.cache_write, "kept"),
        (used.audio_tokens, price.prompt if price.audio is None else price.audio, "of sound"),
        (used.completion_tokens, price.completion, "written"),
    ]
    told = " + ".join(f"{count:,} {what} x ${usd:g}" for count, usd, what in parts if count)
    return Cost(
        usd=sum(count * usd for count, usd, _ in parts) / _MILLION, arithmetic=f"{model}, {told} a million"
    )


def _listed(provider: str, model: str, used: Used) -> Cost | None:
    """The price by the list of ``genai-prices``; None where it does not know the model."""
    from genai_prices import Usage, calc_price

    units = {
        "input_tokens": used.prompt_tokens,
        "cache_read_tokens": used.cached_tokens,
        "cache_write_tokens": used.cache_write_tokens,
        "input_audio_tokens": used.audio_tokens,
        "output_tokens": used.completion_tokens,
    }
    try:
        price = calc_price(
            Usage(**{name: count for name, count in units.items() if count}),
            model_ref=model,
            provider_id=provider if provider in _LISTED else None,
        )
    except (LookupError, ValueError):
        return None
    if not price.total_price:  # as it says of units that it has no price for
        return None
    read = f"{used.prompt_tokens:,} tokens read = ${price.input_price:.4f}"
    written = f"{used.completion_tokens:,} written = ${price.output_price:.4f}"
    told = f"{model}, {read}, {written}, by genai-prices {version('genai-prices')}"
    return Cost(usd=float(price.total_price), arithmetic=told)


def _parse(text: str, name: str) -> dict[str, Any]:
    try:
        raw = yaml.safe_load(text)
    except (yaml.YAMLError, ValueError) as error:  # the latter of a date that there is none of
        raise UsageError(f"cannot read the prices '{name}': {error}") from error
    if not isinstance(raw, dict):
        raise UsageError(
            f"the prices '{name}': not a table of prices; the shipped prices.yaml shows the form"
        )
    return raw


def _laid_over(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    both = dict(below)
    for name, value in above.items():
        mine = both.get(name)
        if isinstance(mine, dict) and isinstance(value, dict):
            both[name] = {**mine, **value}
        elif isinstance(mine, list) and isinstance(value, list):  # what else is free
            both[name] = [*mine, *value]
        else:
            both[name] = value
    return both
