"""The form of a baseline file: read by `cutdown.metrics.regression`, published as a JSON Schema.

One run as ``optimize --metrics-output`` writes it has the first five fields. A benchmark adds what
it ran on and every single run, so that a comparison can tell a change from noise.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from statistics import quantiles
from typing import Annotated, Any, Final, Literal

from pydantic import AwareDatetime, Field, ValidationError, model_validator

from cutdown.errors import UsageError
from cutdown.metrics.machine import Hardware
from cutdown.metrics.records import RECORD_OF_PHASE, Count, Measure
from cutdown.timebase import Frozen

THRESHOLD: Final = 0.2  # how much slower than a baseline is too slow
PHASES: Final = tuple(RECORD_OF_PHASE)
TOTAL: Final = "total"
"""The sum of the phases, where a figure is one of the pipeline and not of a phase."""
PROCESS: Final = "process"
"""The whole program as seen from outside: start-up, phases, files."""

Share = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]


class Video(Frozen):
    """What was put in."""

    duration: Annotated[float, Field(gt=0, allow_inf_nan=False)]
    """Seconds."""
    resolution: str | None = Field(default=None, pattern=r"^\d+x\d+$")
    fps: Measure | None = None


class Performance(Frozen):
    """Wall seconds by phase; null for a phase that did not run."""

    phase1_time: Measure | None = None
    phase2_time: Measure | None = None
    phase3_time: Measure | None = None
    phase4_time: Measure | None = None
    total_time: Measure

    @model_validator(mode="after")
    def _measured_something(self) -> Performance:
        if self.total_time <= 0:
            raise ValueError("total_time is 0: nothing was measured")
        return self

    def seconds(self) -> dict[str, float]:
        """Wall seconds by the phase's full name, and of all together."""
        short = {phase.partition("_")[0]: phase for phase in PHASES}
        found = {short[name]: getattr(self, f"{name}_time") for name in short}
        return {name: time for name, time in {**found, TOTAL: self.total_time}.items() if time is not None}


class Cost(Frozen):
    """US dollars; null where a price is not known."""

    total: Measure | None


class Figures(Frozen):
    """What one phase of one run took, in seconds."""

    wall: Measure
    cpu: Measure


class Run(Frozen):
    """One run of the program in a process of its own."""

    began: AwareDatetime
    phases: dict[str, Figures]
    """By the phase's name, those that were worked for; ``total`` their sum, ``process`` all of it from outside."""
    yardstick_cpu: Measure
    """CPU seconds of a fixed piece of work just before: how fast the machine was then."""
    others_share: Share
    """Of the whole machine, what other programs used meanwhile."""
    peak_memory_mb: Measure
    output_seconds: Measure


class Spread(Frozen):
    """Median and quartiles of a figure over the runs, in seconds."""

    median: Measure
    lower_quartile: Measure
    upper_quartile: Measure

    @classmethod
    def of(cls, values: Iterable[float]) -> Spread:
        """The spread of one value or more."""
        given = list(values)
        low, middle, high = quantiles(given, n=4, method="inclusive") if len(given) > 1 else 3 * given
        return cls(median=middle, lower_quartile=low, upper_quartile=high)


class PhaseSpread(Frozen):
    """The spread of a phase's wall and CPU seconds."""

    wall: Spread
    cpu: Spread


class Case(Frozen):
    """One video, cold or warm, with every run."""

    name: str
    mode: Literal["cold", "warm"]
    """``cold``: an empty state folder; ``warm``: the same command once more."""
    video: Video
    runs: tuple[Run, ...] = Field(min_length=1)
    spread: dict[str, PhaseSpread]

    @model_validator(mode="after")
    def _every_run_can_be_compared(self) -> Case:
        for run in self.runs:
            if PROCESS not in run.phases or run.phases[PROCESS].wall <= 0 or run.yardstick_cpu <= 0:
                raise ValueError(f"a run tells no time of '{PROCESS}', or none of its yardstick")
        return self

    @property
    def key(self) -> tuple[str, str]:
        """What makes two cases comparable."""
        return self.name, self.mode


class Made(Frozen):
    """When, from what, and with what the figures were made."""

    at: AwareDatetime
    commit: str | None
    """Git commit of the checkout; null outside one."""
    changed: bool
    """Whether the checkout differed from its commit."""
    versions: dict[str, str]
    cores: Count
    quick: bool = False
    handicap: dict[str, float] = Field(default_factory=dict)
    """Phases that were made slower on purpose, and by what share."""


class Baseline(Frozen):
    """Times and cost beside the machine; of a benchmark the medians of its first cold case."""

    hardware: Hardware
    video: Video
    performance: Performance
    cost: Cost
    cached_phases: tuple[str, ...] = ()
    made: Made | None = None
    cases: tuple[Case, ...] = ()

    @classmethod
    def read(cls, path: Path) -> Baseline:
        """A baseline from its file; fields that are not known here are passed over.

        Raises:
            UsageError: names the file, the fault, and what to do.
        """
        try:
            raw: Any = json.loads(path.read_text(encoding="utf-8"))
        except OSError as error:
            raise UsageError(
                f"cannot read the baseline '{path}': {error.strerror}; check the path"
            ) from error
        except ValueError as error:
            raise UsageError(f"'{path}' is not a baseline: it is not JSON ({error}); {_HOW}") from error
        if not isinstance(raw, dict):
            raise UsageError(f"'{path}' is not a baseline: it holds no JSON object; {_HOW}")
        try:
            return cls.model_validate(raw, extra="ignore")
        except ValidationError as error:
            fault = error.errors(include_url=False)[0]
            field = ".".join(str(part) for part in fault["loc"])
            raise UsageError(f"'{path}' is not a baseline: {field}: {fault['msg']}; {_HOW}") from error

    def comparable_cases(self) -> Mapping[tuple[str, str], Case]:
        """The benchmark's cases by what makes them comparable."""
        return {case.key: case for case in self.cases}


_HOW: Final = "make one with ./run.sh benchmark --out FILE, or optimize --metrics-output FILE"


def spread_of(runs: Iterable[Run]) -> dict[str, PhaseSpread]:
    """Medians and quartiles of every phase that all runs have."""
    given = list(runs)
    names = [name for name in given[0].phases if all(name in run.phases for run in given)]
    return {
        name: PhaseSpread(
            wall=Spread.of(run.phases[name].wall for run in given),
            cpu=Spread.of(run.phases[name].cpu for run in given),
        )
        for name in names
    }


def baseline_schema() -> dict[str, Any]:
    """The JSON Schema of a baseline file."""
    schema = Baseline.model_json_schema()
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Cutdown baseline",
        **{name: value for name, value in schema.items() if name != "title"},
    }
