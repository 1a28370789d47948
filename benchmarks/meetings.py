"""Which acts of a meeting are kept, against the extract a human made of it.

For a budget (a share of the speech time, the sum of all acts), whole acts are chosen and scored by two figures;
each catches the other's cheat:

- *F1 by seconds*: of the seconds chosen and the seconds that a human chose for the extract. Long acts help it.
- *Link recall*: the share of the human abstract's pointers at acts that point at chosen ones. Short acts help it.

A figure is the mean over meetings. Intervals are 95 % bootstrap intervals over meetings; a difference between two
ways is resampled in pairs, meeting by meeting.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from benchmarks.acts import Meeting, as_heard
from benchmarks.extracts import BASELINES, Chosen, Units, best_first
from benchmarks.screencasts import cast_director
from cutdown.director import FirstDirector
from cutdown.director.programme import choose
from cutdown.director.selection import problem_of
from cutdown.director.traits import Spoken
from cutdown.director.worth import worths
from cutdown.plan import EditPlan
from cutdown.recording import AudioTrack, Recording
from cutdown.services.account import Account
from cutdown.services.terms import Terms
from cutdown.settings import DirectorOptions
from cutdown.store import Store
from cutdown.timebase import Frozen

OURS: Final = "cutdown"
ORACLE: Final = "oracle"
RANDOM: Final = "random"
_DRAWS: Final = 20  # of the random choice, averaged
_RESAMPLES: Final = 10_000
_SEED: Final = 7

Way = Callable[[Meeting, float], Sequence[Chosen]]
"""Chooses acts for a budget in seconds; several choices are averaged."""


class Interval(Frozen):
    """A mean with its 95 % bootstrap interval, in percent."""

    mean: float
    low: float
    high: float


class Figures(Frozen):
    """How one way does in one text at one budget."""

    text: str
    way: str
    budget: float
    """Share of the speech time."""
    meetings: int
    f1: Interval
    link_recall: Interval
    ours_f1: Interval | None = None
    """How much better ours is than this way, in points, by pairs."""
    ours_link_recall: Interval | None = None


class MeetingReport(Frozen):
    """Everything that was measured over a split."""

    split: str
    figures: tuple[Figures, ...]


def spoken_of(meeting: Meeting) -> list[Spoken]:
    """The acts as the product takes sentences."""
    return [
        Spoken(act.text, round(act.start * 1000), round(max(act.start, act.end) * 1000))
        for act in meeting.acts
    ]


def ours(meeting: Meeting, room: float) -> Sequence[Chosen]:
    """The product's own worth of a sentence and its own selection, with acts as the sentences."""
    return [chosen_by_worth(worths(spoken_of(meeting)), meeting, room)]


def chosen_by_worth(values: Sequence[float], meeting: Meeting, room: float) -> Chosen:
    """The product's own selection by given worths, held to the budget."""
    spoken = spoken_of(meeting)
    lengths = [max(1, one.end - one.start) for one in spoken]
    kept = choose(problem_of(spoken, values, lengths, language="en"), round(room * 1000)).kept
    return _fitting(np.isin(np.arange(len(spoken)), list(kept)).astype(np.float64), meeting, room)


def _fitting(scores: NDArray[np.float64], meeting: Meeting, room: float) -> Chosen:
    """What was chosen (score above 0), best first, held to the budget."""
    seconds = np.where(scores > 0, meeting.seconds, 0.0)
    return best_first(scores, seconds, room)


def at_random(meeting: Meeting, room: float) -> Sequence[Chosen]:
    """Any order, the same at each run."""
    chance = np.random.default_rng(_SEED)
    return [best_first(chance.random(len(meeting.acts)), meeting.seconds, room) for _ in range(_DRAWS)]


def oracle(meeting: Meeting, room: float) -> Sequence[Chosen]:
    """What the human chose, those with the most links a second first: about the best there is."""
    scores = meeting.links / np.maximum(meeting.seconds, 0.05)
    return [best_first(np.where(meeting.chosen, 1 + scores, 0.0), meeting.seconds, room)]


def ways() -> dict[str, Way]:
    """All ways that need no director."""

    def baseline(name: str) -> Way:
        def choose(meeting: Meeting, room: float) -> Sequence[Chosen]:
            starts = np.array([act.start for act in meeting.acts])
            units = Units([act.text for act in meeting.acts], starts, meeting.seconds)
            return [best_first(BASELINES[name](units), meeting.seconds, room)]

        return choose

    return {OURS: ours, RANDOM: at_random, **{name: baseline(name) for name in BASELINES}, ORACLE: oracle}


