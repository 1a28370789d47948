"""``python -m benchmarks.regression_tries BASELINE``: does the regression check cry wolf, and does it sleep?

Takes the runs of a real benchmark. A try draws two new measurements from them, with replacement, blurs every run by the
spread that the real ones show, makes one phase of the second slower, and asks the check. Prints how many tries of
twenty found a regression, by phase and by how much slower it was made.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Final

import numpy as np
from rich.console import Console
from rich.table import Table

from cutdown.errors import CutdownError, UsageError
from cutdown.metrics.baseline_form import PHASES, PROCESS, TOTAL, Baseline, Case, Figures, Run, spread_of
from cutdown.metrics.regression import compare

_TRIES: Final = 20
_SLOWER: Final = (0.0, 0.05, 0.3, 0.5)
_RUNS: Final = 5  # of a measurement, as the benchmark makes them


def tries(real: Baseline, phase: str, slower: float) -> list[bool]:
    """For every try, whether the check found a regression.

    Args:
        real: a benchmark with two runs or more of each case.
        phase: which one is made slower.
        slower: by what share.
    """
    found = []
    for number in range(_TRIES):
        chance = np.random.default_rng(number)
        before = _drawn(real, chance, {})
        now = _drawn(real, chance, {phase: 1 + slower})
        found.append(bool(compare(before, now).slower))
    return found


def spread_by_yardstick(case: Case, phase: str) -> float:
    """How much the runs' CPU seconds, each by its yardstick, differ: standard deviation of the logarithm."""
    figures = [run.phases[phase].cpu / run.yardstick_cpu for run in case.runs]
    return float(np.std(np.log(figures), ddof=1))


def _drawn(real: Baseline, chance: np.random.Generator, factors: dict[str, float]) -> Baseline:
    cases = []
    for case in real.cases:
        blur = {name: spread_by_yardstick(case, name) for name in case.spread if name in PHASES}
        runs = [
            _blurred(case.runs[chance.integers(len(case.runs))], blur, factors, chance) for _ in range(_RUNS)
        ]
        cases.append(case.model_copy(update={"runs": tuple(runs), "spread": spread_of(runs)}))
    return real.model_copy(update={"cases": tuple(cases)})


def _blurred(run: Run, blur: dict[str, float], factors: dict[str, float], chance: np.random.Generator) -> Run:
    """A run like this one, with a phase slower; what the phases gain is added to the whole."""
    phases = dict(run.phases)
    for phase, spread in blur.items():
        factor = factors.get(phase, 1.0) * float(chance.lognormal(0, spread))
        old = phases[phase]
        phases[phase] = Figures(wall=old.wall * factor, cpu=old.cpu * factor)
        for whole in (TOTAL, PROCESS):
            phases[whole] = Figures(
                wall=phases[whole].wall + max(-phases[whole].wall, old.wall * (factor - 1)),
                cpu=phases[whole].cpu + max(-phases[whole].cpu, old.cpu * (factor - 1)),
            )
    return run.model_copy(update={"phases": phases})


def main() -> int:
    """Print the table."""
    options = argparse.ArgumentParser(prog="python -m benchmarks.regression_tries", description=__doc__)
    options.add_argument("baseline", type=Path)
    try:
        real = Baseline.read(options.parse_args().baseline)
        if not real.cases or min(len(case.runs) for case in real.cases) < 2:
            raise UsageError(
                "the tries need a benchmark with two runs or more; make one with ./run.sh benchmark"
            )
    except CutdownError as error:
        print(f"error: {error}", file=sys.stderr)
        return error.exit_code
    table = Table(title=f"tries of {_TRIES} that found a regression, {_RUNS} runs a measurement")
    for heading in ("phase", "its spread", *(f"{slower:+.0%}" for slower in _SLOWER)):
        table.add_column(heading, justify="left" if heading == "phase" else "right")
    for phase in ("phase1_ingest", "phase4_assembly"):
        spread = max(spread_by_yardstick(case, phase) for case in real.cases if phase in case.spread)
        counts = (f"{sum(tries(real, phase, slower))}" for slower in _SLOWER)
        table.add_row(phase, f"{spread:.1%}", *counts)
    console = Console(width=100)
    console.print(table)
    console.print(compare(real, real).rule, highlight=False)
    return 0


if __name__ == "__main__":
    sys.exit(main())
