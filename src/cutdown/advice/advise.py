"""From a run to advice: what was wrong, and the one setting that would have helped most."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from string import Formatter
from typing import Any

from cutdown.advice.case import Case
from cutdown.advice.facts import facts_of
from cutdown.advice.rules import Fact, Rate, Rule, RuleBook, Trouble, Unit, rule_book
from cutdown.timebase import Frozen


class Advice(Frozen):
    """One setting that would have helped, and by how much."""

    rule: str
    evidence: str
    recommend: str
    """An option as it is typed."""
    gain: float
    unit: Unit
    gives_up: str
    source: str
    """Where the expected gain comes from."""

    def sentence(self) -> str:
        """All of it in one line."""
        saves = said(self.gain, self.unit)
        rough = "about " if self.unit != "$" else ""
        return f"{self.evidence}; {self.recommend} would save {rough}{saves}" + (
            f", {self.gives_up}" if self.gives_up else ""
        )


class Finding(Frozen):
    """Something that was wrong with a run, and the advice on it, where there is any."""

    trouble: Trouble
    finding: str
    advice: Advice | None = None
    same_as: Trouble | None = None
    """The finding whose advice helps here too."""


def advise(case: Case, book: RuleBook | None = None) -> tuple[Finding, ...]:
    """What was wrong with a run, each with the setting that would have helped most.

    Nothing for a run that was fast, cheap and smooth enough. Within a finding, the slowest (or
    dearest) phase comes first, then the larger gain; a setting that costs money only where no free
    one of that phase helps. A phase that was found in the cache, a setting that is in force, a service
    out of reach and a gain below the rule book's bound are never advised on.

    Args:
        case: the run.
        book: the rules; those that are shipped where not given.
    """
    book = book or rule_book()
    facts = facts_of(case, book.rates)
    findings: list[Finding] = []
    for trigger in book.triggers:
        if not trigger.hold(facts):
            continue
        advice = best(trigger.name, case, facts, book)
        same = _already(advice, findings)
        findings.append(
            Finding(
                trouble=trigger.name,
                finding=_filled(trigger.finding, facts),
                advice=None if same else advice,
                same_as=same,
            )
        )
    return tuple(findings)


def troubled(case: Case) -> bool:
    """Whether anything was wrong at all; asks nothing of the machine."""
    book = rule_book()
    facts = facts_of(case, book.rates)
    return any(trigger.hold(facts) for trigger in book.triggers)


def best(trouble: Trouble, case: Case, facts: Mapping[str, Fact], book: RuleBook) -> Advice | None:
    """The setting that would help most against one trouble."""
    weight = _weights(case, trouble)
    worked = {record.phase for record in case.records if not record.cached}
    found = [
        (rule, advice)
        for rule in book.rules
        if trouble in rule.helps and rule.phase in worked and (advice := _followed(rule, facts, book))
    ]
    found.sort(key=lambda each: (-weight.get(each[0].phase, 0.0), each[0].paid, -each[1].gain))
    return found[0][1] if found else None


def _weights(case: Case, trouble: Trouble) -> dict[str, float]:
    """How much each phase has to do with a trouble."""
    if trouble == "costly":
        return {record.phase: float(getattr(record, "estimated_cost", 0) or 0) for record in case.records}
    if trouble == "memory":
        return {record.phase: record.peak_memory_mb for record in case.records}
    return {record.phase: record.elapsed_seconds for record in case.records}


def _followed(rule: Rule, facts: Mapping[str, Fact], book: RuleBook) -> Advice | None:
    """What a rule advises, where it applies and helps enough."""
    whole = facts.get(rule.of)
    rate = book.rates[rule.rate] if rule.rate else None
    if not rule.hold(facts) or not isinstance(whole, int | float):
        return None
    gain = _gain(rule, float(whole), rate, facts)
    total = {"s": facts["total_seconds"], "$": facts["total_usd"], "MB": facts["peak_mb"]}[rule.unit]
    if gain is None or not isinstance(total, int | float) or not book.least.allows(gain, total, rule.unit):
        return None
    more = {**facts, "share": float(whole) / total}
    gives_up = rule.gives_up or (rate.gives_up if rate else "")
    return Advice(
        rule=rule.name,
        evidence=_filled(rule.evidence, more),
        recommend=_filled(rule.recommend, more),
        gain=gain,
        unit=rule.unit,
        gives_up=_filled(gives_up, more),
        source=f"{rate.source}, {rate.as_of}" if rate else "this run's own figures",
    )


def _gain(rule: Rule, whole: float, rate: Rate | None, facts: Mapping[str, Fact]) -> float | None:
    if rate is None or rule.changes is None:
        return whole
    saves = rate.saves_mb if rule.unit == "MB" else rate.saves
    share = saves.get(str(facts.get(rule.changes)))
    if share is None:
        return None
    return share if rule.unit == "MB" else whole * share


def _already(advice: Advice | None, findings: Iterable[Finding]) -> Trouble | None:
    """The finding before that is answered by the same setting."""
    for finding in findings:
        if advice and finding.advice and finding.advice.recommend == advice.recommend:
            return finding.trouble
    return None


def said(value: float, unit: str) -> str:
    """An amount as people say it."""
    if unit == "$":
        return f"${value:.2f}" if value >= 0.1 else f"${value:.4f}"
    if unit == "MB":
        return f"{value:,.0f} MB"
    if value < 90:
        return f"{value:.0f} s" if value >= 10 else f"{value:.1f} s"
    return f"{value / 60:.0f} min" if value < 5400 else f"{value / 3600:.1f} h"


class _Words(Formatter):
    """Fills facts into sentences: ``{x:s}`` seconds, ``{x:time}`` a length, ``{x:$}``, ``{x:MB}``, ``{x:%}``."""

    def format_field(self, value: Any, format_spec: str) -> str:
        match format_spec:
            case "time" | "$" | "MB":
                return said(value, format_spec)
            case "s":
                return f"{value:.0f} s" if value >= 10 else f"{value:.1f} s"
            case "%":
                return f"{100 * value:.0f} %"
        return str(super().format_field(value, format_spec))


def _filled(template: str, facts: Mapping[str, Fact]) -> str:
    return _Words().vformat(template, (), facts)


def advices(findings: Sequence[Finding]) -> tuple[Advice, ...]:
    """The advice alone, in order."""
    return tuple(finding.advice for finding in findings if finding.advice)
