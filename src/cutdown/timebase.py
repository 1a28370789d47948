"""Exact time: fractions of a second, integer frames, integer samples.

A float is only ever a way to write a time down. Times that are read are held to the
microsecond, so that writing one and reading it back gives the same fraction.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Annotated, Any, Final

from pydantic import BaseModel, BeforeValidator, ConfigDict, PlainSerializer, WithJsonSchema, model_validator

SAMPLE_RATE: Final = 48_000  # Hz; every sound inside the engine, and in the output
_MICRO: Final = 1_000_000


def exact_seconds(value: Any) -> Fraction:
    """Seconds as a fraction, held to the microsecond.

    Args:
        value: an int, float, decimal string or fraction, in seconds.

    Raises:
        ValueError: when the value is negative, not a number, or not finite.
    """
    try:
        micros = round(Fraction(value) * _MICRO)
    except (ValueError, TypeError, OverflowError, ZeroDivisionError) as error:
        raise ValueError(f"{value!r} is not a time in seconds") from error
    if micros < 0:
        raise ValueError(f"{value!r} is a negative time")
    return Fraction(micros, _MICRO)


def _exact_ratio(value: Any) -> Fraction:
    try:
        ratio = Fraction(value).limit_denominator(_MICRO)
    except (ValueError, TypeError, OverflowError, ZeroDivisionError) as error:
        raise ValueError(f"{value!r} is not a ratio such as 4, 1.5 or 30000/1001") from error
    if ratio <= 0:
        raise ValueError(f"{value!r} is not above 0")
    return ratio


Seconds = Annotated[
    Fraction,
    BeforeValidator(exact_seconds),
    PlainSerializer(float, return_type=float, when_used="json"),
    WithJsonSchema({"type": "number", "minimum": 0, "description": "seconds"}),
]
"""A moment or a length; written as a JSON number of seconds with at most six decimals."""

Ratio = Annotated[
    Fraction,
    BeforeValidator(_exact_ratio),
    PlainSerializer(str, return_type=str, when_used="json"),
    WithJsonSchema({"type": ["string", "number"], "examples": ["30000/1001", "4", 1.5]}),
]
"""A rate or a factor, above 0; written as a string such as ``30000/1001``."""


class Frozen(BaseModel):
    """The base of everything that crosses a phase: immutable, strict about names."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Span(Frozen):
    """A stretch of the source timeline, in seconds; a backwards or empty one cannot be made."""

    start: Seconds
    end: Seconds

    @model_validator(mode="after")
    def _runs_forward(self) -> Span:
        if self.end <= self.start:
            raise ValueError(
                f"ends at {float(self.end):.3f} s, not after its start at {float(self.start):.3f} s"
            )
        return self

    @property
    def duration(self) -> Fraction:
        """Length in seconds."""
        return self.end - self.start

    def overlap(self, other: Span) -> Fraction:
        """Seconds that both cover; 0 where they do not meet."""
        return max(Fraction(0), min(self.end, other.end) - max(self.start, other.start))


def frame_at(moment: Fraction, rate: Fraction) -> int:
    """The frame of a grid of ``rate`` frames a second whose start lies nearest to ``moment``."""
    return round(moment * rate)


def sample_of_frame(frame: int, rate: Fraction, sample_rate: int = SAMPLE_RATE) -> int:
    """The first sample of a frame, from its absolute position, so that rounding never adds up."""
    return round(Fraction(frame * sample_rate) / rate)
