"""From what the solver found to pictures and sounds, and to the reasons that people read."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from typing import Final, Protocol

from cutdown.fitting.pieces import Passage, Piece
from cutdown.fitting.slack import Room
from cutdown.fitting.slots import Slot
from cutdown.fitting.solver import Fit
from cutdown.plan import ActionType
from cutdown.timebase import SAMPLE_RATE
from cutdown.timeline import FitChoice, Lever

_ROOM_NAMES: Final[dict[ActionType, str]] = {
    "cut": "dead time that was cut",
    "keep": "kept silence",
    "speedup": "a sped-up wait",
    "rewrite": "",
}
_TOLD_FROM: Final = Fraction(1, 20)  # s; a shorter wait of a line is no choice that anybody would notice


class _Choose(Protocol):
    def __call__(self, lever: Lever, seconds: Fraction, note: str, share: float = 1.0) -> FitChoice: ...


def settled(slot: Slot, fit: Fit) -> Passage:
    """The passage of a line, with everything that was found for it."""
    pieces: list[Piece] = []
    pinned = True  # nothing is joined to what comes before the first
    stands = max(
        (place for place, part in enumerate(slot.parts) if part.can_hold), default=len(slot.parts) - 1
    )
    for place, (part, change) in enumerate(zip(slot.parts, fit.parts, strict=True)):
        piece = part.piece
        shown = replace(
            piece,
            end=piece.end - change.trimmed,
            frames=piece.frames + change.longer - change.held,
            hold=change.held + (fit.flagged if place == stands else 0),
        )
        pieces[len(pieces) - (not pinned) :] = [shown] if pinned else _joined(pieces[-1], shown)
        pinned = part.pins
    if fit.before:
        first = pieces[0]
        ahead = Piece(first.action, first.start - fit.before, first.start, fit.before)
        pieces[:1] = _joined(ahead, first)
    if fit.after:
        last = pieces[-1]
        border = slot.parts[-1].piece.end
        behind = Piece(last.action, border, border + fit.after, fit.after)
        pieces[-1:] = _joined(last, behind)
    return Passage(tuple(pieces), slot.line, slot.samples, fit.tempo, fit.wait)


def _joined(one: Piece, other: Piece) -> list[Piece]:
    """One piece of two where the source runs on and both are shown alike."""
    runs_on = one.action is other.action and one.end == other.start and not one.hold
    faster = one.action.type == "speedup"
    if not runs_on or (faster and one.speed != other.speed):
        return [one, other]
    return [Piece(one.action, one.start, other.end, one.frames + other.frames, other.hold)]


def explained(slot: Slot, fit: Fit, passage: Passage, rate: Fraction) -> Iterator[FitChoice]:
    """Each lever that was pulled for a line, in plain words, filed under its first action."""

    def choice(lever: Lever, seconds: Fraction, note: str, share: float = 1.0) -> FitChoice:
        price = round(fit.discomfort[lever] * share, 4)
        return FitChoice(
            action=slot.parts[0].piece.action.id, lever=lever, seconds=seconds, note=note, discomfort=price
        )

    lent = fit.before + fit.after
    for room, ticks, where in ((slot.after, fit.after, "after"), (slot.before, fit.before, "before")):
        if room is not None and ticks:
            yield choice("slack", ticks / rate, _room_note(room, ticks / rate, where), ticks / lent)
    yield from _picture(fit, passage, choice, rate)
    hurried = Fraction(slot.samples, SAMPLE_RATE) * (1 - 1 / fit.tempo)
    if hurried:
        yield choice("voice", hurried, f"the line is spoken {float(fit.tempo):.3f} times as fast")
    yield from _sync(slot, fit, choice)
    beyond = fit.flagged + sum(part.strained for part in fit.parts)
    if beyond:
        slowest = float(min(piece.speed for piece in passage.pieces))
        stands = f", and stands still for {float(fit.flagged / rate):.2f} s" if fit.flagged else ""
        yield choice(
            "flag",
            beyond / rate,
            f"the line is {float(beyond / rate):.2f} s longer than its picture should be made: it is slowed to "
            f"{slowest:.2f} of its speed{stands}; shorten the narration or keep more picture",
        )


def _picture(fit: Fit, passage: Passage, choice: _Choose, rate: Fraction) -> Iterator[FitChoice]:
    restored = sum(part.restored for part in fit.parts)
    slowed = sum(part.slowed for part in fit.parts)
    held = [part.held for part in fit.parts if part.held]
    trimmed = sum(part.trimmed for part in fit.parts)
    if held:
        seconds = sum(held) / rate
        places = f" in {len(held)} places" if len(held) > 1 else ""
        yield choice("hold", seconds, f"the still screen is held for {float(seconds):.2f} s{places}")
    if restored or slowed:
        slowest = float(min(piece.speed for piece in passage.pieces))
        note = (
            f"the picture is slowed, to {slowest:.2f} of its speed at the least"
            if slowed
            else f"the wait is shown {slowest:.2f} times as fast, so that the line fits over it"
        )
        yield choice("slow", (restored + slowed) / rate, note)
    if trimmed:
        seconds = trimmed / rate
        note = f"{float(seconds):.2f} s of still screen left out under the line"
        yield choice("trim", seconds, note)


def _sync(slot: Slot, fit: Fit, choice: _Choose) -> Iterator[FitChoice]:
    waited = Fraction(fit.wait, SAMPLE_RATE)
    if waited < _TOLD_FROM and fit.apart < _TOLD_FROM:
        return
    words = ", ".join(f"'{anchor.word}'" for anchor in slot.anchors)
    note = f"the line begins {float(waited):.2f} s later, so that {words} is said as the picture shows it"
    if fit.apart >= _TOLD_FROM:
        note = f"{words}: said {fit.apart:.2f} s farther from what the picture shows than reads as one"
    yield choice("sync", waited, note)


def _room_note(room: Room, seconds: Fraction, where: str) -> str:
    return f"{float(seconds):.2f} s of {_ROOM_NAMES[room.kind]} {where} the line are used for it"
