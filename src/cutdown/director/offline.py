"""The offline director: rules over what was heard and seen, without network or model.

In order: what was taken back or said beside the matter, hesitations, the pauses between what is left,
then whole sentences until the length asked for is met, then new narration. Everything is a
function of transcript and signals; the same input gives the same plan to the byte.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Final, Self

from cutdown.director.breaths import with_whole_breaths
from cutdown.director.dependencies import clause_openers
from cutdown.director.draft import Draft
from cutdown.director.hesitations import Hesitation, find_hesitations
from cutdown.director.pauses import Removal
from cutdown.director.phrasebook import Phrasebook, phrasebook
from cutdown.director.pieces import Piece, to_plan, with_keeps
from cutdown.director.rewording import bridged, reworded, with_rewordings
from cutdown.director.screen import Screen
from cutdown.director.screen_only import plan_by_screen
from cutdown.director.sentences import find_sentences, in_breaths
from cutdown.director.slips import find_slips
from cutdown.director.takes import Slip
from cutdown.director.talk import Talk, lay_out
from cutdown.director.target import meet_target, target_length
from cutdown.plan import EditPlan, Selection
from cutdown.progress import Progress, unheard
from cutdown.recording import Recording
from cutdown.services.account import Account
from cutdown.services.choices import Choice
from cutdown.settings import DirectorOptions
from cutdown.signals import Signals
from cutdown.transcript import Transcript

NAME: Final = "offline/2"


class OfflineDirector:
    """Plans by rules; see the module."""

    @classmethod
    def opened(cls, choice: Choice, account: Account) -> Self:
        """The director; it costs nothing."""
        del choice, account
        return cls()

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
        del progress  # it is done before anybody could look
        talk = lay_out(transcript, signals)
        screen = Screen(signals)
        target = target_length(recording.duration, options)
        if any(sound.voiced or sound.first < sound.last for sound in talk.sounds):
            pieces, selection = _plan_by_speech(talk, signals, screen, transcript.language, target, options)
        else:
            pieces, selection = plan_by_screen(signals, talk, target), None
        return to_plan(
            pieces,
            recording,
            talk,
            screen,
            language=transcript.language,
            director=NAME,
            target=None if target is None else Fraction(target, 1000),
            selection=selection,
        )


def _plan_by_speech(
    talk: Talk,
    signals: Signals,
    screen: Screen,
    language: str,
    target: int | None,
    options: DirectorOptions,
) -> tuple[list[Piece], Selection | None]:
    book = phrasebook(language)
    draft = Draft(talk, screen, _removals(talk, signals, book))
    sentences = find_sentences(talk, draft.removals)
    if target is not None:
        sentences = in_breaths(talk, sentences, clause_openers(language))
    selected = meet_target(draft, sentences, target, language)
    decided = selected.pieces
    if options.narration != "none":
        rewordings = reworded(talk, selected.kept, book, every=options.narration == "full")
        decided = with_rewordings(decided, rewordings)
    if options.narration in ("bridges", "full") and language == "en":
        decided = bridged(decided)
    return with_whole_breaths(with_keeps(decided, talk.duration, talk), talk, signals), selected.selection


def _removals(talk: Talk, signals: Signals, book: Phrasebook) -> dict[int, Removal]:
    """Every sound that is left out, by its index."""
    slips = find_slips(talk, book)
    gone = frozenset(sound for slip in slips for sound in range(slip.first, slip.last))
    found: tuple[Slip | Hesitation, ...] = (*slips, *find_hesitations(talk, signals, book, gone))
    return {
        index: Removal(sound.start, sound.end, one.kind, one.reason, one.confidence, one.note)
        for one in found
        for index, sound in enumerate(talk.sounds[one.first : one.last], start=one.first)
    }
