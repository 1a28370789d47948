"""A language model decides what matters; rules and arithmetic hold it to what was said and to the length asked for.

The pauses, the breaths and the hesitations are those of the offline director. What the model adds is
checked against the transcript, put right once, and otherwise refused.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from typing import Final

from cutdown.director.breaths import with_whole_breaths
from cutdown.director.draft import Draft, Ruling
from cutdown.director.hesitations import Hesitation, find_hesitations
from cutdown.director.llm.asking import ask
from cutdown.director.llm.checks import Checker, Span, overview_faults
from cutdown.director.llm.forms import Decision, Decisions, Overview
from cutdown.director.llm.manuscript import Manuscript, manuscript
from cutdown.director.llm.model import LanguageModel, Prompt
from cutdown.director.llm.prompts import prompt, prompt_version
from cutdown.director.llm.windows import (
    Window,
    merged,
    overview_prompts,
    shared_part,
    window_prompt,
    windows,
)
from cutdown.director.offline import OfflineDirector
from cutdown.director.pauses import Removal
from cutdown.director.phrasebook import Phrasebook, phrasebook
from cutdown.director.pieces import Piece, to_plan, with_keeps
from cutdown.director.rewording import Rewording, bridged, reworded, with_rewordings
from cutdown.director.screen import Screen
from cutdown.director.sentences import Sentence, find_sentences
from cutdown.director.slips import Slip, find_slips
from cutdown.director.talk import Talk, lay_out
from cutdown.director.target import meet_target, target_length
from cutdown.director.worth import worths
from cutdown.plan import EditPlan, Evidence
from cutdown.progress import Progress, unheard
from cutdown.recording import Recording
from cutdown.services.loop import side_by_side
from cutdown.settings import DirectorOptions
from cutdown.signals import Signals
from cutdown.transcript import Transcript

_OVERVIEW_TOKENS: Final = 4_000  # that an overview may take, thinking included
_TOKENS_A_LINE: Final = 30  # that decisions may take for each line; a tenth of it is usual
_TOKENS_AROUND: Final = 2_000
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


class LLMDirector:
    """Plans with a language model; see the module.

    Args:
        model: who is asked.
        examples: earlier plans of the same series.
    """

    def __init__(self, model: LanguageModel, examples: Sequence[EditPlan] = ()) -> None:
        self._model = model
        self._examples = examples

    def plan(
        self,
        recording: Recording,
        transcript: Transcript,
        signals: Signals,
        options: DirectorOptions,
        *,
        progress: Progress = unheard,
    ) -> EditPlan:
        """Make the plan; see `cutdown.director.Director.plan`."""
        talk, screen = lay_out(transcript, signals), Screen(signals)
        text = manuscript(talk, screen)
        if not text.lines:  # there is nothing to ask about
            return OfflineDirector().plan(recording, transcript, signals, options)
        target = target_length(recording.duration, options)
        judgement = self._judge(talk, text, target, options, progress)
        pieces = _pieces(talk, signals, screen, judgement, transcript.language, target, options)
        return to_plan(
            pieces,
            recording,
            talk,
            language=transcript.language,
            director=f"llm/{prompt_version()} {self._model.name}",
            target=None if target is None else Fraction(target, 1000),
        )

    def _judge(
        self, talk: Talk, text: Manuscript, target: int | None, options: DirectorOptions, progress: Progress
    ) -> Judgement:
        judgement = Judgement(talk, text)
        overview = merged(
            side_by_side(
                lambda asked: self._overview(asked, text), overview_prompts(text), width=self._model.width
            )
        )
        parts = windows(text, overview, target)
        shared = shared_part(text, overview, self._examples, options.narration)
        done: list[int] = []

        def decide(window: Window) -> tuple[Checker, Decisions]:
            checker = Checker(talk, text, window.first, window.end, rewrites=options.narration != "none")
            answer = self._decide(window, checker, window_prompt(text, window, prompt("decide"), shared))
            done.append(1)
            progress(len(done) / len(parts))
            return checker, answer

        for window, (checker, answer) in zip(
            parts, side_by_side(decide, parts, width=self._model.width), strict=True
        ):
            judgement.add(window, checker, answer)
        return judgement

    def _overview(self, asked: Prompt, text: Manuscript) -> Overview:
        return ask(
            self._model,
            asked,
            Overview,
            lambda overview: overview_faults(overview, text),
            most_tokens=_OVERVIEW_TOKENS,
        )

    def _decide(self, window: Window, checker: Checker, asked: Prompt) -> Decisions:
        return ask(
            self._model,
            asked,
            Decisions,
            checker.faults,
            most_tokens=_TOKENS_AROUND + _TOKENS_A_LINE * (window.end - window.first),
            forgive=checker.forgivable,
        )


def first_prompts(
    recording: Recording, transcript: Transcript, signals: Signals, options: DirectorOptions
) -> list[Prompt]:
    """All prompts that a plan would take where every answer holds; those of windows without an overview."""
    talk = lay_out(transcript, signals)
    text = manuscript(talk, Screen(signals))
    if not text.lines:
        return []
    target = target_length(recording.duration, options)
    shared = shared_part(text, None, (), options.narration)
    asked = [window_prompt(text, window, prompt("decide"), shared) for window in windows(text, None, target)]
    return [*overview_prompts(text), *asked]


def _pieces(
    talk: Talk,
    signals: Signals,
    screen: Screen,
    judgement: Judgement,
    language: str,
    target: int | None,
    options: DirectorOptions,
) -> list[Piece]:
    book = phrasebook(language)
    draft = Draft(talk, screen, _removals(talk, signals, judgement, book), judgement.rulings)
    sentences = find_sentences(talk, draft.removals)
    decided = draft.pieces()
    if target is not None:
        decided, sentences = meet_target(draft, sentences, target, judgement.worth_of(sentences))
    kept = frozenset(sound for sentence in sentences for sound in sentence.sounds)
    if options.narration != "none":
        own = judgement.rewordings(kept | _hesitating(draft))
        taken = judgement.sounds("rewrite")
        rest = [sentence for sentence in sentences if taken.isdisjoint(sentence.sounds)]
        cleaned = reworded(talk, rest, book, every=options.narration == "full")
        decided = with_rewordings(decided, sorted((*own, *cleaned), key=lambda reworded: reworded.start))
    if options.narration in ("bridges", "full") and language == "en":
        decided = bridged(decided)
    return with_whole_breaths(with_keeps(decided, talk.duration, talk), talk, signals)


def _hesitating(draft: Draft) -> frozenset[int]:
    """Sounds that go anyway, whatever is spoken over them."""
    return frozenset(
        sound for sound, removal in draft.removals.items() if removal.kind in ("filler", "repeat")
    )


def _removals(talk: Talk, signals: Signals, judgement: Judgement, book: Phrasebook) -> Mapping[int, Removal]:
    """What the model cuts, and what rules find in words that it said nothing about."""
    removed = judgement.removals()
    ruled = judgement.sounds("keep") | judgement.sounds("rewrite")
    slips = [slip for slip in find_slips(talk, book) if ruled.isdisjoint(range(slip.first, slip.last))]
    gone = frozenset(removed) | {sound for slip in slips for sound in range(slip.first, slip.last)}
    found: tuple[Slip | Hesitation, ...] = (*slips, *find_hesitations(talk, signals, book, gone))
    for one in found:
        for index in range(one.first, one.last):
            sound = talk.sounds[index]
            removed.setdefault(
                index, Removal(sound.start, sound.end, one.kind, one.reason, one.confidence, one.note)
            )
    return removed


def _short(quote: str) -> str:
    return quote if len(quote) <= _QUOTE else quote[: _QUOTE - 1].rstrip() + "…"
