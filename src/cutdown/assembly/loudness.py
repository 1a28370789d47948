"""Loudness to EBU R128: measured once, corrected with one gain and a limiter, measured again.

The measure is ffmpeg's ``ebur128`` (ITU-R BS.1770), a tenth of the time of ``loudnorm``. One constant gain for the whole (speech was evened out before, see
`levelling`); the limiter acts only on peaks. The encoded sound is what is
measured in the end, because AAC raises peaks: where it missed its aim, it is made once more
with what was learnt.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final, NamedTuple

from cutdown.errors import RenderError
from cutdown.media import ffmpeg
from cutdown.progress import Progress, unheard

_INTEGRATED: Final = re.compile(r"^\s*I:\s+(-?[\d.]+|-?inf|nan) LUFS", re.MULTILINE)
_PEAK: Final = re.compile(r"^\s*Peak:\s+(-?[\d.]+|-?inf|nan) dBFS", re.MULTILINE)
SILENT: Final = -69.0  # LUFS; the measure's own gate is -70
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


def gain_for(measured: float, wanted: float) -> float:
    """The gain in decibels that brings a sound to a loudness; none for silence.

    Args:
        measured: LUFS.
        wanted: LUFS.
    """
    if not measured > SILENT:
        return 0.0
    return min(wanted - measured, _MOST_GAIN)


def raw_input(path: Path, channels: int, sample_rate: int) -> list[str]:
    """How ffmpeg opens a file of bare 32-bit float samples."""
    return ["-f", "f32le", "-ar", str(sample_rate), "-ac", str(channels), "-i", str(path.absolute())]
