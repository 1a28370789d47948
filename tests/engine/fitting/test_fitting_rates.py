"""The output's frame rate."""

from __future__ import annotations

from fractions import Fraction

import pytest

from cutdown.errors import UsageError
from cutdown.fitting import output_rate
from cutdown.recording import Picture, Recording


def recording(rate: str | None, *, variable: bool = False) -> Recording:
    picture = rate and Picture(
        stream_index=0,
        codec="vp9",
        pixel_format="yuv420p",
        width=640,
        height=360,
        display_width=640,
        display_height=360,
        pixel_aspect=1,
        rate=rate,
        variable_rate=variable,
        frames=100,
        start=0,
    )
    return Recording(
        sha256="a" * 64,
        name="a.webm",
        size_bytes=1,
        container="webm",
        duration=9,
        picture=picture or None,
        audio=(),
    )


@pytest.mark.parametrize(
    ("rate", "variable", "expected"),
    [
        ("30000/1001", False, "30000/1001"),
        ("24000/1001", False, "24000/1001"),
        ("60", False, "60"),
        ("120", False, "60"),
        ("144", False, "48"),
        ("120000/1001", False, "60000/1001"),
        ("15", False, "15"),
        ("5", False, "25"),
        ("1", False, "24"),
        ("90.2", True, "60"),
        ("29.4", True, "30"),
        ("24.2", True, "24"),
        ("24.8", True, "25"),
        ("23.9", True, "24"),
        ("51.3", True, "60"),
        ("7.7", True, "30"),
        (None, False, "30"),
    ],
)
def test_rate_fits_what_the_stream_does(rate, variable, expected) -> None:
    assert output_rate(recording(rate, variable=variable), None) == Fraction(expected)


def test_the_wanted_rate_wins_within_reason() -> None:
    assert output_rate(recording("30"), Fraction(25)) == 25
    with pytest.raises(UsageError, match="1 to 240"):
        output_rate(recording("30"), Fraction(1000))
