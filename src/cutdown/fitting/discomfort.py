"""What each lever of the fitting costs a viewer: the one measure that is minimised over the whole timeline.

The unit is the discomfort of one second of moving picture shown at three quarters of its speed. What counts is
the order and the rough ratios; they are judgements (the sources are beside the bounds in `limits`), written
down here so that they can be argued about. Costs rise with use, so that what is needed is
spread over several levers before one of them is felt.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from cutdown.plan import ActionType

# All a second, if nothing else is said.
RESTORED: Final = 0.05  # of a sped-up wait that is shown less fast: nobody had asked for its speed
SLACK: Final[Mapping[ActionType, float]] = {
    "cut": 0.10,  # dead time comes back, but under words
    "speedup": 0.12,
    "keep": 0.20,  # the line runs into its neighbour's silence
    "rewrite": 0.0,  # gives none
}
TRIMMED: Final = 0.05  # of still screen left out under a line that is shorter than its picture
RESTING: Final = 0.02  # between a line's end and its picture's, up to `limits.TRIM_FROM`
IDLE: Final = 0.50  # beyond
WAITING: Final = 0.03  # before a line begins, so that its words meet its picture
HELD: Final = 0.60  # of still screen held, up to `limits.EASY_HOLD` under one line
HELD_LONG: Final = 1.50  # beyond
SLOWED: Final = 1.00  # gained by slower picture, down to `limits.EASY_SLOW`
SLOWED_FAR: Final = 2.50  # beyond, down to `limits.SLOWEST`
HURRIED: Final = 2.00  # gained by a faster voice, up to `limits.EASY_VOICE`
HURRIED_FAR: Final = 4.00  # beyond
UNEVEN: Final = 2.00  # for a voice twice as fast as in the line before, in proportion
NEAR: Final = 0.02  # between a word and what it names, within `limits.SYNC_TOLERANCE`
APART: Final = 0.90  # beyond that
SHORTENED: Final = 0.80  # saved by leaving words out before they were spoken
STRAINED: Final = 20.0  # gained by picture slowed beyond its bound: the line is flagged
UNSOLVED: Final = 100.0  # that no lever could give at all
