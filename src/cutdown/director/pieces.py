"""Pieces of a plan in the making, in integer milliseconds, and how they become the plan."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Final

from cutdown.director.reading import Reading
from cutdown.director.screen import Screen
from cutdown.director.talk import Talk
from cutdown.plan import ActionType, Activity, EditAction, EditPlan, Evidence, Selection
from cutdown.recording import Recording

_SHORTEST_KEEP: Final = 300  # ms; a shorter one without words is a flash


@dataclass(frozen=True)
class Piece:
    """One decision over ``[start, end)``."""

    start: int
    end: int
    type: ActionType
    reason: str
    confidence: float = 1.0
    evidence: tuple[Evidence, ...] = ()
    factor: Fraction | None = None
    narration: str | None = None
    activity: Activity | None = None

    @property
    def length(self) -> int:
        """Milliseconds of the source."""
        return self.end - self.start

    @property
    def planned(self) -> Fraction:
        """Milliseconds of the output."""
        return Fraction(0) if self.type == "cut" else Fraction(self.length) / (self.factor or 1)


KEPT_SPEECH: Final = "Speech that carries the matter"
KEPT_SCREEN: Final = "The screen shows something new"
KEPT_MOMENT: Final = "A moment to see what has come about"


def with_keeps(decided: Sequence[Piece], duration: int, talk: Talk) -> list[Piece]:
    """The decisions in order, and keeps wherever nothing was decided."""
    pieces: list[Piece] = []
    at = 0
    for piece in sorted(decided, key=lambda p: p.start):
        if piece.start > at:
            pieces.append(_keep(at, piece.start, talk))
        pieces.append(piece)
        at = piece.end
    if duration > at:
        pieces.append(_keep(at, duration, talk))
    return _joined(_without_flashes(pieces, talk))


def _keep(start: int, end: int, talk: Talk) -> Piece:
    heard = any(sound.start < end and sound.end > start for sound in talk.sounds)
    return Piece(start, end, "keep", KEPT_SPEECH if heard else KEPT_SCREEN)


def _without_flashes(pieces: Sequence[Piece], talk: Talk) -> list[Piece]:
    """Keeps too short to be seen, and without a sound in them, go to their longer neighbour."""
    result: list[Piece] = []
    owed: int | None = None  # where the next piece begins instead, when it takes a flash in
    for index, piece in enumerate(pieces):
        start = piece.start if owed is None else owed
        owed = None
        after = pieces[index + 1].length if index + 1 < len(pieces) else 0
        if not _is_flash(piece, talk) or len(pieces) == 1:
            result.append(replace(piece, start=start))
        elif result and result[-1].length >= after:
            result[-1] = replace(result[-1], end=piece.end)
        elif after:
            owed = start
        else:
            result.append(replace(piece, start=start))
    return result


def _is_flash(piece: Piece, talk: Talk) -> bool:
    if piece.type != "keep" or piece.length >= _SHORTEST_KEEP:
        return False
    return not any(sound.start < piece.end and sound.end > piece.start for sound in talk.sounds)


def _joined(pieces: list[Piece]) -> list[Piece]:
    """Neighbours of one type and reason made one."""
    result: list[Piece] = []
    for piece in pieces:
        last = result[-1] if result else None
        if (
            last is not None
            and (last.type, last.reason, last.factor, last.narration)
            == (piece.type, piece.reason, piece.factor, piece.narration)
            and piece.type != "rewrite"
        ):
            result[-1] = replace(
                last,
                end=piece.end,
                confidence=min(last.confidence, piece.confidence),
                evidence=tuple(dict.fromkeys((*last.evidence, *piece.evidence))),
            )
        else:
            result.append(piece)
    return result


def planned_length(pieces: Sequence[Piece]) -> Fraction:
    """Milliseconds of the output before narration is fitted."""
    return sum((piece.planned for piece in pieces), Fraction(0))


def to_plan(
    pieces: Sequence[Piece],
    recording: Recording,
    talk: Talk,
    screen: Screen,
    *,
    language: str,
    director: str,
    target: Fraction | None,
    selection: Selection | None = None,
) -> EditPlan:
    """The plan of gapless pieces, each with what goes on in it; its last action ends exactly with the recording."""
    reading = Reading(talk, screen)
    actions = []
    for number, piece in enumerate(pieces, start=1):
        last = number == len(pieces)
        scene = reading.mostly(piece.start, piece.end)
        actions.append(
            EditAction(
                id=f"a{number:03d}",
                type=piece.type,
                start=Fraction(piece.start, 1000),
                end=recording.duration if last else Fraction(piece.end, 1000),
                factor=piece.factor,
                narration=piece.narration,
                activity=piece.activity or scene.activity,
                quote=quote(talk, piece.start, piece.end),
                reason=KEPT_MOMENT if piece.reason == KEPT_SCREEN and scene.still else piece.reason,
                confidence=round(piece.confidence, 2),
                evidence=piece.evidence or scene.evidence,
            )
        )
    return EditPlan(
        recording_sha256=recording.sha256,
        duration=recording.duration,
        language=language,
        director=director,
        target_seconds=target,
        selection=selection,
        actions=tuple(actions),
    )


def quote(talk: Talk, start: int, end: int) -> str:
    """What is said in a stretch: the words of all sounds that lie mostly in it."""
    said = []
    for index, sound in enumerate(talk.sounds):
        if min(sound.end, end) - max(sound.start, start) > sound.length / 2:
            said.append(talk.text(index, index + 1))
    return " ".join(text for text in said if text)
