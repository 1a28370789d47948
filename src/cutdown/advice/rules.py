"""The rules and the measured rates, as they stand in the data files beside this module."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from datetime import date
from importlib.resources import files
from typing import Any, Literal

import yaml
from pydantic import Field, model_validator

from cutdown.timebase import Frozen

Fact = float | str | None
Trouble = Literal["slow", "costly", "limited", "busy", "memory"]
Unit = Literal["s", "$", "MB"]


class Bound(Frozen):
    """A condition on a number; every part that is given has to hold."""

    above: float | None = None
    below: float | None = None

    def holds(self, value: Fact) -> bool:
        """Whether it is true of a value; never of one that is no number."""
        if not isinstance(value, int | float):
            return False
        return (self.above is None or value > self.above) and (self.below is None or value < self.below)


class Conditions(Frozen):
    """What must hold of the facts: a value, or a bound, by the fact's name."""

    when: Mapping[str, Bound | str | float] = Field(default_factory=dict)

    def hold(self, facts: Mapping[str, Fact]) -> bool:
        """Whether all of them do."""
        return all(
            wanted.holds(facts.get(name)) if isinstance(wanted, Bound) else facts.get(name) == wanted
            for name, wanted in self.when.items()
        )


class Trigger(Conditions):
    """What has to be wrong before anything is said."""

    name: Trouble
    finding: str


class Rate(Frozen):
    """What one setting saves against others, measured, with its date and where it comes from."""

    saves: Mapping[str, float] = Field(default_factory=dict)
    """Share of the time, by the setting that is in force now; one without an entry is not advised against."""
    saves_mb: Mapping[str, float] = Field(default_factory=dict)
    gives_up: str = ""
    as_of: date
    source: str


class Rule(Conditions):
    """One setting that may help: when, by how much, at what price."""

    name: str
    phase: str
    """The phase that does the work; advised on only where it was done, and not found in the cache."""
    helps: tuple[Trouble, ...]
    of: str
    """The fact that the gain is taken from: seconds, or dollars."""
    unit: Unit = "s"
    changes: str | None = None
    """The fact with the setting that is in force; the rate has to know it."""
    rate: str | None = None
    """Without one, all of ``of`` is saved."""
    paid: bool = False
    """Whether it costs money; such a rule is advised only where no other one of its phase helps."""
    evidence: str
    recommend: str
    gives_up: str = ""
    """Instead of the rate's own."""

    @model_validator(mode="after")
    def _rate_and_setting_together(self) -> Rule:
        if (self.rate is None) != (self.changes is None):
            raise ValueError(
                f"rule '{self.name}': a rate needs the setting that it changes, and the other way round"
            )
        return self


class Least(Frozen):
    """A gain below this is not worth a word."""

    share: float
    """Of the run's total, in each unit."""
    seconds: float
    usd: float
    mb: float

    def allows(self, gain: float, total: float, unit: Unit) -> bool:
        """Whether a gain is worth it."""
        least = {"s": self.seconds, "$": self.usd, "MB": self.mb}[unit]
        return gain >= least and gain >= self.share * total


class RuleBook(Frozen):
    """All of it."""

    least: Least
    triggers: tuple[Trigger, ...]
    rules: tuple[Rule, ...]
    rates: Mapping[str, Rate]

    @model_validator(mode="after")
    def _every_rate_is_there(self) -> RuleBook:
        missing = {rule.rate for rule in self.rules if rule.rate} - set(self.rates)
        if missing:
            raise ValueError(f"no rate named {', '.join(sorted(missing))}")
        return self


@functools.cache
def rule_book() -> RuleBook:
    """The rules that are shipped."""
    here = files("cutdown.advice")

    def read(name: str) -> Any:
        return yaml.safe_load(here.joinpath(name).read_text(encoding="utf-8"))

    return RuleBook.model_validate({**read("rules.yaml"), "rates": read("rates.yaml")})
