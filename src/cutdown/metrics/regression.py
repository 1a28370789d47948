"""Is the current measurement slower than the baseline? A decision over data, with its doubt.

For each phase the ratio of the medians stands beside its bootstrap interval (Efron and Tibshirani, *An
Introduction to the Bootstrap*, 1993, chapter 13: percentile interval). Both say what is known:

- ``slower``: the ratio is beyond the threshold, and the interval lies above 1.
- ``steady``: the interval ends below the threshold.
- ``no evidence``: neither; the runs differ too much among themselves, or are too few.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from statistics import median
from typing import Final, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from cutdown.errors import UsageError
from cutdown.metrics.baseline_form import (
    PHASES,
    PROCESS,
    THRESHOLD,
    TOTAL,
    Baseline,
    Case,
    PhaseSpread,
    Run,
    spread_of,
)

Verdict = Literal["slower", "steady", "no evidence"]
Measure = Literal["wall", "CPU"]

_DRAWS: Final = 4000  # the interval's ends then move by less than 0.2 points between seeds
_CONFIDENCE: Final = 0.98  # two-sided: 1 % on the side that counts; several phases are looked at
# Chosen. Repeated runs differed by 1 to 4 % in CPU seconds; one alone does not say whether the machine was quiet.
_FEW_RUNS_DOUBT: Final = 0.08
_ENOUGH_RUNS: Final = 3  # fewer say nothing about how they differ
QUIET_SHARE: Final = 0.05  # of the machine: what other programs may use while wall time still tells
_NEGLIGIBLE: Final = 0.01  # of the whole, in time: a phase so short is start-up and chance
_SMALL: Final = 0.05  # of the whole: a fifth of it would be lost in the noise of the total


class Row(NamedTuple):
    """One phase of one case."""

    case: str
    """Such as ``pattern-300 cold``; empty where single runs are compared."""
    phase: str
    measure: Measure
    before: float
    """Median seconds, of the baseline."""
    now: float
    ratio: float
    """Current against baseline; CPU seconds each in units of their own yardstick where there are yardsticks."""
    low: float
    high: float
    verdict: Verdict
    share: float
    """Of the whole, in wall time of the baseline."""

    @property
    def counts(self) -> bool:
        """Whether it decides: a phase that takes next to no time is shown, but decides nothing."""
        return self.share >= _NEGLIGIBLE


class Comparison(NamedTuple):
    """The whole answer."""

    rows: tuple[Row, ...]
    threshold: float
    rule: str
    """Which measure was taken, and why."""
    notes: tuple[str, ...]

    @property
    def slower(self) -> tuple[Row, ...]:
        """What regressed."""
        return tuple(row for row in self.rows if row.counts and row.verdict == "slower")

    @property
    def unsure(self) -> tuple[Row, ...]:
        """What cannot be told, and would matter: of a small phase only the row tells its doubt."""
        return tuple(row for row in self.rows if row.share >= _SMALL and row.verdict == "no evidence")


def compare(
    baseline: Baseline, current: Baseline, threshold: float = THRESHOLD, *, seed: int = 0
) -> Comparison:
    """Compare a measurement with an earlier one, by phase and in total.

    Args:
        baseline: the earlier one.
        current: the one in question.
        threshold: how much slower is too slow: 0.2 is 20 %.
        seed: of the bootstrap; the same files give the same answer.

    Raises:
        UsageError: the two have no video in common, or a phase's times are no work.
    """
    chance = np.random.default_rng(seed)
    known = baseline.comparable_cases()
    pairs = [(known[case.key], case) for case in current.cases if case.key in known]
    notes = tuple(_notes(baseline, current, len(pairs)))
    if pairs:
        measure, rule = _choose_measure(pairs)
        rows = [row for before, now in pairs for row in _of_case(before, now, measure, threshold, chance)]
        return Comparison(tuple(rows), threshold, rule, notes)
    _require_same_work(baseline, current)
    rule = "wall seconds: a single run says nothing else, and nothing about its noise"
    return Comparison(tuple(_of_single_runs(baseline, current, threshold)), threshold, rule, notes)


def _notes(baseline: Baseline, current: Baseline, pairs: int) -> Iterator[str]:
    if baseline.hardware != current.hardware:
        before, now = (
            ", ".join(each.model_dump().values()) for each in (baseline.hardware, current.hardware)
        )
        yield f"measured on different machines ({before}; now {now}): a difference may be the machine's"
    if not pairs:
        yield f"single runs: each is taken to be off by {_FEW_RUNS_DOUBT:.0%} (standard deviation)"
        if alone := _only_in_one(baseline, current):
            yield f"only in one of the two, so that their totals say nothing: {', '.join(alone)}"
    left_out = {case.key for case in baseline.cases} ^ {case.key for case in current.cases}
    if pairs and left_out:
        yield "only in one of the two: " + ", ".join(sorted(" ".join(key) for key in left_out))


def _choose_measure(pairs: Sequence[tuple[Case, Case]]) -> tuple[Measure, str]:
    """Wall time is what a user feels; CPU time is what is left where others use the machine."""
    busiest = max(
        median(run.others_share for run in case.runs) for before_and_now in pairs for case in before_and_now
    )
    if busiest <= QUIET_SHARE:
        return "wall", f"wall seconds: other programs used {busiest:.0%} of the machine at most"
    return "CPU", (
        f"CPU seconds by the yardstick: other programs used up to {busiest:.0%} of the machine, "
        f"more than the {QUIET_SHARE:.0%} at which wall time still tells"
    )


def _of_case(
    before: Case, now: Case, measure: Measure, threshold: float, chance: np.random.Generator
) -> Iterator[Row]:
    spread_before, spread_now = spread_of(before.runs), spread_of(now.runs)
    whole = spread_before[PROCESS].wall.median
    for phase in (*PHASES, TOTAL, PROCESS):
        one, other = _values(before.runs, phase, measure), _values(now.runs, phase, measure)
        if one is None or other is None:
            continue
        ratio, low, high = _ratio(one, other, chance)
        seconds_before, seconds_now = (
            _seconds(spread[phase], measure) for spread in (spread_before, spread_now)
        )
        share = spread_before[phase].wall.median / whole
        verdict = _verdict(ratio, low, high, threshold)
        name = f"{before.name} {before.mode}"
        yield Row(name, phase, measure, seconds_before, seconds_now, ratio, low, high, verdict, share)


def _seconds(spread: PhaseSpread, measure: Measure) -> float:
    return spread.wall.median if measure == "wall" else spread.cpu.median


def _values(runs: Sequence[Run], phase: str, measure: Measure) -> NDArray[np.float64] | None:
    """A phase's figure in every run; None where some run has none, or takes no time that is measurable."""
    if not all(phase in run.phases for run in runs):
        return None
    if measure == "wall":
        values = np.array([run.phases[phase].wall for run in runs])
    else:
        values = np.array([run.phases[phase].cpu / run.yardstick_cpu for run in runs])
    return values if (values > 0).all() else None


