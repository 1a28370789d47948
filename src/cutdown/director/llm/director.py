"""A language model decides what matters; rules and arithmetic hold it to what was said and to the length asked for.

The pauses, the breaths and the hesitations are those of the offline director. What the model adds is
checked against the transcript, put right once, and otherwise refused.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Final

from cutdown.director.breaths import with_whole_breaths
from cutdown.director.draft import Draft
from cutdown.director.hesitations import Hesitation, find_hesitations
from cutdown.director.llm.asking import WRONG_ANSWER, ask
from cutdown.director.llm.candidates import best_of
from cutdown.director.llm.checks import Checker, overview_faults
from cutdown.director.llm.forms import Decisions, Overview
from cutdown.director.llm.judgement import Judgement
from cutdown.director.llm.manuscript import Manuscript, manuscript
from cutdown.director.llm.model import LanguageModel, Prompt
from cutdown.director.llm.prompts import prompt, prompt_version, views
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
from cutdown.director.rewording import bridged, reworded, with_rewordings
from cutdown.director.screen import Screen
from cutdown.director.sentences import find_sentences
from cutdown.director.slips import find_slips
from cutdown.director.takes import Slip
from cutdown.director.talk import Talk, lay_out
from cutdown.director.target import meet_target, target_length
from cutdown.errors import ProviderError
from cutdown.plan import EditPlan, Selection
from cutdown.progress import Progress, unheard
from cutdown.recording import Recording
from cutdown.services.loop import side_by_side
from cutdown.settings import DirectorOptions
from cutdown.signals import Signals
from cutdown.transcript import Transcript

_OVERVIEW_TOKENS: Final = 4_000  # that an overview may take, thinking included
_TOKENS_A_LINE: Final = 30  # that decisions may take for each line; a tenth of it is usual
_TOKENS_AROUND: Final = 2_000


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

        def planned(judgement: Judgement) -> EditPlan:
            pieces, selection = _pieces(
                talk, signals, screen, judgement, transcript.language, target, options
            )
            return to_plan(
                pieces,
                recording,
                talk,
                screen,
                language=transcript.language,
                director=f"llm/{prompt_version()} {self._model.name}",
                target=None if target is None else Fraction(target, 1000),
                selection=selection,
            )

        judged = self._judge(talk, text, target, options, progress)
        return best_of([None if judgement is None else planned(judgement) for judgement in judged], text)

    def _judge(
        self, talk: Talk, text: Manuscript, target: int | None, options: DirectorOptions, progress: Progress
    ) -> list[Judgement | None]:
        """A judgement for each candidate, None where its answers do not hold; at least one does."""
        overview = merged(
            side_by_side(
                lambda asked: self._overview(asked, text), overview_prompts(text), width=self._model.width
            )
        )
        parts = windows(text, overview, target)
        shared = shared_part(text, overview, self._examples, options.narration)
        asked = [(view, window) for view in views(options.candidates) for window in parts]
        done: list[int] = []

        def decide(one: tuple[str, Window]) -> tuple[Checker, Decisions] | ProviderError:
            view, window = one
            checker = Checker(talk, text, window.first, window.end, rewrites=options.narration != "none")
            try:
                answer = self._decide(
                    window, checker, window_prompt(text, window, prompt("decide"), shared, view)
                )
            except ProviderError as error:
                if options.candidates == 1 or error.fault != WRONG_ANSWER:
                    raise
                return error
            done.append(1)
            progress(len(done) / len(asked))
            return checker, answer

        answers = side_by_side(decide, asked, width=self._model.width)
        judged = [
            _judgement(talk, text, parts, answers[begin : begin + len(parts)])
            for begin in range(0, len(answers), len(parts))
        ]
        if all(one is None for one in judged):
            raise next(answer for answer in answers if isinstance(answer, ProviderError))
        return judged

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


def _judgement(
    talk: Talk,
    text: Manuscript,
    parts: Sequence[Window],
    answers: Sequence[tuple[Checker, Decisions] | ProviderError],
) -> Judgement | None:
    """What one candidate decided, or None where an answer of it cannot be used."""
    judgement = Judgement(talk, text)
    for window, answer in zip(parts, answers, strict=True):
        if isinstance(answer, ProviderError):
            return None
        judgement.add(window, *answer)
    return judgement


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
    asked = [
        window_prompt(text, window, prompt("decide"), shared, view)
        for view in views(options.candidates)
        for window in windows(text, None, target)
    ]
    return [*overview_prompts(text), *asked]


def _pieces(
    talk: Talk,
    signals: Signals,
    screen: Screen,
    judgement: Judgement,
    language: str,
    target: int | None,
    options: DirectorOptions,
) -> tuple[list[Piece], Selection | None]:
    book = phrasebook(language)
    draft = Draft(talk, screen, _removals(talk, signals, judgement, book), judgement.rulings)
    sentences = find_sentences(talk, draft.removals)
    selected = meet_target(draft, sentences, target, language, judgement.worth_of(sentences))
    decided = selected.pieces
    kept = frozenset(sound for sentence in selected.kept for sound in sentence.sounds)
    if options.narration != "none":
        own = judgement.rewordings(kept | _hesitating(draft))
        taken = judgement.sounds("rewrite")
        rest = [sentence for sentence in selected.kept if taken.isdisjoint(sentence.sounds)]
        cleaned = reworded(talk, rest, book, every=options.narration == "full")
        decided = with_rewordings(decided, sorted((*own, *cleaned), key=lambda reworded: reworded.start))
    if options.narration in ("bridges", "full") and language == "en":
        decided = bridged(decided)
    return with_whole_breaths(with_keeps(decided, talk.duration, talk), talk, signals), selected.selection


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
