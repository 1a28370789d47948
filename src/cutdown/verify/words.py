"""Whether what should be said can be heard: the output is listened to again.

A cheap recogniser mishears, so it is measured against itself: where it misses a word in the
output, it listens to the same stretch laid anew, plainly, from the source and the narration's
own sounds. Only what it hears there counts as missing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from itertools import pairwise
from typing import Final, NamedTuple, Protocol

from cutdown.certificate import Check, Measured
from cutdown.progress import Progress, unheard
from cutdown.timebase import SAMPLE_RATE
from cutdown.timeline import Timeline
from cutdown.transcript import Word
from cutdown.verify.listen import Heard, Wave
from cutdown.verify.reference import Reference
from cutdown.verify.wording import compare, longest_run

WHOLE_SECONDS: Final = 560.0  # up to here all is listened to, beyond it twenty windows around cuts
LONGEST_WINDOW: Final = 28.0  # seconds; Whisper hears 30 at a time
SHORTEST_WINDOW: Final = 18.0

MISSING_LIMIT: Final = 0.05
MISSING_RUN_LIMIT: Final = 3
EXTRA_RUN_LIMIT: Final = 6

_LOST_SHARE: Final = 0.3  # of a window's words; real speech stays under 0.1
_CLEAR_SHARE: Final = 0.5  # of all words; with fewer understood the check says nothing
_NEAR_CUT: Final = 0.5  # seconds; word times err by about 0.25 s

Listen = Callable[[Wave], Sequence[Word]]
"""Recognises mono samples at `listen.LISTEN_RATE`; word times in seconds from their first."""


class Spoken(Protocol):
    """A word that should be heard, at its time in seconds of the output."""

    @property
    def text(self) -> str:
        """The word with its punctuation."""
        ...

    @property
    def start(self) -> Fraction:
        """When it begins."""
        ...

    @property
    def end(self) -> Fraction:
        """When it ends."""
        ...


class Tally(NamedTuple):
    """What listening gave, over all windows."""

    missing: tuple[int, ...]
    """Numbers of the expected words that are heard in the source and not in the output."""
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
) -> Check:
    """The check ``words``.

    Args:
        heard: the output's sound; None where it has none.
        expected: what the plan says is spoken, in output time.
        reference: what the output was made from.
        timeline: what was planned.
        listen: the recogniser.
        progress: told the share done.
    """
    if heard is None or not expected:
        lost = heard is None and bool(expected)
        note = "the output has no sound" if lost else "not measurable: the plan has nothing spoken"
        return Check(name="words", passed=not lost, measured=lost, limit=_limit(), note=note)
    windows = windows_of(timeline, expected)
    tally = _listen_through(heard, expected, windows, reference, listen, progress)
    cuts = [sound.first_sample / SAMPLE_RATE for sound in timeline.sounds[1:]]
    share = len(tally.missing) / tally.counted if tally.counted else 0.0
    run = longest_run(tally.missing)
    passed = share <= MISSING_LIMIT and run <= MISSING_RUN_LIMIT and tally.extra_run <= EXTRA_RUN_LIMIT
    clear = tally.counted >= _CLEAR_SHARE * (tally.counted + tally.excused)
    return Check(
        name="words",
        passed=passed,
        measured=clear or not passed,
        values=(
            Measured(name="expected", value=len(expected), unit="words"),
            Measured(name="listened for", value=tally.counted + tally.excused, unit="words"),
            Measured(name="not clear in the source either", value=tally.excused, unit="words"),
            Measured(name="missing", value=len(tally.missing), unit="words"),
            Measured(name="missing share", value=round(100 * share, 2), unit="%"),
            Measured(name="missing in a row", value=run, unit="words"),
            Measured(
                name="missing at cuts",
                value=sum(_is_at(expected[number], cuts) for number in tally.missing),
                unit="words",
            ),
            Measured(name="unplanned", value=tally.extra, unit="words"),
            Measured(name="unplanned in a row", value=tally.extra_run, unit="words"),
            Measured(name="listened to", value=round(sum(b - a for a, b in windows), 1), unit="s"),
            Measured(name="windows compared with the source", value=tally.again, unit="windows"),
        ),
        limit=_limit(),
        note=_note(expected, tally, share, run)
        if clear or not passed
        else "not measurable: the recogniser understands too little of the source, too",
    )


def _limit() -> str:
    return (
        f"at most {100 * MISSING_LIMIT:g} % of the words missing, at most {MISSING_RUN_LIMIT} in a row; "
        f"at most {EXTRA_RUN_LIMIT} unplanned ones in a row"
    )


def _note(expected: Sequence[Spoken], tally: Tally, share: float, run: int) -> str:
    if tally.missing:
        text = f"{100 * share:.1f} % of {tally.counted} words are missing, {run} in a row, first at {float(expected[tally.missing[0]].start):.1f} s"
    else:
        text = f"all {tally.counted} words that can be told are heard"
    if tally.extra_run > EXTRA_RUN_LIMIT:
        text += f"; {tally.extra_run} words in a row were not planned"
    return text


def windows_of(timeline: Timeline, expected: Sequence[Spoken]) -> list[tuple[float, float]]:
    """The stretches that are listened to, in seconds of the output.

    Together they cover the speech of a short output. Of a long one, as many windows as
    `WHOLE_SECONDS` hold are spread evenly over those with cuts in them.
    """
    windows = _divided(expected, float(timeline.duration))
    most = int(WHOLE_SECONDS // LONGEST_WINDOW)
    if sum(end - start for start, end in windows) <= WHOLE_SECONDS:
        return windows
    cuts = [sound.first_sample / SAMPLE_RATE for sound in timeline.sounds[1:]]
    with_cuts = [window for window in windows if any(window[0] < cut < window[1] for cut in cuts)]
    pool = with_cuts if len(with_cuts) >= most else windows
    return [pool[(2 * index + 1) * len(pool) // (2 * most)] for index in range(min(most, len(pool)))]


def _divided(expected: Sequence[Spoken], duration: float) -> list[tuple[float, float]]:
    """Windows around all expected words, each ending in the widest pause that suits."""
    windows: list[tuple[float, float]] = []
    first = 0
    start = 0.0
    while first < len(expected):
        start = max(start, float(expected[first].start) - 1.0)
        last = first + 1
        best, widest = None, -1.0
        while last < len(expected) and float(expected[last].end) - start <= LONGEST_WINDOW:
            pause = float(expected[last].start - expected[last - 1].end)
            if float(expected[last].start) - start >= SHORTEST_WINDOW and pause > widest:
                best, widest = last, pause
            last += 1
        if last < len(expected):
            last = best or last
            end = float(expected[last - 1].end + expected[last].start) / 2
            end = min(end, float(expected[last - 1].end) + 1.0)
        else:
            end = min(duration, float(expected[-1].end) + 1.0)
        windows.append((start, end))
        first, start = last, end
    return windows


def _is_at(word: Spoken, cuts: Sequence[float]) -> bool:
    return any(min(abs(float(word.start) - cut), abs(float(word.end) - cut)) < _NEAR_CUT for cut in cuts)


class _Hearing(NamedTuple):
    """What one window gave; numbers are those of the expected words."""

    due: int
    missing: frozenset[int]
    unclear: frozenset[int]
    extra: int
    extra_run: int
    compared: bool = False

    @property
    def is_lost(self) -> bool:
        """Whether the recogniser follows neither the output nor the source."""
        return len(self.unclear) > _LOST_SHARE * self.due

    @property
    def is_bad(self) -> bool:
        return bool(self.missing) or self.extra_run > EXTRA_RUN_LIMIT or self.is_lost


class _Ears:
    """Listens to windows of the output, and to the source where something seems amiss."""

    def __init__(
        self, heard: Heard, expected: Sequence[Spoken], reference: Reference, listen: Listen
    ) -> None:
        self._heard, self._expected = heard, expected
        self._reference, self._listen = reference, listen

    def hear(self, start: float, end: float) -> _Hearing:
        """One window of the output, in seconds; the source too where words are missing or unplanned."""
        due = [n for n, word in enumerate(self._expected) if start <= (word.start + word.end) / 2 < end]
        wanted = [self._expected[number].text for number in due]
        said = [word.text for word in self._listen(self._heard.between(start, end))]
        found = compare(wanted, said)
        run = longest_run(found.extra)
        if not found.missing and run <= EXTRA_RUN_LIMIT:
            return _Hearing(len(due), frozenset(), frozenset(), len(found.extra), run)
        theirs = [word.text for word in self._listen(self._reference.between(start, end))]
        doubted = frozenset(due[number] for number in found.missing)
        unclear = doubted & {due[number] for number in compare(wanted, theirs).missing}
        run = min(run, longest_run(compare(theirs, said).extra))
        return _Hearing(len(due), doubted - unclear, unclear, len(found.extra), run, compared=True)

    def hear_twice(self, start: float, end: float) -> _Hearing:
        """As `hear`; where something is wrong, both halves are heard too, and what they clear is cleared.

        A recogniser may lose itself in a window; it does not do so in other windows at the same words.
        """
        first = self.hear(start, end)
        middle = self._pause(start, end)
        if not first.is_bad or middle is None:
            return first
        halves = (self.hear(start, middle), self.hear(middle, end))
        missing = halves[0].missing | halves[1].missing
        run = min(first.extra_run, max(half.extra_run for half in halves))
        if first.is_lost:
            unclear = halves[0].unclear | halves[1].unclear
            return first._replace(missing=missing, unclear=unclear, extra_run=run)
        return first._replace(missing=first.missing & missing, extra_run=run)

    def _pause(self, start: float, end: float) -> float | None:
        """The widest pause between words in the middle half of a window, the most central of several."""
        middle, reach = (start + end) / 2, (end - start) / 4
        pauses = [
            (float(after.start - before.end), float(before.end + after.start) / 2)
            for before, after in pairwise(self._expected)
            if abs((before.end + after.start) / 2 - middle) <= reach
        ]
        best = max(pauses, key=lambda pause: (round(pause[0], 3), -abs(pause[1] - middle)), default=None)
        return best[1] if best else None


def _listen_through(
    heard: Heard,
    expected: Sequence[Spoken],
    windows: Sequence[tuple[float, float]],
    reference: Reference,
    listen: Listen,
    progress: Progress,
) -> Tally:
    ears = _Ears(heard, expected, reference, listen)
    heard_windows = []
    for done, (start, end) in enumerate(windows, 1):
        heard_windows.append(ears.hear_twice(start, end))
        progress(done / len(windows))
    excused = sum(len(window.unclear) for window in heard_windows)
    return Tally(
        missing=tuple(sorted(number for window in heard_windows for number in window.missing)),
        counted=sum(window.due for window in heard_windows) - excused,
        excused=excused,
        extra=sum(window.extra for window in heard_windows),
        extra_run=max((window.extra_run for window in heard_windows), default=0),
        again=sum(window.compared for window in heard_windows),
    )
