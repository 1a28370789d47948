"""The rate of the output's frame grid."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Final

from cutdown.errors import UsageError
from cutdown.recording import Recording

STANDARD_RATES: Final = tuple(Fraction(rate) for rate in (24, 25, 30, 50, 60))
SOUND_ONLY_RATE: Final = Fraction(30)
HIGHEST_RATE: Final = Fraction(60)  # every player shows it; more doubles the file for nothing on a screen
LOWEST_RATE: Final = Fraction(12)  # a coarser grid would move a cut by more than a twenty-fourth of a second
_NEAR: Final = Fraction(98, 100)  # a mean this near a standard rate is that rate with frames missing
_WANTED_LIMIT: Final = 240


def output_rate(recording: Recording, wanted: Fraction | None) -> Fraction:
    """Frames a second of the output.

    What the user wants; else the recording's own where it is constant (divided or multiplied by
    a whole number where that brings it to 12 to 60, so that frames stay evenly spaced). A
    variable rate gets the standard rate that its mean fits. A mean below 24 only tells how
    often nothing changed, so it gets 30. Sound alone gets 30.

    Raises:
        UsageError: when more than 240 frames a second, or none, are wanted.
    """
    if wanted is not None:
        if not 1 <= wanted <= _WANTED_LIMIT:
            raise UsageError(
                f"{float(wanted):g} frames a second cannot be made; choose from 1 to {_WANTED_LIMIT}, such as 30"
            )
        return wanted
    picture = recording.picture
    if picture is None:
        return SOUND_ONLY_RATE
    if not picture.variable_rate:
        return _brought_into_range(picture.rate)
    if picture.rate < STANDARD_RATES[0] * _NEAR:
        return SOUND_ONLY_RATE
    return next((rate for rate in STANDARD_RATES if rate >= picture.rate * _NEAR), HIGHEST_RATE)


def _brought_into_range(rate: Fraction) -> Fraction:
    if rate > HIGHEST_RATE:
        return rate / math.ceil(rate / HIGHEST_RATE)
    if rate < LOWEST_RATE:
        return rate * math.ceil(STANDARD_RATES[0] / rate)
    return rate
