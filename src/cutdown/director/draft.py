"""A plan in the making: the sounds of a recording and what is left out of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from cutdown.director.pacing import paces_beside_speech
from cutdown.director.pauses import BREATH_AFTER, BREATH_BEFORE, Pause, Removal, decide_pause
from cutdown.director.pieces import Piece
from cutdown.director.reading import within_sentence
from cutdown.director.screen import Screen
from cutdown.director.sentences import Sentence
from cutdown.director.talk import Talk
from cutdown.plan import Evidence


@dataclass(frozen=True)
class Ruling:
    """What somebody who understands the matter decided about a pause, instead of the rules."""

    action: Literal["keep", "cut", "speedup"]
    reason: str
    confidence: float


@dataclass(frozen=True)
class Draft:
    """A recording's sounds and what is left out of them.

    ``rulings`` are known by the millisecond at which the sound before the pause ends.
    """

    talk: Talk
    screen: Screen
    removals: Mapping[int, Removal]
    rulings: Mapping[int, Ruling] = field(default_factory=dict)

    def pieces(self) -> list[Piece]:
        """The cuts and speedups of all pauses."""
        decided: list[Piece] = []
        before: int | None = None
        between: list[Removal] = []
        for index, sound in enumerate(self.talk.sounds):
            if index in self.removals:
                between.append(self.removals[index])
                continue
            decided += self.pause(before, sound.start, between)
            before, between = sound.end, []
        return decided + self.pause(before, None, between)

    def without(self, sentences: Sequence[Sentence]) -> Draft:
        """The draft with these sentences left out too."""
        more = {sound: gone for sentence in sentences for sound, gone in self.selected_out(sentence).items()}
        return replace(self, removals={**self.removals, **more})

    def selected_out(self, sentence: Sentence) -> dict[int, Removal]:
        """What leaving a sentence out removes, by sounds."""
        return {
            sound: Removal(
                self.talk.sounds[sound].start,
                self.talk.sounds[sound].end,
                "selection",
                "Left out to meet the length asked for",
                0.6,
                "other sentences say more in the time there is",
            )
            for sound in range(sentence.sounds[0], sentence.sounds[-1] + 1)
        }

    def between(self, first: int, last: int) -> list[Removal]:
        """What is left out between two sounds, by their indexes, where everything there is."""
        return [self.removals[sound] for sound in range(first + 1, last)]

    def pause(self, before: int | None, after: int | None, between: Sequence[Removal]) -> list[Piece]:
        """What happens between two moments that stay.

        Args:
            before: millisecond at which the sound before it ends; None where there is none.
            after: millisecond at which the sound after it begins; None where there is none.
            between: the sounds between them, all of them left out.
        """
        if before is not None and before in self.rulings and after is not None and not between:
            return _ruled(self.rulings[before], before + BREATH_AFTER, after - BREATH_BEFORE)
        thinks = before is not None and after is not None and within_sentence(self.talk, before, after)
        pause = Pause(before, after, self.talk.duration, tuple(between), thinks)
        return decide_pause(pause, self.screen)


def _ruled(ruling: Ruling, start: int, end: int) -> list[Piece]:
    if ruling.action == "keep" or end <= start:
        return []
    evidence = (Evidence(kind="silence", note="nobody speaks"),)
    factor = paces_beside_speech()["waiting"].factor(end - start) if ruling.action == "speedup" else None
    return [
        Piece(start, end, ruling.action, ruling.reason.strip(), ruling.confidence, evidence, factor=factor)
    ]
