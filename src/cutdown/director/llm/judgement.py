"""What a language model decided about a whole recording, as removals, rulings, narration and worths."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from cutdown.director.draft import Ruling
from cutdown.director.llm.checks import Checker, Span
from cutdown.director.llm.forms import Decision, Decisions
from cutdown.director.llm.manuscript import Manuscript
from cutdown.director.llm.windows import Window
from cutdown.director.pauses import Removal
from cutdown.director.rewording import Rewording
from cutdown.director.sentences import Sentence
from cutdown.director.talk import Talk
from cutdown.director.worth import worths
from cutdown.plan import Evidence

_UNNAMED: Final = 50.0  # worth of a line that the model said nothing about, as it was told
_DOUBTED: Final = 0.3  # confidence of new narration that names what was not said
_QUOTE: Final = 120  # characters of a quote in a plan's evidence


class Judgement:
    """What a model decided about the whole recording, and what it rests on."""

    def __init__(self, talk: Talk, text: Manuscript) -> None:
        self.decisions: list[tuple[Decision, Span, tuple[str, ...]]] = []
        self.rulings: dict[int, Ruling] = {}
        self.worths: list[float] = []
        self._talk = talk
        self._text = text

    def add(self, window: Window, checker: Checker, answer: Decisions) -> None:
        """Take in one window's answer, which was checked."""
        for decision in answer.decisions:
            span = checker.span(decision)
            assert span is not None
            self.decisions.append((decision, span, checker.ungrounded(decision)))
        ends = {line.last: line.end_ms for line in self._text.lines[window.first : window.end]}
        for pause in answer.pauses:
            self.rulings[ends[pause.after]] = Ruling(pause.action, pause.reason, pause.confidence)
        named = {worth.first: float(worth.worth) for worth in answer.worths}
        self.worths += [
            named.get(line.first, _UNNAMED) for line in self._text.lines[window.first : window.end]
        ]

    def sounds(self, action: str) -> frozenset[int]:
        """All sounds with this decision."""
        return frozenset(
            sound
            for decision, span, _ in self.decisions
            if decision.action == action
            for sound in range(span.first, span.last)
        )

    def removals(self) -> dict[int, Removal]:
        """Every sound that the model cuts."""
        return {
            index: Removal(
                self._talk.sounds[index].start,
                self._talk.sounds[index].end,
                "words",
                decision.reason,
                decision.confidence,
                f"“{_short(decision.quote)}”",
            )
            for decision, span, _ in self.decisions
            if decision.action == "cut"
            for index in range(span.first, span.last)
        }

    def rewordings(self, kept: frozenset[int]) -> tuple[Rewording, ...]:
        """The model's new narration over words that stay."""
        found = []
        for decision, span, missing in self.decisions:
            if decision.action != "rewrite" or not kept.issuperset(range(span.first, span.last)):
                continue
            doubts = tuple(
                Evidence(kind="ungrounded", note=f"not said in the recording: {name}") for name in missing
            )
            found.append(
                replace(
                    Rewording.over(self._talk, span.first, span.last - 1, decision.narration),
                    note=f"“{_short(decision.quote)}”",
                    reason=decision.reason,
                    confidence=min(decision.confidence, _DOUBTED) if missing else decision.confidence,
                    more=doubts,
                )
            )
        return tuple(found)

    def worth_of(self, sentences: Sequence[Sentence]) -> list[float]:
        """The worth of sentences, by the lines they are in; what no line holds, by its words."""
        line_of = {
            sound: index
            for index, line in enumerate(self._text.lines)
            for sound in range(line.sound, line.end)
        }
        usual = worths([sentence.spoken(self._talk) for sentence in sentences])
        most = max(usual, default=1.0)
        protected = self.sounds("keep")
        values = []
        for sentence, by_words in zip(sentences, usual, strict=True):
            lines = {line_of[sound] for sound in sentence.sounds if sound in line_of}
            # By its words only where two lines are worth the same to the model.
            value = max((self.worths[line] for line in lines), default=0.0) + by_words / most
            values.append(max(0.01, 100.0 if protected.issuperset(sentence.sounds) else value))
        return values


def _short(quote: str) -> str:
    return quote if len(quote) <= _QUOTE else quote[: _QUOTE - 1].rstrip() + "…"
