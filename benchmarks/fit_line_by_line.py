"""Fitting as it is usually done, to measure ours against: line by line, in a fixed order.

`by_line` pulls one lever after the other, each to its bound: a sped-up wait shown slower, silence beside it, a
still screen held, the picture slowed, the voice hurried. It was what Cutdown did before it solved for the
whole timeline. `by_voice` is what most tools do: the voice is stretched to its slot, whatever that takes.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from fractions import Fraction
from typing import Final, NamedTuple

from cutdown.fitting.build import laid_out, passages_of, stretches_of
from cutdown.fitting.calm import Calm
from cutdown.fitting.limits import (
    FASTEST_VOICE,
    HOLD_LIMIT,
    LEAD,
    SLOWEST,
    STILL_LEFT,
    TAIL,
    TRIM_FROM,
)
from cutdown.fitting.pieces import Passage, Piece, Stretch
from cutdown.fitting.slack import room_after, room_before
from cutdown.narration import Narration
from cutdown.plan import EditPlan
from cutdown.recording import Recording
from cutdown.signals import Signals
from cutdown.timebase import SAMPLE_RATE
from cutdown.timeline import FitChoice, Lever, Timeline


def by_line(
    plan: EditPlan, narration: Narration, recording: Recording, signals: Signals, rate: Fraction
) -> Timeline:
    """Fit every line by itself, each lever to its bound before the next."""
    calm = Calm(recording, signals)
    stretches = stretches_of(plan, narration.lines, rate)
    passages: list[Passage] = []
    fits: list[FitChoice] = []
    for number, line in enumerate(narration.lines):
        places = [place for place, stretch in enumerate(stretches) if stretch.line == number]
        own = [stretches[place] for place in places]
        unhurried = Passage(tuple(s.as_piece() for s in own), number, line.samples)
        missing = needed(unhurried, rate) - sum(stretch.ticks for stretch in own)
        fits.extend(
            choice(unhurried, "slack", ticks / rate, "silence beside the line")
            for ticks in _take_slack(stretches, places[0], places[-1], missing, calm, rate)
        )
    lines = narration.lines
    for passage in passages_of(
        stretches, lambda n, own: Passage(tuple(s.as_piece() for s in own), n, lines[n].samples)
    ):
        for fit in (lengthen, trim):
            passage, choices = fit(passage, calm, rate)  # noqa: PLW2901  # each step works on the one before
            fits.extend(choices)
        passages.append(passage)
    return laid_out(recording, rate, passages, fits, calm)


def by_voice(
    plan: EditPlan, narration: Narration, recording: Recording, signals: Signals, rate: Fraction
) -> Timeline:
    """Speak every line as fast as its picture asks for."""
    calm = Calm(recording, signals)
    stretches = stretches_of(plan, narration.lines, rate)
    lines = narration.lines

    def stretched(number: int, own: Sequence[Stretch]) -> Passage:
        passage = Passage(tuple(stretch.as_piece() for stretch in own), number, lines[number].samples)
        seconds = max(passage.frames / rate - LEAD - TAIL, 1 / rate)
        exact = Fraction(lines[number].samples, SAMPLE_RATE) / seconds
        return replace(passage, tempo=max(Fraction(1), Fraction(math.ceil(exact * 1000), 1000)))

    return laid_out(recording, rate, list(passages_of(stretches, stretched)), [], calm)


class Fitted(NamedTuple):
    """A passage after fitting, and what was done to it."""

    passage: Passage
    choices: tuple[FitChoice, ...]


class _Pull(NamedTuple):
    passage: Passage
    note: str


def lengthen(passage: Passage, calm: Calm, rate: Fraction) -> Fitted:
    """Give a line that is longer than its picture the time it needs."""
    choices: list[FitChoice] = []
    for lever, pull in _LEVERS:
        missing = missing_in(passage, rate)
        if missing <= 0:
            break
        pulled = pull(passage, missing, calm, rate)
        if pulled is None:
            continue
        gained = missing - missing_in(pulled.passage, rate)
        passage = pulled.passage
        choices.append(choice(passage, lever, gained / rate, pulled.note))
    return Fitted(passage, tuple(choices))


def trim(passage: Passage, calm: Calm, rate: Fraction) -> Fitted:
    """Take still parts out of a picture that is longer than its line; what moves stays."""
    if passage.line is None or any(piece.action.type != "rewrite" for piece in passage.pieces):
        return Fitted(passage, ())
    surplus = -missing_in(passage, rate)
    if surplus <= TRIM_FROM * rate:
        return Fitted(passage, ())
    pieces: list[Piece] = []
    left = surplus
    for piece in reversed(passage.pieces):
        kept = _without_still(piece, left, calm, rate)
        left -= piece.frames - sum(part.frames for part in kept)
        pieces[:0] = kept
    trimmed = replace(passage, pieces=tuple(pieces))
    if left == surplus:
        return Fitted(passage, ())
    seconds = (surplus - left) / rate
    note = f"the line is shorter than its picture: {float(seconds):.2f} s of still screen left out"
    return Fitted(trimmed, (choice(trimmed, "trim", seconds, note),))


def choice(passage: Passage, lever: Lever, seconds: Fraction, note: str) -> FitChoice:
    """A record of one pull, filed under the passage's first action."""
    return FitChoice(action=passage.pieces[0].action.id, lever=lever, seconds=seconds, note=note)