def _ratio(
    before: NDArray[np.float64], now: NDArray[np.float64], chance: np.random.Generator
) -> tuple[float, float, float]:
    """The ratio of the medians, and its interval."""
    ratio = float(np.median(now) / np.median(before))
    if min(len(before), len(now)) < _ENOUGH_RUNS:
        return ratio, *_interval_of_few(ratio, len(before), len(now))
    drawn = [np.median(chance.choice(values, (_DRAWS, len(values))), axis=1) for values in (before, now)]
    tails = (1 - _CONFIDENCE) / 2 * 100
    low, high = np.percentile(drawn[1] / drawn[0], [tails, 100 - tails])
    return ratio, float(low), float(high)


def _interval_of_few(ratio: float, before: int, now: int) -> tuple[float, float]:
    """An interval from what runs usually differ by, where there are too few to see it."""
    doubt = 2.33 * _FEW_RUNS_DOUBT * (1 / before + 1 / now) ** 0.5  # 2.33: the normal's 99 % point
    return ratio * float(np.exp(-doubt)), ratio * float(np.exp(doubt))


def _verdict(ratio: float, low: float, high: float, threshold: float) -> Verdict:
    if ratio > 1 + threshold and low > 1:
        return "slower"
    return "steady" if high <= 1 + threshold else "no evidence"


def _require_same_work(baseline: Baseline, current: Baseline) -> None:
    if baseline.video != current.video:
        raise UsageError(
            f"the two measured different videos ({_told(baseline)}; now {_told(current)}); "
            "measure the same one with both"
        )
    before, now = (_phases(document) for document in (baseline, current))
    if before and now and not before & now:
        raise UsageError(
            f"the two have no phase in common ({', '.join(sorted(before))}; now {', '.join(sorted(now))}); "
            "measure the same work with both"
        )
    for which, document in (("baseline", baseline), ("current", current)):
        if document.cached_phases:
            raise UsageError(
                f"in the {which} measurement {', '.join(document.cached_phases)} found its answer instead of "
                "working; measure with an empty state folder (CUTDOWN_HOME)"
            )


def _told(document: Baseline) -> str:
    video = document.video
    rate = "" if video.fps is None else f", {video.fps:g} frames/s"
    return f"{video.duration:g} s, {video.resolution or 'no picture'}{rate}"


def _phases(document: Baseline) -> set[str]:
    return document.performance.seconds().keys() - {TOTAL}


def _only_in_one(baseline: Baseline, current: Baseline) -> tuple[str, ...]:
    """Phases that one of two single runs did not come to, such as a dry run; none where one tells its total alone."""
    before, now = _phases(baseline), _phases(current)
    return tuple(sorted(before ^ now)) if before and now else ()


def _of_single_runs(baseline: Baseline, current: Baseline, threshold: float) -> Iterator[Row]:
    before, now = baseline.performance.seconds(), current.performance.seconds()
    for phase in PHASES if _only_in_one(baseline, current) else (*PHASES, TOTAL):
        if phase not in before or phase not in now or not before[phase] or not now[phase]:
            continue
        ratio = now[phase] / before[phase]
        low, high = _interval_of_few(ratio, 1, 1)
        share = before[phase] / before[TOTAL]
        verdict = _verdict(ratio, low, high, threshold)
        yield Row("", phase, "wall", before[phase], now[phase], ratio, low, high, verdict, share)
