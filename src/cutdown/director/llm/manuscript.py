"""The transcript as a model reads it: a line a phrase, numbered by words, with marks for long pauses.

A tenth of what the same words take as JSON with the times of each. Words are data: nothing in
them can close the block they stand in.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from cutdown.director.llm.forms import one_line
from cutdown.director.screen import AT_ONCE, Screen
from cutdown.director.sentences import find_sentences
from cutdown.director.talk import Talk

PAUSE: Final = 2_000  # ms; shorter ones are a breath, and nobody decides about them
_TIME_MARK: Final = 60_000  # ms between two marks of the time
_BRACKETS: Final = str.maketrans({"<": "‹", ">": "›", "[": "(", "]": ")"})


@dataclass(frozen=True)
class Line:
    """One phrase: the words ``[first, last]`` in the sounds ``[sound, end)``; times in ms."""

    first: int
    last: int
    sound: int
    end: int
    start_ms: int
    end_ms: int
    text: str
    pause: int
    """Silence after it; 0 where it is shorter than `PAUSE`."""
    moving: bool
    """Whether something happens on the screen in that silence."""

    @property
    def length(self) -> int:
        """Milliseconds of speech."""
        return self.end_ms - self.start_ms


@dataclass(frozen=True)
class Manuscript:
    """All lines of a recording in order."""

    lines: tuple[Line, ...]

    @cached_property
    def spoken(self) -> int:
        """Milliseconds of speech."""
        return sum(line.length for line in self.lines)

    def pace(self) -> int:
        """Words a minute while somebody speaks."""
        words = sum(line.last - line.first + 1 for line in self.lines)
        return round(words / (self.spoken / 60_000)) if self.spoken else 0

    def text(self, first: int, end: int, *, marks: bool = True) -> str:
        """The lines ``[first, end)`` as they are read.

        Args:
            first: index of the first line.
            end: index after the last.
            marks: whether pauses and times are marked.
        """
        rows: list[str] = []
        told = -1
        for line in self.lines[first:end]:
            minute = line.start_ms // _TIME_MARK
            if marks and minute != told:
                rows.append(f"@{minute}:{line.start_ms // 1000 % 60:02d}")
                told = minute
            rows.append(f"{line.first} {line.text}")
            if marks and line.pause:
                rows.append(f"{'^' if line.moving else '~'}{line.pause / 1000:.1f}")
        return "\n".join(rows)


def manuscript(talk: Talk, screen: Screen) -> Manuscript:
    """The lines of a talk; sounds without a word are in none."""
    lines: list[Line] = []
    for sentence in find_sentences(talk, ()):
        sound, end = sentence.sounds[0], sentence.sounds[-1] + 1
        first, last = talk.sounds[sound].first, talk.sounds[end - 1].last - 1
        if last < first:
            continue
        start_ms, end_ms = talk.sounds[sound].start, talk.sounds[end - 1].end
        silence = talk.silence_after(end - 1)
        moving = (
            any(not part.still and part.length > AT_ONCE for part in screen.between(end_ms, end_ms + silence))
            if silence >= PAUSE
            else False
        )
        lines.append(
            Line(
                first,
                last,
                sound,
                end,
                start_ms,
                end_ms,
                written(sentence.text),
                silence if silence >= PAUSE else 0,
                moving,
            )
        )
    return Manuscript(tuple(lines))


def written(text: str) -> str:
    """Words on one line, without signs that mean something around them."""
    return one_line(text).translate(_BRACKETS)


def titles(lines: Sequence[str]) -> str:
    """Short texts of a model or a plan as a list, on one line each."""
    return "\n".join(f"- {written(line)}" for line in lines)
