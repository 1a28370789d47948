"""How far each lever of the fitting may go, in seconds or as ratios, with where the number is from."""

from __future__ import annotations

from fractions import Fraction
from typing import Final

LEAD: Final = Fraction(1, 10)  # before a line's first word: a cut and a word at once sound hurried
TAIL: Final = Fraction(
    3, 20
)  # after its last: with LEAD, the pause of a quarter second that separates phrases

SLACK_FROM_CUT: Final = Fraction(2)  # dead time given back under a line; more would bring the waiting back
SLACK_FROM_SPEEDUP: Final = Fraction(2)  # a wait shown at its own pace while the line ends
SLACK_FROM_KEEP: Final = Fraction(1)  # a line that reaches further speaks about the wrong picture
SLACK_GUARD: Final = Fraction(3, 20)  # kept clear of the neighbour's words, whose edges err by about 0.1 s

HOLD_LIMIT: Final = Fraction(2)  # on a screen that is still anyway; longer looks like a player that hangs
SLOWEST: Final = Fraction(2, 3)  # typing and a pointer look natural down to about two thirds of their speed
LAST_RESORT: Final = Fraction(
    2, 5
)  # for a line that is flagged: slow is odd, a moving screen that stops is broken
FASTEST_VOICE: Final = Fraction(11, 10)  # listeners notice 1.1 and dislike 1.2 (published listening tests)

EASY_SLOW: Final = Fraction(3, 4)  # of its speed; below, a pointer begins to look as if it swam
EASY_VOICE: Final = Fraction(26, 25)  # times as fast; steps of speech rate under about 5 % go unnoticed
EASY_HOLD: Final = Fraction(1)  # seconds of held picture under one line that pass for a pause

SYNC_TOLERANCE: Final = Fraction(2, 5)  # s between a thing's name and its appearance that still read as one
SYNC_REACH: Final = Fraction(3, 5)  # s; a word recognised farther from the change does not speak of it
LATEST_START: Final = Fraction(2)  # s that a line may wait for its picture; longer sounds like a gap

TRIM_FROM: Final = Fraction(1, 2)  # shorter rests after a line are ordinary pauses
STILL_LEFT: Final = Fraction(3, 10)  # of every still part that is trimmed, so that the eye can settle

SOUNDLESS_ABOVE: Final = Fraction(2)  # speech faster than twice cannot be followed
SAID: Final = Fraction(3, 20)  # seconds of voice; less is a breath or a false alarm
