"""Text to be spoken anew: sentences cleaned, and short lines over a wait."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Final

from cutdown.director.hesitations import unclean_words
from cutdown.director.phrasebook import Phrasebook
from cutdown.director.pieces import Piece
from cutdown.director.sentences import Sentence
from cutdown.director.talk import Talk
from cutdown.director.tidying import untidy
from cutdown.director.wording import ends_sentence, plain
from cutdown.plan import Evidence

_CLEARLY_HEARD: Final = 0.7  # mean probability; nobody should be made to say what was not understood
_BREATH: Final = 200  # ms of the silence after a sentence that belong to its new narration
_LEAD: Final = 60  # ms of the silence before it
_SECONDS_A_WORD: Final = 0.42  # of a calm voice
_SLACK: Final = 0.4  # seconds of a sped-up wait that stay without words

_SPACE_BEFORE_STOP: Final = re.compile(r"\s+([,.;:!?])")
_TWO_STOPS: Final = re.compile(r"[,;:]+(?=[.?!])|(?<=[,;:.?!])[,;:.]+")

# Neutral, so that they are true of any wait; the longest that fits is taken, in turn.
_BRIDGES: Final = (
    (
        "Meanwhile, this runs to its end.",
        "This part takes a moment, so here it is faster.",
        "A moment later.",
    ),
    ("Here this is shown a little faster.", "Some time passes here; the result follows.", "One moment."),
    ("This is worth a moment of patience.", "Nothing to do but wait for it here.", "And on it goes."),
)


@dataclass(frozen=True)
class Rewording:
    """New narration over the sounds ``[first, last]`` of one sentence."""

    start: int
    end: int
    text: str
    note: str
    reason: str = "Spoken anew with the cleaned text"
    confidence: float = 0.8
    more: tuple[Evidence, ...] = ()

    @staticmethod
    def over(talk: Talk, first: int, last: int, text: str) -> Rewording:
        """New narration over the sounds ``[first, last]``, with a little of the silence around them."""
        return Rewording(
            talk.sounds[first].start - min(_LEAD, talk.silence_before(first) // 2),
            talk.sounds[last].end + min(_BREATH, talk.silence_after(last) // 2),
            text,
            "",
        )


def reworded(
    talk: Talk, sentences: Sequence[Sentence], book: Phrasebook, *, every: bool
) -> tuple[Rewording, ...]:
    """The sentences to be spoken anew: those that cannot be cut cleanly, or every one."""
    found = []
    for sentence in sentences:
        words = talk.heard(sentence.sounds[0], sentence.sounds[-1] + 1)
        if not any(plain(word.text) for word in words):
            continue
        unclean = unclean_words(talk, sentence.sounds[0], sentence.sounds[-1] + 1, book)
        heard = sum(word.probability for word in words) / len(words)
        if not every and (not unclean or heard < _CLEARLY_HEARD):
            continue
        text = cleaned(talk, sentence.sounds, book)
        if not text:
            continue
        note = (
            "all narration is spoken anew in one voice"
            if every
            else "a hesitation runs into its neighbours and cannot be cut cleanly"
        )
        found.append(replace(Rewording.over(talk, sentence.sounds[0], sentence.sounds[-1], text), note=note))
    return tuple(found)


def cleaned(talk: Talk, sounds: Sequence[int], book: Phrasebook) -> str:
    """The words of a sentence's sounds without hesitations and stammering, as a sentence."""
    words = [word for sound in sounds for word in talk.heard(sound, sound + 1)]
    gone = untidy(words, book)
    kept = [word.text.strip() for index, word in enumerate(words) if index not in gone]
    text = ""
    for word in filter(None, kept):
        text += word if not text or word.startswith(("-", ".")) else f" {word}"
    text = _TWO_STOPS.sub("", _SPACE_BEFORE_STOP.sub(r"\1", text)).strip(" ,;:-")
    if not plain(text):
        return ""
    return (text[0].upper() + text[1:]) + ("" if ends_sentence(text) else ".")


def with_rewordings(pieces: Sequence[Piece], rewordings: Sequence[Rewording]) -> list[Piece]:
    """Lay new narration over the pieces: one action for each sentence.

    Cuts inside the sentence are not needed any more: the new narration has its own pace, and the
    picture is fitted to it.
    """
    result = list(pieces)
    for rewording in rewordings:
        result = [part for piece in result for part in _beside(piece, rewording)]
        result.append(
            Piece(
                rewording.start,
                rewording.end,
                "rewrite",
                rewording.reason,
                rewording.confidence,
                (Evidence(kind="words", note=rewording.note), *rewording.more),
                narration=rewording.text,
            )
        )
    return sorted(result, key=lambda piece: piece.start)


def _beside(piece: Piece, rewording: Rewording) -> Iterator[Piece]:
    """What is left of a piece before and after new narration."""
    if piece.start < rewording.start:
        yield replace(piece, end=min(piece.end, rewording.start))
    if piece.end > rewording.end:
        yield replace(piece, start=max(piece.start, rewording.end))


def bridged(pieces: Sequence[Piece]) -> list[Piece]:
    """Give sped-up waits that last long enough a short line."""
    result = []
    count = 0
    for piece in pieces:
        line = _bridge(piece.planned / 1000, count) if piece.type == "speedup" else None
        if line is not None:
            count += 1
            piece = replace(piece, narration=line)  # noqa: PLW2901 - the same piece, with a line
        result.append(piece)
    return result


def _bridge(seconds: Fraction, count: int) -> str | None:
    lines = sorted(_BRIDGES[count % len(_BRIDGES)], key=lambda line: -len(line.split()))
    for line in lines:
        if len(line.split()) * _SECONDS_A_WORD + _SLACK <= seconds:
            return line
    return None
