"""Whether the output is as loud as asked for, and nowhere louder than allowed."""

from __future__ import annotations

from fractions import Fraction
from typing import Final

from cutdown.certificate import Check, Measured
from cutdown.settings import RenderOptions
from cutdown.verify.listen import Heard

LOUDNESS_TOLERANCE: Final = 1.0  # LU; EBU R128 allows 0.5 for files that are made, 1 for live sound
PEAK_TOLERANCE: Final = 0.5  # dB; lossy coding moves peaks a little
SHORTEST: Final = Fraction(3)  # seconds; the gated measure needs several 400 ms blocks of programme


def check_loudness(
    heard: Heard | None, duration: Fraction, options: RenderOptions, *, speech: bool
) -> tuple[Check, Check]:
    """The checks ``loudness`` (integrated, EBU R128) and ``true-peak``.

    Args:
        heard: the output's sound; None where it has none.
        duration: of the output, in seconds.
        options: the loudness and the peak that were asked for.
        speech: whether anything is said; a mere room may stay quieter than asked for.
    """
    return _integrated(heard, duration, options.loudness, speech=speech), _peak(heard, options.true_peak)


def _integrated(heard: Heard | None, duration: Fraction, target: float, *, speech: bool) -> Check:
    loudness = heard.loudness if heard else None
    reason = (
        "the output has no sound"
        if heard is None
        else "nothing in it is above the meter's gate of -70 LUFS"
        if loudness is None
        else f"{float(duration):.1f} s are too short for the gated measure"
        if duration < SHORTEST
        else f"nobody speaks, and the rest is only {loudness:.1f} LUFS"
        if not speech and loudness < target - LOUDNESS_TOLERANCE
        else None
    )
    passed = reason is not None or (loudness is not None and abs(loudness - target) <= LOUDNESS_TOLERANCE)
    return Check(
        name="loudness",
        passed=passed,
        measured=reason is None,
        values=(
            Measured(name="integrated", value=loudness, unit="LUFS"),
            Measured(name="asked for", value=target, unit="LUFS"),
        ),
        limit=f"{target:g} LUFS, {LOUDNESS_TOLERANCE:g} LU more or less",
        note=f"not measurable: {reason}" if reason else f"{loudness:.1f} LUFS",
    )


def _peak(heard: Heard | None, limit: float) -> Check:
    peak = heard.true_peak if heard else None
    return Check(
        name="true-peak",
        passed=peak is None or peak <= limit + PEAK_TOLERANCE,
        measured=peak is not None,
        values=(
            Measured(name="highest", value=peak, unit="dBTP"),
            Measured(name="asked for", value=limit, unit="dBTP"),
        ),
        limit=f"at most {limit:g} dBTP, {PEAK_TOLERANCE:g} dB of coding allowed",
        note="not measurable: nothing is heard" if peak is None else f"{peak:.1f} dBTP",
    )
