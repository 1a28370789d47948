"""What the scaling of renders is written down as: series of renders, and the exponents that they show."""

from __future__ import annotations

import math
from collections.abc import Sequence

from benchmarks.render_job import Rendering
from cutdown.metrics import Hardware
from cutdown.metrics.baseline_form import Made
from cutdown.timebase import Frozen


def slope(points: Sequence[tuple[float, float]]) -> float:
    """The exponent of the power law through some points: least squares in logarithms."""
    logs = [(math.log(x), math.log(y)) for x, y in points]
    middle_x, middle_y = (sum(axis) / len(logs) for axis in zip(*logs, strict=True))
    spread = sum((x - middle_x) ** 2 for x, _ in logs)
    return sum((x - middle_x) * (y - middle_y) for x, y in logs) / spread


class Measured(Frozen):
    """What a trial took."""

    label: str
    amount: float
    output_seconds: float
    rendering: Rendering


class Series(Frozen):
    """All trials of one thing that is varied."""

    varied: str
    unit: str
    """What the cost of one is told for."""
    rows: tuple[Measured, ...]

    def exponent(self, figure: str) -> float:
        """Of a figure of `Rendering` against what is varied."""
        return slope([(row.amount, getattr(row.rendering, figure)) for row in self.rows])


class Edit(Frozen):
    """A plan rendered, and rendered again with one action changed."""

    first: Rendering
    second: Rendering

    @property
    def share(self) -> float:
        """CPU of the second render, the first one's = 1."""
        return self.second.cpu / self.first.cpu


class Scaling(Frozen):
    """All of it, with its circumstances."""

    hardware: Hardware
    made: Made
    series: tuple[Series, ...]
    edit: Edit
    picture_edit: Edit
    """The same plan without its sound, which is levelled and encoded as a whole each time."""
