"""Exact time: what is written is what is read, and rounding never adds up."""

from __future__ import annotations

from fractions import Fraction

import pytest
from pydantic import BaseModel, ValidationError

from cutdown.timebase import Ratio, Seconds, Span, frame_at, sample_of_frame


class Moment(BaseModel):
    at: Seconds


class Rate(BaseModel):
    rate: Ratio


@pytest.mark.parametrize("written", [0, 0.1, 1 / 3, 12345.678901, 86_399.999999])
def test_seconds_read_back_as_written(written: float) -> None:
    moment = Moment(at=written)
    assert Moment.model_validate_json(moment.model_dump_json()) == moment


@pytest.mark.parametrize("rate", [Fraction(30000, 1001), Fraction(24000, 1001), Fraction(25)])
def test_rates_read_back_as_written(rate: Fraction) -> None:
    assert Rate.model_validate_json(Rate(rate=rate).model_dump_json()).rate == rate


@pytest.mark.parametrize("bad", [-1, "soon", float("nan"), float("inf"), None])
def test_what_is_no_time_is_refused(bad: object) -> None:
    with pytest.raises(ValidationError):
        Moment(at=bad)


@pytest.mark.parametrize(("start", "end"), [(2, 1), (1, 1)])
def test_a_backwards_or_empty_span_cannot_be_made(start: int, end: int) -> None:
    with pytest.raises(ValidationError, match="not after its start"):
        Span(start=start, end=end)


def test_samples_of_frames_never_drift() -> None:
    rate = Fraction(30000, 1001)
    frames = 3 * 3600 * 30
    assert sample_of_frame(frames, rate) == round(Fraction(frames * 1001 * 48000, 30000))
    assert abs(Fraction(sample_of_frame(frames, rate), 48000) - frames / rate) <= Fraction(1, 96000)


def test_a_moment_goes_to_the_nearest_frame() -> None:
    assert frame_at(Fraction(1, 3), Fraction(30)) == 10
    assert frame_at(Fraction(349, 1000), Fraction(30)) == 10
    assert frame_at(Fraction(351, 1000), Fraction(30)) == 11
