"""Which words a director takes out, against labelled words.

- *Deleted* are the words of cut stretches, and those of a rewritten stretch that its new narration does not say.
- Precision is the share of the deleted words that should go, recall the share of the words that should go
  that are deleted, F1 their harmonic mean; over all words of the file together.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from difflib import SequenceMatcher
from itertools import pairwise
from pathlib import Path
from typing import Final

from benchmarks.labelled_words import LabelledTalk, LabelledWord
from benchmarks.meetings import a_recording
from benchmarks.screencasts import cast_director
from cutdown.director import FirstDirector
from cutdown.plan import EditAction, EditPlan
from cutdown.services.account import Account
from cutdown.services.terms import Terms
from cutdown.settings import DirectorOptions
from cutdown.store import Store
from cutdown.timebase import Frozen

FILLERS: Final = "a list of fillers"
REPEATS: Final = "repeated words"
BOTH: Final = "fillers and repeats"
NOTHING: Final = "nothing"

_FILLERS: Final = re.compile(  # what tools for transcripts usually take out, wherever it stands
    r"\b(um+|uh+|uhm|er+m?|ah+|hmm*|mm+|like|basically|literally|you know|i mean|sort of|kind of)\b"
)
_PLAIN: Final = re.compile(r"[^a-z0-9']")

Way = Callable[[LabelledTalk], frozenset[int]]
"""The indexes of the words that are deleted."""


class WordScore(Frozen):
    """How one way does over a file; shares are 0 to 1."""

    way: str
    words: int
    to_delete: int
    deleted: int
    right: int
    precision: float
    recall: float
    f1: float
    recall_by_label: dict[str, float]
    wrongly: dict[str, int]
    """Words that were deleted and should have stayed, those that were deleted most."""


class DisfluencyReport(Frozen):
    """Everything that was measured over a file."""

    file: str
    recordings: int
    scores: tuple[WordScore, ...]


def plain(word: str) -> str:
    """Small letters, figures and apostrophes alone."""
    return _PLAIN.sub("", word.casefold().replace("’", "'"))


def by_filler_list(talk: LabelledTalk) -> frozenset[int]:
    """Every filler of the usual list, wherever it stands."""
    at, starts = 0, []
    words = [plain(word.text) for word in talk.words]
    for word in words:
        starts.append(at)
        at += len(word) + 1
    spans = [match.span() for match in _FILLERS.finditer(" ".join(words))]
    return frozenset(
        index
        for index, (start, word) in enumerate(zip(starts, words, strict=True))
        if word and any(first <= start and start + len(word) <= last for first, last in spans)
    )


def by_repetition(talk: LabelledTalk) -> frozenset[int]:
    """The first of two neighbouring words that are the same."""
    words = [plain(word.text) for word in talk.words]
    return frozenset(index for index, (one, other) in enumerate(pairwise(words)) if one and one == other)


def baselines() -> dict[str, Way]:
    """All ways that need no director."""
    return {
        FILLERS: by_filler_list,
        REPEATS: by_repetition,
        BOTH: lambda talk: by_filler_list(talk) | by_repetition(talk),
        NOTHING: lambda _talk: frozenset(),
    }


def by_director(name: str, store: Store) -> Way:
    """What a director's plan takes out, made from the words and the silences between them.

    Raises:
        UsageError: there is no such director, or no key for it.
    """
    choices = cast_director(name)

    def delete(talk: LabelledTalk) -> frozenset[int]:
        transcript, signals = talk.as_heard()
        with Account(Terms(), video_id=talk.name, phase="evaluate", store=store) as account:
            plan = FirstDirector(choices, account).plan(
                a_recording(talk.name, transcript.duration), transcript, signals, DirectorOptions()
            )
        return deleted_by(plan, talk.words)

    return delete


def by_plans(folder: Path) -> Way:
    """What plans from files take out, ``NAME.json`` for each recording.

    Raises:
        PlanError: a plan is missing or cannot be read.
    """
    return lambda talk: deleted_by(EditPlan.read(folder / f"{talk.name}.json"), talk.words)


def deleted_by(plan: EditPlan, words: Sequence[LabelledWord]) -> frozenset[int]:
    """The words that are not heard any more: a word belongs to the action that its middle lies in."""
    deleted: set[int] = set()
    for action in plan.actions:
        start, end = float(action.start), float(action.end)
        within = [i for i, word in enumerate(words) if start <= (word.start + word.end) / 2 < end]
        deleted.update(_unsaid(action, within, words))
    return frozenset(deleted)


def _unsaid(action: EditAction, within: Sequence[int], words: Sequence[LabelledWord]) -> Sequence[int]:
    if action.type == "cut":
        return within
    if action.type != "rewrite":
        return ()
    # From the end: of a word said twice it is the first one that is taken back.
    before = [plain(words[index].text) for index in reversed(within)]
    after = [plain(word) for word in reversed((action.narration or "").split())]
    matched = SequenceMatcher(None, before, after, autojunk=False).get_matching_blocks()
    kept = {place for block in matched for place in range(block.a, block.a + block.size)}
    return [index for place, index in enumerate(reversed(within)) if place not in kept and before[place]]


def measure(talks: Sequence[LabelledTalk], ways: Mapping[str, Way]) -> tuple[WordScore, ...]:
    """Score every way on all recordings together."""
    return tuple(score(name, talks, [way(talk) for talk in talks]) for name, way in ways.items())


def score(way: str, talks: Sequence[LabelledTalk], deleted: Sequence[frozenset[int]]) -> WordScore:
    """Compare what was deleted with the labels."""
    pairs = [
        (word, index in gone)
        for talk, gone in zip(talks, deleted, strict=True)
        for index, word in enumerate(talk.words)
    ]
    wanted = Counter(word.label for word, _ in pairs if word.goes)
    found = Counter(word.label for word, gone in pairs if word.goes and gone)
    right, total, taken = sum(found.values()), sum(wanted.values()), sum(gone for _, gone in pairs)
    wrong = Counter(plain(word.text) for word, gone in pairs if gone and not word.goes)
    precision = right / taken if taken else 1.0
    recall = right / total if total else 1.0
    return WordScore(
        way=way,
        words=len(pairs),
        to_delete=total,
        deleted=taken,
        right=right,
        precision=round(precision, 4),
        recall=round(recall, 4),
        f1=round(2 * precision * recall / (precision + recall), 4) if precision + recall else 0.0,
        recall_by_label={label: round(found[label] / count, 4) for label, count in sorted(wanted.items())},
        wrongly=dict(sorted(wrong.items(), key=lambda item: (-item[1], item[0]))[:20]),
    )