def _without_still(piece: Piece, surplus: int, calm: Calm, rate: Fraction) -> Sequence[Piece]:
    """One piece less at most ``surplus`` ticks of still screen, the last still parts first."""
    left_over = math.ceil(STILL_LEFT * rate)
    kept: list[Piece] = []
    end = piece.end
    for start, stop in reversed(calm.still_within(piece.start / rate, piece.end / rate)):
        first, last = math.ceil(start * rate), math.floor(stop * rate)
        gone = min(surplus, last - first - left_over)
        if gone <= 0:
            continue
        if last < end:
            kept.insert(0, Piece(piece.action, last, end, end - last))
        end = last - gone
        surplus -= gone
    kept.insert(0, Piece(piece.action, piece.start, end, end - piece.start))
    return kept


def _lower_factor(passage: Passage, missing: int, calm: Calm, rate: Fraction) -> _Pull | None:
    """Show sped-up stretches less fast, at most as slow as they were."""
    del calm, rate
    before = passage
    for index, piece in enumerate(passage.pieces):
        more = min(missing, piece.ticks - piece.frames)
        if more > 0:
            passage = with_piece(passage, index, replace(piece, frames=piece.frames + more))
            missing -= more
    if passage == before:
        return None
    slowest = min(piece.speed for piece in passage.pieces)
    return _Pull(
        passage, f"the wait is shown {float(slowest):.2f} times as fast, so that the line fits over it"
    )


def _hold(passage: Passage, missing: int, calm: Calm, rate: Fraction) -> _Pull | None:
    """Hold the last frame of the last piece that ends on a still screen."""
    for index in reversed(range(len(passage.pieces))):
        piece = passage.pieces[index]
        last = Fraction(piece.end - 1) / rate
        if calm.still_until(last) > last:
            held = min(missing, math.floor(HOLD_LIMIT * rate))
            note = f"the still screen is held for {float(held / rate):.2f} s"
            return _Pull(with_piece(passage, index, replace(piece, hold=held)), note)
    return None


def _slow(passage: Passage, missing: int, calm: Calm, rate: Fraction) -> _Pull | None:
    """Slow the picture, all pieces alike, to two thirds at the most."""
    del calm, rate
    room = [math.floor(piece.ticks / SLOWEST) - piece.frames for piece in passage.pieces]
    wanted = min(missing, sum(room))
    if wanted <= 0:
        return None
    taken = 0
    so_far = 0
    for index, free in enumerate(room):
        so_far += free
        share = wanted * so_far // sum(room)
        piece = passage.pieces[index]
        passage = with_piece(passage, index, replace(piece, frames=piece.frames + share - taken))
        taken = share
    slowest = min(piece.speed for piece in passage.pieces)
    return _Pull(passage, f"the picture is slowed to {float(slowest):.2f} of its speed")


def _hurry(passage: Passage, missing: int, calm: Calm, rate: Fraction) -> _Pull | None:
    """Speak a little faster, 1.1 at the most."""
    del missing, calm
    time = passage.frames / rate - LEAD - TAIL
    exact = passage.voice_samples / (SAMPLE_RATE * time) if time > 0 else FASTEST_VOICE
    tempo = min(FASTEST_VOICE, Fraction(math.ceil(exact * 1000), 1000))
    hurried = replace(passage, tempo=tempo)
    if needed(hurried, rate) >= needed(passage, rate):
        return None
    return _Pull(hurried, f"the line is spoken {float(tempo):.3f} times as fast")


def _flag(passage: Passage, missing: int, calm: Calm, rate: Fraction) -> _Pull:
    """Hold the last frame for as long as the line still needs, and say so."""
    del calm
    last = len(passage.pieces) - 1
    piece = passage.pieces[last]
    note = (
        f"the line is {float(missing / rate):.2f} s longer than its picture can be made: the last frame stands "
        "still until it ends; shorten the narration or keep more picture"
    )
    return _Pull(with_piece(passage, last, replace(piece, hold=piece.hold + missing)), note)


_LEVERS: Final[Sequence[tuple[Lever, Callable[[Passage, int, Calm, Fraction], _Pull | None]]]] = (
    ("slow", _lower_factor),
    ("hold", _hold),
    ("slow", _slow),
    ("voice", _hurry),
    ("flag", _flag),
)


def needed(passage: Passage, rate: Fraction) -> int:
    """Frames that the line needs, with the short rests around it."""
    if passage.line is None:
        return 0
    return math.ceil((LEAD + TAIL + passage.voice_samples / (SAMPLE_RATE * passage.tempo)) * rate)


def missing_in(passage: Passage, rate: Fraction) -> int:
    """Frames that the line is longer than its picture; below 0 where it is shorter."""
    return needed(passage, rate) - passage.frames


def with_piece(passage: Passage, index: int, piece: Piece) -> Passage:
    """The same with one piece exchanged."""
    return replace(passage, pieces=(*passage.pieces[:index], piece, *passage.pieces[index + 1 :]))


def _take_slack(
    stretches: Sequence[Stretch], first: int, last: int, missing: int, calm: Calm, rate: Fraction
) -> list[int]:
    """Move a line's borders outwards over silence, first behind it, then ahead of it."""
    taken = []
    if missing > 0 and (room := room_after(stretches, last, calm, rate)):
        ticks = min(missing, room.ticks)
        stretches[last].end += ticks
        stretches[last + 1].start += ticks
        missing -= ticks
        taken.append(ticks)
    if missing > 0 and (room := room_before(stretches, first, calm, rate)):
        ticks = min(missing, room.ticks)
        stretches[first].start -= ticks
        stretches[first - 1].end -= ticks
        taken.append(ticks)
    return taken
