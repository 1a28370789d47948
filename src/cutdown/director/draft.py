"""A plan in the making: the sounds of a recording and what is left out of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from cutdown.director.pauses import Pause, Removal, decide_pause
from cutdown.director.pieces import Piece
from cutdown.director.screen import Screen
from cutdown.director.sentences import Sentence
from cutdown.director.talk import Talk


@dataclass(frozen=True)
class Draft:
    """A recording's sounds and what is left out of them."""

    talk: Talk
    screen: Screen
    removals: Mapping[int, Removal]

    def pieces(self) -> list[Piece]:
        """The cuts and speedups of all pauses."""
        decided: list[Piece] = []
        before: int | None = None
        between: list[Removal] = []
        for index, sound in enumerate(self.talk.sounds):
            if index in self.removals:
                between.append(self.removals[index])
                continue
            decided += self._pause(before, sound.start, between)
            before, between = sound.end, []
        return decided + self._pause(before, None, between)

    def without(self, sentences: Sequence[Sentence]) -> Draft:
        """The draft with these sentences left out too."""
        more = {
            sound: Removal(
                self.talk.sounds[sound].start,
                self.talk.sounds[sound].end,
                "selection",
                "Left out to meet the length asked for",
                0.6,
                "other sentences say more in the time there is",
            )
            for sentence in sentences
            for sound in range(sentence.sounds[0], sentence.sounds[-1] + 1)
        }
        return replace(self, removals={**self.removals, **more})

    def _pause(self, before: int | None, after: int | None, between: Sequence[Removal]) -> list[Piece]:
        return decide_pause(Pause(before, after, self.talk.duration, tuple(between)), self.screen)