def by_director(name: str, store: Store) -> Way:
    """Whole plans of a director, made from what one listener would hear of the meeting.

    The plan's length asked for is the budget. Acts of which the plan keeps more than half count as chosen, those
    that it keeps most of first, up to the budget.

    Raises:
        UsageError: there is no such director, or no key for it.
    """
    choices = cast_director(name)

    def choose(meeting: Meeting, room: float) -> Sequence[Chosen]:
        transcript, signals = as_heard(meeting.acts)
        with Account(Terms(), video_id=meeting.name, phase="evaluate", store=store) as account:
            plan = FirstDirector(choices, account).plan(
                a_recording(meeting.name, transcript.duration),
                transcript,
                signals,
                DirectorOptions(target_seconds=room),
            )
        return [chosen_by_plan(plan, meeting, room)]

    return choose


def by_plans(folder: Path) -> Way:
    """Plans from files, ``NAME.json`` for each meeting, scored like a director's.

    Raises:
        UsageError: a plan is missing or cannot be read.
    """

    def choose(meeting: Meeting, room: float) -> Sequence[Chosen]:
        return [chosen_by_plan(EditPlan.read(folder / f"{meeting.name}.json"), meeting, room)]

    return choose


def a_recording(name: str, duration: object) -> Recording:
    """A recording without a picture that a director can be asked about."""
    track = AudioTrack(order=0, stream_index=0, codec="pcm", sample_rate=16000, channels=1, start=0)
    return Recording.model_validate(
        {
            "sha256": "0" * 64, "name": name, "size_bytes": 1, "container": "wav",
            "duration": duration, "picture": None, "audio": (track,),
        }
    )  # fmt: skip


def chosen_by_plan(plan: EditPlan, meeting: Meeting, room: float) -> Chosen:
    """The acts that a plan keeps more than half of, best kept first, up to ``room`` seconds."""
    kept = [(float(a.start), float(a.end)) for a in plan.actions if a.type in ("keep", "rewrite")]
    starts = np.array([start for start, _ in kept])
    ends = np.array([end for _, end in kept])
    shares = [
        float(np.maximum(0.0, np.minimum(ends, act.end) - np.maximum(starts, act.start)).sum()) / act.seconds
        if act.seconds
        else 0.0
        for act in meeting.acts
    ]
    return _fitting(np.where(np.array(shares) > 0.5, shares, 0.0), meeting, room)


def score(meeting: Meeting, choices: Sequence[Chosen]) -> tuple[float, float]:
    """F1 by seconds and link recall, 0 to 1, averaged over the choices."""
    seconds, human, links = meeting.seconds, meeting.chosen, meeting.links
    f1 = [2 * seconds[one & human].sum() / (seconds[one].sum() + seconds[human].sum()) for one in choices]
    recall = [links[one].sum() / links.sum() for one in choices]
    return float(np.mean(f1)), float(np.mean(recall))


Scored = dict[tuple[str, str, float], NDArray[np.float64]]
"""For text, way and budget: an array of shape (meetings, 2) with F1 and link recall."""


def measure(
    texts: Mapping[str, Sequence[Meeting]],
    asked: Mapping[str, Way],
    budgets: Sequence[float],
    told: Callable[[str], None],
) -> Scored:
    """Score every way on every meeting."""
    scored: Scored = {}
    for text, meetings in texts.items():
        for name, way in asked.items():
            for budget in budgets:
                told(f"{text} text, {name}, {budget:.0%}")
                rows = [score(one, way(one, budget * float(one.seconds.sum()))) for one in meetings]
                scored[text, name, budget] = np.array(rows)
    return scored


def report_of(scored: Scored, split: str) -> MeetingReport:
    """The means with their intervals, and ours against each way by pairs."""
    figures = []
    for (text, way, budget), rows in scored.items():
        own = scored.get((text, OURS, budget))
        better = None if own is None or way == OURS else own - rows
        figures.append(
            Figures(
                text=text,
                way=way,
                budget=budget,
                meetings=len(rows),
                f1=interval(rows[:, 0]),
                link_recall=interval(rows[:, 1]),
                ours_f1=None if better is None else interval(better[:, 0]),
                ours_link_recall=None if better is None else interval(better[:, 1]),
            )
        )
    return MeetingReport(split=split, figures=tuple(figures))


def interval(values: NDArray[np.float64]) -> Interval:
    """The mean of shares in percent, and the middle 95 % of its bootstrap means; the same at each run."""
    chance = np.random.default_rng(_SEED)
    draws = values[chance.integers(0, len(values), (_RESAMPLES, len(values)))].mean(axis=1)
    low, high = np.percentile(draws, [2.5, 97.5])
    return Interval(
        **{k: round(float(v) * 100, 2) for k, v in (("mean", values.mean()), ("low", low), ("high", high))}
    )
