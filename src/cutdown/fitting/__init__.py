"""Fits narration to picture and lays everything out in frames and samples; pure functions of data."""

from cutdown.fitting.build import build_timeline
from cutdown.fitting.rates import output_rate
from cutdown.fitting.softening import softened

__all__ = ["build_timeline", "output_rate", "softened"]
