"""Whether what should be said can be heard: the check ``words``."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from itertools import count
from typing import Final, NamedTuple

from cutdown.certificate import Check, Measured
from cutdown.progress import Progress, unheard
from cutdown.services.loop import side_by_side
from cutdown.timebase import SAMPLE_RATE
from cutdown.timeline import Timeline
from cutdown.verify.hearing import UNPLANNED_RUN, Ears, Hearing, Listen, Spoken, windows_of
from cutdown.verify.listen import Heard
from cutdown.verify.reference import Reference
from cutdown.verify.wording import longest_run

# Good outputs of real speech miss nothing (510 words, 66 cuts), of a synthetic voice up to 2.4 % and
# two in a row, after another encoder 3.2 %; a sentence of six words taken out misses five in a row.
MISSING_LIMIT: Final = 0.05
MISSING_RUN_LIMIT: Final = 3
AT_CUTS_LIMIT: Final = (
    0.05  # of the words beside a cut, where more than two are missing; good outputs miss none
)

_CLEAR_SHARE: Final = 0.5  # of all words; with fewer understood the check says nothing
_EARLY: Final = 0.05  # seconds; a word's start is heard this early at times


class Tally(NamedTuple):
    """What listening gave, over all windows."""

    missing: tuple[int, ...]
    """Numbers of the expected words that are heard in the source and not in the output."""
    due: tuple[int, ...]
    """Numbers of the expected words that were listened for."""
    counted: int
    """Expected words that the recogniser can tell."""
    excused: int
    """Those that it hears in neither."""
    extra: int
    extra_run: int
    """The most unplanned words in a row that the source does not explain."""
    again: int
    """Windows that the source was listened to for, as well."""


def check_words(
    heard: Heard | None,
    expected: Sequence[Spoken],
    reference: Reference,
    timeline: Timeline,
    listen: Listen,
    progress: Progress = unheard,
    *,
    at_once: int = 1,
) -> Check:
    """The check ``words``.

    Args:
        heard: the output's sound; None where it has none.
        expected: what the plan says is spoken, in output time.
        reference: what the output was made from.
        timeline: what was planned.
        listen: the recogniser.
        progress: told the share done.
        at_once: windows that the recogniser can listen to at the same time.
    """
    if heard is None or not expected:
        lost = heard is None and bool(expected)
        note = "the output has no sound" if lost else "not measurable: the plan has nothing spoken"
        return Check(name="words", passed=not lost, measured=lost, limit=_limit(), note=note)
    windows = windows_of(timeline, expected)
    tally = _listen_through(Ears(heard, expected, reference, listen), windows, at_once, progress)
    beside = _beside_cuts(expected, timeline)
    share = len(tally.missing) / tally.counted if tally.counted else 0.0
    run = longest_run(tally.missing)
    at_cuts = len(beside.intersection(tally.missing))
    at_cuts_limit = max(2.0, AT_CUTS_LIMIT * len(beside.intersection(tally.due)))
    passed = (
        share <= MISSING_LIMIT
        and run <= MISSING_RUN_LIMIT
        and at_cuts <= at_cuts_limit
        and tally.extra_run <= UNPLANNED_RUN
    )
    clear = tally.counted >= _CLEAR_SHARE * len(tally.due)
    return Check(
        name="words",
        passed=passed,
        measured=clear or not passed,
        values=(
            Measured(name="expected", value=len(expected), unit="words"),
            *_counts(tally, share, run, at_cuts),
            Measured(name="listened to", value=round(sum(b - a for a, b in windows), 1), unit="s"),
        ),
        limit=_limit(),
        note=_note(expected, tally, share, run, at_cuts)
        if clear or not passed
        else "not measurable: the recogniser understands too little of the source, too",
    )


def _counts(tally: Tally, share: float, run: int, at_cuts: int) -> tuple[Measured, ...]:
    counts = {
        "listened for": len(tally.due),
        "not clear in the source either": tally.excused,
        "missing": len(tally.missing),
        "missing in a row": run,
        "missing at cuts": at_cuts,
        "unplanned": tally.extra,
        "unplanned in a row": tally.extra_run,
    }
    return (
        *(Measured(name=name, value=count, unit="words") for name, count in counts.items()),
        Measured(name="missing share", value=round(100 * share, 2), unit="%"),
        Measured(name="windows compared with the source", value=tally.again, unit="windows"),
    )


def _limit() -> str:
    return (
        f"at most {100 * MISSING_LIMIT:g} % of the words missing, at most {MISSING_RUN_LIMIT} in a row, "
        f"at most two or {100 * AT_CUTS_LIMIT:g} % at cuts; "
        f"at most {UNPLANNED_RUN} unplanned ones in a row"
    )


def _note(expected: Sequence[Spoken], tally: Tally, share: float, run: int, at_cuts: int) -> str:
    if tally.missing:
        text = f"{100 * share:.1f} % of {tally.counted} words are missing, {run} in a row, {at_cuts} beside cuts, first at {float(expected[tally.missing[0]].start):.1f} s"
    else:
        text = f"all {tally.counted} words that can be told are heard"
    if tally.extra_run > UNPLANNED_RUN:
        text += f"; {tally.extra_run} words in a row were not planned"
    return text


def _beside_cuts(expected: Sequence[Spoken], timeline: Timeline) -> set[int]:
    """Numbers of the last word before and the first word after every cut in the sound."""
    starts = [float(word.start) for word in expected]
    beside: set[int] = set()
    for sound in timeline.sounds[1:]:
        # A word's end errs more than its start, so the start says on which side of the cut it is.
        after = bisect_left(starts, sound.first_sample / SAMPLE_RATE - _EARLY)
        beside |= {after - 1, after}
    return beside & set(range(len(expected)))


def _listen_through(
    ears: Ears, windows: Sequence[tuple[float, float]], at_once: int, progress: Progress
) -> Tally:
    done = count(1)

    def hear(window: tuple[float, float]) -> Hearing:
        found = ears.hear_twice(*window)
        progress(next(done) / len(windows))
        return found

    heard_windows = side_by_side(hear, windows, width=at_once)
    excused = sum(len(window.unclear) for window in heard_windows)
    return Tally(
        missing=tuple(sorted(number for window in heard_windows for number in window.missing)),
        due=tuple(number for window in heard_windows for number in window.due),
        counted=sum(len(window.due) for window in heard_windows) - excused,
        excused=excused,
        extra=sum(window.extra for window in heard_windows),
        extra_run=max((window.extra_run for window in heard_windows), default=0),
        again=sum(window.compared for window in heard_windows),
    )
