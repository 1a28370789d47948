"""Words become captions that can be read: how many, when they show, where their lines break.

The numbers are those of broadcasters' and streaming services' subtitle guides: two lines of 42
characters, one to six seconds, about 17 characters a second, two frames between captions.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from itertools import pairwise
from typing import Final, NamedTuple

from cutdown.captions.words import SpokenWord, share_out, spoken_words
from cutdown.narration import Narration
from cutdown.plan import EditPlan
from cutdown.timebase import Span
from cutdown.timeline import Timeline
from cutdown.transcript import Transcript

LINE: Final = 42  # characters
WIDE_LINE: Final = 20  # characters of scripts whose signs are twice as wide
SHORTEST: Final = Fraction(1)  # s a caption shows, where the next one leaves it the time
LONGEST: Final = Fraction(6)  # s
READ_PER_SECOND: Final = 17  # characters that most people read with ease
GAP: Final = Fraction(8, 100)  # s between captions that follow at once: two frames, so that a change is seen
FLASH: Final = Fraction(1, 2)  # s; a shorter gap would flicker, so the caption before stays until then
SOONEST: Final = Fraction(1, 4)  # s after which the next may come, where a recogniser gives words one time
PAUSE: Final = Fraction(8, 10)  # s without a word after which a new caption begins

_WIDE: Final = frozenset({"zh", "ja", "ko", "yue"})
_UNSPACED: Final = frozenset({"zh", "ja", "yue", "th", "lo", "km", "my"})
_FULL_STOP: Final = (".", "!", "?", "…", "。", "！", "？")
_COMMA: Final = (",", ";", ":", "–", "—", "、", "，")


class Caption(Span):
    """One caption: when it shows, in seconds of the output, and its one or two lines."""

    text: str


class _Script(NamedTuple):
    """How a language is set: characters a line, and what stands between words."""

    line: int
    space: str

    def set(self, words: Sequence[SpokenWord]) -> str:
        return self.space.join(word.text for word in words)


def captions(
    timeline: Timeline, transcript: Transcript, narration: Narration | None, plan: EditPlan
) -> tuple[Caption, ...]:
    """Captions of what is said in the output, recorded or narrated, at the output's time.

    Args:
        timeline: the output.
        transcript: of the recording.
        narration: the lines that are spoken anew.
        plan: tells the language, and so how lines are set.
    """
    language = plan.language if plan.language != "und" else transcript.language
    script = _Script(WIDE_LINE if language in _WIDE else LINE, "" if language in _UNSPACED else " ")
    words = [
        part for word in spoken_words(timeline, transcript, narration) for part in _fitting(word, script)
    ]
    groups = [group for run in _runs(words) for group in _grouped(run, script)]
    return _timed(groups, timeline.duration, script)


def _fitting(word: SpokenWord, script: _Script) -> list[SpokenWord]:
    """A word, in pieces where it is longer than a line."""
    if len(word.text) <= script.line:
        return [word] if word.text else []
    pieces = [word.text[at : at + script.line] for at in range(0, len(word.text), script.line)]
    return share_out(pieces, word.start, word.end)


def _runs(words: Sequence[SpokenWord]) -> list[list[SpokenWord]]:
    """Words between pauses."""
    runs: list[list[SpokenWord]] = []
    for word in words:
        if not runs or word.start - runs[-1][-1].end > PAUSE:
            runs.append([])
        runs[-1].append(word)
    return runs


def _grouped(run: Sequence[SpokenWord], script: _Script) -> list[Sequence[SpokenWord]]:
    """A run cut into captions where it costs a reader least, by dynamic programming."""
    best: list[tuple[float, int]] = [(0.0, 0)]  # cost of the words so far, and where the last caption begins
    for end in range(1, len(run) + 1):
        options = []
        for begin in range(end - 1, -1, -1):
            group = run[begin:end]
            too_much = len(_lines(group, script)) > 2 or group[-1].end - group[0].start > LONGEST
            if too_much and len(group) > 1:
                break
            options.append((best[begin][0] + _cost(group, script), begin))
        best.append(min(options))
    cuts = [len(run)]
    while cuts[-1] > 0:
        cuts.append(best[cuts[-1]][1])
    return [run[begin:end] for end, begin in pairwise(cuts)][::-1]


def _cost(group: Sequence[SpokenWord], script: _Script) -> float:
    """What a reader pays for a caption: for its being there, for where it ends, for how short it shows."""
    text = script.set(group)
    seconds = float(group[-1].end - group[0].start)
    cost = 2.0
    if not text.endswith(_FULL_STOP):
        cost += 1.0 if text.endswith(_COMMA) else 3.0
    if any(word.text.endswith(_FULL_STOP) for word in group[:-1]):
        cost += 0.5 if len(text) <= script.line else 2.5
    cost += 3.0 * max(0.0, float(SHORTEST) - seconds)
    return cost + 0.5 * (len(group) == 1)


def _lines(group: Sequence[SpokenWord], script: _Script) -> list[str]:
    """The group's text in lines: one where it fits, else the evenest two, broken after punctuation if near."""
    text = script.set(group)
    if len(text) <= script.line:
        return [text]
    breaks = []
    for at in range(1, len(group)):
        first, second = script.set(group[:at]), script.set(group[at:])
        if max(len(first), len(second)) <= script.line:
            uneven = abs(len(first) - len(second)) + 4 * (len(first) > len(second))
            bonus = 12 if first.endswith((*_FULL_STOP, *_COMMA)) else 0
            breaks.append((uneven - bonus, [first, second]))
    return min(breaks)[1] if breaks else [text, "", ""]


def _timed(
    groups: Sequence[Sequence[SpokenWord]], duration: Fraction, script: _Script
) -> tuple[Caption, ...]:
    """When each caption shows: from its first word, long enough to be read, never into the next one."""
    starts: list[Fraction] = []
    for group in groups:
        starts.append(max(group[0].start, starts[-1] + SOONEST) if starts else group[0].start)
    shown: list[Caption] = []
    for index, group in enumerate(groups):
        start, last = starts[index], group[-1].end
        text = "\n".join(line for line in _lines(group, script) if line)
        wanted = max(last, start + SHORTEST, start + min(LONGEST, Fraction(len(text), READ_PER_SECOND)))
        end = min(wanted, duration, start + LONGEST)  # one word alone may be given longer than that
        if index + 1 < len(groups):
            following = starts[index + 1]
            free = max(following - GAP, start + (following - start) / 2)
            if following - end < FLASH and following - start <= LONGEST:
                end = free
            end = min(end, free)
        start, end = (Fraction(round(moment * 1000), 1000) for moment in (start, end))
        if end > start:
            shown.append(Caption(start=start, end=end, text=text))
    return tuple(shown)
