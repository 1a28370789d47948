"""Prices as dated data; what is not in the book has no price, and that is not the same as 0."""

from __future__ import annotations

from datetime import date
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Final

import yaml
from pydantic import Field, ValidationError

from cutdown.errors import UsageError
from cutdown.timebase import Frozen

Usd = Annotated[float, Field(ge=0)]
_MILLION: Final = 1_000_000
_SHIPPED: Final = "prices.yaml"


class Cost(Frozen):
    """An amount with the arithmetic behind it; ``usd`` is None where there is no price."""

    usd: Usd | None
    arithmetic: str


class TokenPrice(Frozen):
    """US dollars for a million tokens."""

    prompt: Usd
    completion: Usd


class Expectations(Frozen):
    """What a video needs, before anything is known but its length."""

    tokens_per_second: float = Field(gt=0)
    characters_per_token: float = Field(gt=0)
    narration_share: float = Field(ge=0)
    instruction_tokens: int = Field(ge=0)
    completion_share: float = Field(ge=0)


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
    expect: Expectations
    reference_rates: ReferenceRates
    reference_costs: ReferenceCosts

    @staticmethod
    def read(path: Path | None = None) -> PriceBook:
        """The prices that are shipped, or those of a file of the same form.

        Raises:
            UsageError: names the file and the fault.
        """
        place = files("cutdown.metrics").joinpath(_SHIPPED) if path is None else path
        name = _SHIPPED if path is None else path.name
        try:
            return PriceBook.model_validate(yaml.safe_load(place.read_text(encoding="utf-8")))
        except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
            raise UsageError(f"cannot read the prices '{name}': {error}") from error
        except ValidationError as error:
            fault = error.errors(include_url=False)[0]
            field = ".".join(str(part) for part in fault["loc"])
            raise UsageError(f"the prices '{name}': {field}: {fault['msg']}") from error

    def transcription(self, model: str, seconds: float) -> Cost:
        """What it costs to have sound transcribed."""
        if model in self.free:
            return _nothing(model)
        if (price := self.usd_per_minute_of_audio.get(model)) is None:
            return self._unpriced(model)
        return Cost(usd=seconds / 60 * price, arithmetic=f"{model}, {seconds / 60:.1f} min x ${price:g}")

    def tokens(self, model: str, prompt: int, completion: int) -> Cost:
        """What a language model's reading and writing costs."""
        if model in self.free:
            return _nothing(model)
        if (price := self.usd_per_million_tokens.get(model)) is None:
            return self._unpriced(model)
        return Cost(
            usd=(prompt * price.prompt + completion * price.completion) / _MILLION,
            arithmetic=f"{model}, {prompt:,} tokens x ${price.prompt:.2f} + "
            f"{completion:,} x ${price.completion:.2f} a million",
        )

    def speech(self, provider: str, characters: int) -> Cost:
        """What it costs to have text spoken."""
        if provider in self.free:
            return _nothing(provider)
        if (price := self.usd_per_million_characters.get(provider)) is None:
            return self._unpriced(provider)
        return Cost(
            usd=characters * price / _MILLION,
            arithmetic=f"{provider}, {characters:,} characters x ${price:.2f} a million",
        )

    def _unpriced(self, name: str) -> Cost:
        return Cost(usd=None, arithmetic=f"{name} is unpriced: no price of it as of {self.as_of}")


def _nothing(name: str) -> Cost:
    return Cost(usd=0.0, arithmetic=f"{name}, on this machine: nothing is charged")
