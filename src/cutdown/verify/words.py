"""Whether what should be said can be heard: the output is listened to again.

A cheap recogniser mishears, so it is measured against itself: where it misses a word in the
output, it listens to the same stretch laid anew, plainly, from the source and the narration's
own sounds. Only what it hears there counts as missing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
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
    return Check(
        name="words",
        passed=share <= MISSING_LIMIT and run <= MISSING_RUN_LIMIT and tally.extra_run <= EXTRA_RUN_LIMIT,
        measured=tally.counted > 0,
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
        note=_note(expected, tally, share, run),
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


def _listen_through(
    heard: Heard,
    expected: Sequence[Spoken],
    windows: Sequence[tuple[float, float]],
    reference: Reference,
    listen: Listen,
    progress: Progress,
) -> Tally:
    """Listen to every window of the output, and to the source where something seems amiss."""
    missing: list[int] = []
    counted = excused = extra = longest_extra = again = 0
    for done, (start, end) in enumerate(windows, 1):
        due = [n for n, word in enumerate(expected) if start <= (word.start + word.end) / 2 < end]
        wanted = [expected[number].text for number in due]
        said = [word.text for word in listen(heard.between(start, end))]
        found = compare(wanted, said)
        doubted, unclear, run = set(found.missing), set[int](), longest_run(found.extra)
        if doubted or run > EXTRA_RUN_LIMIT:
            again += 1
            theirs = [word.text for word in listen(reference.between(start, end))]
            unclear = doubted & set(compare(wanted, theirs).missing)
            run = longest_run(compare(theirs, said).extra)
        missing += [due[number] for number in sorted(doubted - unclear)]
        counted += len(due) - len(unclear)
        excused += len(unclear)
        extra += len(found.extra)
        longest_extra = max(longest_extra, run)
        progress(done / len(windows))
    return Tally(tuple(missing), counted, excused, extra, longest_extra, again)
