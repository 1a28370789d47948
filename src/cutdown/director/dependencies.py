"""Which sentence cannot stand without an earlier one.

A pronoun needs what it stands for, a step the one before it, a result its cause, an answer its question. Only what a
sentence itself shows by the way it begins is believed; a language without a list has none.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files
from typing import Any, Final, Literal

import yaml

from cutdown.director.traits import Spoken, content_terms
from cutdown.director.wording import plain

Kind = Literal["antecedent", "step", "cause", "question"]

_REACH: Final = (
    30_000  # ms before a sentence in which what it needs is looked for; after that nobody remembers
)
_FEWEST_TERMS: Final = 2  # of a sentence that others can rest on; "yeah, okay" is none
_ANSWERED: Final = 10_000  # ms in which a question is answered
_LONG_ANSWER: Final = 4  # terms; with so many an answer can be understood without its question


@dataclass(frozen=True)
class Dependency:
    """A sentence that needs an earlier one, by their places."""

    sentence: int
    needed: int
    kind: Kind


@dataclass(frozen=True)
class Cues:
    """How a language shows that a sentence rests on an earlier one; each a tuple of words."""

    lead_ins: frozenset[tuple[str, ...]] = frozenset()
    openers: frozenset[tuple[str, ...]] = frozenset()
    pronouns: frozenset[tuple[str, ...]] = frozenset()
    demonstratives: frozenset[tuple[str, ...]] = frozenset()
    verbs: frozenset[tuple[str, ...]] = frozenset()
    empty: frozenset[tuple[str, ...]] = frozenset()
    steps: frozenset[tuple[str, ...]] = frozenset()
    results: frozenset[tuple[str, ...]] = frozenset()
    questions: frozenset[tuple[str, ...]] = frozenset()

    def kind_of(self, text: str) -> Kind | None:
        """What a sentence shows that it needs; never a question, which only its place tells."""
        words = self._without_lead_in(plain(text).split())
        if _begins(words, self.results):
            return "cause"
        if _begins(words, self.steps):
            return "step"
        if _begins(words, self.empty):
            return None
        if _begins(words, self.pronouns):
            return "antecedent"
        if _begins(words, self.demonstratives) and _begins(words[1:], self.verbs):
            return "antecedent"
        return None

    def asks(self, text: str) -> bool:
        """Whether a sentence is a question."""
        if text.rstrip(" \"'”’)").endswith(("?", "？")):
            return True
        return _begins(self._without_lead_in(plain(text).split()), self.questions) > 0

    def _without_lead_in(self, words: list[str]) -> list[str]:
        while led := _begins(words, self.lead_ins):
            words = words[led:]
        return words


def _begins(words: Sequence[str], cues: frozenset[tuple[str, ...]]) -> int:
    """How many words the longest cue has that they begin with; 0 where they begin with none."""
    longest = max(map(len, cues), default=0)
    return next(
        (length for length in range(min(longest, len(words)), 0, -1) if tuple(words[:length]) in cues), 0
    )


@functools.cache
def cues_of(language: str) -> Cues:
    """The cues of a language (ISO 639-1), none where there is no list."""
    held = (files("cutdown.director") / "dependencies.yaml").read_text(encoding="utf-8")
    lists: dict[str, Any] = yaml.safe_load(held).get(language, {})
    return Cues(**{name: frozenset(tuple(cue.split()) for cue in cues) for name, cues in lists.items()})


def clause_openers(language: str) -> frozenset[str]:
    """Words that a clause which can stand by itself begins with."""
    return frozenset(" ".join(cue) for cue in cues_of(language).openers)


def find_dependencies(spoken: Sequence[Spoken], language: str) -> tuple[Dependency, ...]:
    """What sentences need, in their order.

    Args:
        spoken: sentences in order of their starts.
        language: ISO 639-1.
    """
    cues = cues_of(language)
    substance = [len(content_terms(one.text)) >= _FEWEST_TERMS for one in spoken]
    found = []
    question: int | None = None  # that was not answered yet
    for index, one in enumerate(spoken):
        kind = cues.kind_of(one.text)
        if kind is not None:
            needed = _before(spoken, substance, index)
            if needed is not None:
                found.append(Dependency(index, needed, kind))
        if cues.asks(one.text):
            question = index
        elif question is not None and substance[index]:
            short = len(content_terms(one.text)) < _LONG_ANSWER
            if short and one.start - spoken[question].end <= _ANSWERED:
                found.append(Dependency(index, question, "question"))
            question = None
    return tuple(found)


def _before(spoken: Sequence[Spoken], substance: Sequence[bool], index: int) -> int | None:
    """The nearest earlier sentence of substance that is still in mind."""
    for earlier in range(index - 1, -1, -1):
        if spoken[index].start - spoken[earlier].end > _REACH:
            return None
        if substance[earlier]:
            return earlier
    return None
