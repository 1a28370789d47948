"""Loudness to EBU R128: estimated from what was mixed, corrected with one gain and a limiter, measured when encoded.

One constant gain for the whole (speech was evened out before, see `levelling`); the limiter acts only on peaks. The
estimate needs only the powers that levelling has weighed anyway. The measure is ffmpeg's ``ebur128`` (ITU-R BS.1770), a
tenth of the time of ``loudnorm``, and of the encoded sound, because AAC raises peaks: where that missed its aim, it is
made once more with what was learnt.
"""

from __future__ import annotations

import math
import re
from typing import Final, NamedTuple

import numpy as np

from cutdown.assembly.weighting import Curve
from cutdown.errors import RenderError
from cutdown.media import ffmpeg
from cutdown.progress import Progress, unheard

_INTEGRATED: Final = re.compile(r"^\s*I:\s+(-?[\d.]+|-?inf|nan) LUFS", re.MULTILINE)
_PEAK: Final = re.compile(r"^\s*Peak:\s+(-?[\d.]+|-?inf|nan) dBFS", re.MULTILINE)
_GATE: Final = -70.0  # LUFS
SILENT: Final = _GATE + 1  # LUFS
_MEASURED: Final = 4  # tenths of a second, one apart: blocks of 400 ms of which three quarters overlap
_RELATIVE_GATE: Final = 0.1  # of the mean power
_OFFSET: Final = -0.691  # LUFS of power 1: a sine of 997 Hz and full scale in one channel measures -3.01
_MOST_GAIN: Final = 36.0  # dB; quieter than that it is noise, and stays as quiet as it is allowed


class Loudness(NamedTuple):
    """What a sound measures."""

    integrated: float
    """LUFS; -70 where nothing is above the gate."""
    true_peak: float
    """dBTP; -inf in digital silence, nan where it was not asked for."""


def measure(arguments: list[str], *, peaks: bool, progress: Progress = unheard) -> Loudness:
    """Measure a file.

    Args:
        arguments: how ffmpeg opens it, such as ``["-i", "a.m4a"]``.
        peaks: whether true peaks are wanted too, at four times the cost.
        progress: told the share done.

    Raises:
        RenderError: when ffmpeg's answer cannot be read.
    """
    kind = "true" if peaks else "none"
    run = ffmpeg.run(
        [*arguments, "-map", "0:a:0", "-af", f"ebur128=peak={kind}:framelog=quiet", "-f", "null", "-"],
        progress=progress,
    )
    integrated = _INTEGRATED.findall(run.stderr)
    peak = _PEAK.findall(run.stderr)
    if not integrated or (peaks and not peak):
        raise RenderError("ffmpeg's ebur128 filter gave no summary; set IMAGEIO_FFMPEG_EXE to another ffmpeg")
    return Loudness(float(integrated[-1]), float(peak[-1]) if peak else float("nan"))


def integrated(powers: Curve) -> float:
    """Integrated loudness in LUFS, as ITU-R BS.1770-5 gates it; -70 for silence and for less than 0.4 s.

    Args:
        powers: weighted power of each tenth of a second.
    """
    blocks = (
        np.convolve(powers, np.full(_MEASURED, 1 / _MEASURED), "valid")
        if len(powers) >= _MEASURED
        else powers[:0]
    )
    loud = blocks[blocks > 10 ** ((_GATE - _OFFSET) / 10)]
    if not len(loud):
        return _GATE
    return _OFFSET + 10 * math.log10(loud[loud > _RELATIVE_GATE * loud.mean()].mean())


def gain_for(measured: float, wanted: float) -> float:
    """The gain in decibels that brings a sound to a loudness; none for silence.

    Args:
        measured: LUFS.
        wanted: LUFS.
    """
    if not measured > SILENT:
        return 0.0
    return min(wanted - measured, _MOST_GAIN)
