"""A cut takes a breath whole or leaves it whole."""

from __future__ import annotations

import pytest

from cutdown.director.breaths import with_whole_breaths
from cutdown.director.pieces import Piece
from cutdown.director.talk import lay_out
from cutdown.signals import Signals
from cutdown.timebase import Span
from cutdown.transcript import Transcript, Word


def heard(*sounds: tuple[float, float], voiced: tuple[tuple[float, float], ...]) -> Signals:
    """Silence everywhere but in ``sounds``."""
    edges = [0.0, *(edge for sound in sounds for edge in sound), 20.0]
    silences = [Span(start=a, end=b) for a, b in zip(edges[::2], edges[1::2], strict=True) if b > a]
    return Signals(
        duration=20,
        noise_floor_db=-60,
        speech_level_db=-20,
        silences=tuple(silences),
        speech=tuple(Span(start=a, end=b) for a, b in voiced),
        screen=(),
    )


def bordered(breath: tuple[float, float], cut: tuple[int, int]) -> tuple[int, int]:
    """Speech from 2 to 5 s and from 12 to 15 s, a breath between, and a cut; where the cut lies in the end."""
    signals = heard((2, 5), breath, (12, 15), voiced=((2, 5), (12, 15)))
    words = (Word(text="one", start=2.5, end=4), Word(text="two", start=12.5, end=14))
    talk = lay_out(Transcript(language="en", model="made", duration=20, words=words, segments=()), signals)
    pieces = [
        Piece(0, cut[0], "keep", "speech"),
        Piece(cut[0], cut[1], "cut", "dead time"),
        Piece(cut[1], 20_000, "keep", "speech"),
    ]
    before, middle, after = with_whole_breaths(pieces, talk, signals)
    assert before.end == middle.start
    assert middle.end == after.start
    assert (before.start, after.end) == (0, 20_000)
    return middle.start, middle.end


@pytest.mark.parametrize(
    ("breath", "cut", "expected"),
    [
        ((11.5, 11.9), (5_400, 11_800), (5_400, 11_500)),  # taken to speak: it stays, whole
        ((10.8, 11.2), (5_400, 11_000), (5_400, 11_200)),  # long before: it goes, whole
        ((5.2, 5.6), (5_400, 11_890), (5_200, 11_890)),  # after speech: it goes
        ((8.0, 8.4), (5_400, 11_890), (5_400, 11_890)),  # inside the cut: nothing to do
    ],
)
def test_no_cut_ends_inside_a_breath(breath, cut, expected) -> None:
    assert bordered(breath, cut) == expected


def test_a_long_sound_is_no_breath() -> None:
    assert bordered((9.0, 11.5), (5_400, 11_000)) == (5_400, 11_000)
