"""How fast the time passes in which nobody speaks, by what it is: defaults as data, in ``pacing.yaml``."""

from __future__ import annotations

import functools
import math
from collections.abc import Mapping
from fractions import Fraction
from importlib.resources import files
from typing import Final, Literal

import yaml
from pydantic import Field

from cutdown.plan import FASTEST, Activity
from cutdown.timebase import Frozen

_SLOWEST: Final = 2.0  # times as fast; less is not worth a change of speed


class Pace(Frozen):
    """What becomes of one kind of time; times in ms. See ``pacing.yaml``."""

    still: Literal["cut", "keep"]
    moving: Literal["faster", "keep"]
    longest: int = Field(ge=0)
    shortest: int = Field(ge=0)
    fastest: float = Field(ge=_SLOWEST, le=FASTEST)
    beat: int = Field(ge=0)
    result: int = Field(ge=0)

    def factor(self, length: int) -> Fraction:
        """How many times as fast ``length`` ms of movement are shown.

        Half a minute shows in about four seconds, ten seconds in two and a half, as far as `fastest` allows.
        """
        seconds = length / 1000
        wanted = seconds / (0.8 + 0.45 * math.sqrt(seconds))
        return Fraction(round(2 * min(self.fastest, max(_SLOWEST, wanted))), 2)


Paces = Mapping[Activity, Pace]


class _Pacing(Frozen):
    beside_speech: dict[Activity, Pace]
    without_speech: dict[Activity, Pace]


@functools.cache
def _pacing() -> _Pacing:
    text = (files("cutdown.director") / "pacing.yaml").read_text(encoding="utf-8")
    return _Pacing.model_validate(yaml.safe_load(text))


def paces_beside_speech() -> Paces:
    """Of the silences of a talk."""
    return _pacing().beside_speech


def paces_without_speech() -> Paces:
    """Of a recording in which nobody speaks."""
    return _pacing().without_speech
