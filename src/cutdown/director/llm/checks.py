"""Whether an answer can be trusted: its numbers, its quotes, its order. Every fault in words that a model understands."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from rapidfuzz import fuzz

from cutdown.director.llm.forms import Decision, Decisions, Overview, PauseDecision
from cutdown.director.llm.grounding import unfounded
from cutdown.director.llm.manuscript import Line, Manuscript
from cutdown.director.talk import Talk
from cutdown.director.wording import letters

_QUOTED: Final = 85.0  # of 100; recognisers and models write "OK" and "okay", "10" and "ten"
_ELLIPSES: Final = (" ... ", " … ", "...", "…")
_MOST_REASON: Final = 300  # characters
_LONGER: Final = (
    1.5  # times the words replaced; it has their time on the screen, and every character is paid for
)
_ROOM: Final = 60  # characters on top, for a line of a word or two


@dataclass(frozen=True)
class Span:
    """The sounds ``[first, last)`` that a decision is about."""

    first: int
    last: int


class Checker:
    """Checks answers about the lines ``[first, end)`` of a manuscript.

    Args:
        talk: the sounds and words.
        text: the manuscript.
        first: index of the window's first own line.
        end: index after its last.
        rewrites: whether new narration is allowed.
    """

    def __init__(self, talk: Talk, text: Manuscript, first: int, end: int, *, rewrites: bool) -> None:
        self._talk = talk
        self._lines: Sequence[Line] = text.lines[first:end]
        self._rewrites = rewrites

    def faults(self, answer: Decisions) -> list[str]:
        """Everything that is wrong, in order; an empty list where the answer holds."""
        found = [fault for decision in answer.decisions for fault in self._of_decision(decision)]
        for one, other in zip(answer.decisions, answer.decisions[1:], strict=False):
            if other.first <= one.last:
                found.append(
                    f"decision {other.first}-{other.last} comes after {one.first}-{one.last} but begins before its end; "
                    "order decisions by their first word and let none overlap"
                )
        found += [fault for pause in answer.pauses for fault in self._of_pause(pause)]
        begins = {line.first for line in self._lines}
        for worth in answer.worths:
            if worth.first not in begins:
                found.append(
                    f"'worths' names {worth.first}, where no line begins that is to be decided about"
                )
            if not 0 <= worth.worth <= 100:
                found.append(f"'worths' gives {worth.first} a worth that is not between 0 and 100")
        return found

    def forgivable(self, answer: Decisions) -> bool:
        """Whether nothing is wrong but narration that names what was not said, which a person is shown."""
        return set(self.faults(answer)) <= {self._unsaid(decision) for decision in answer.decisions}

    def ungrounded(self, decision: Decision) -> tuple[str, ...]:
        """What a rewrite names that was not said."""
        if decision.action != "rewrite":
            return ()
        return unfounded(decision.narration, self.said(decision))

    def said(self, decision: Decision) -> str:
        """The words that a decision is about."""
        return " ".join(word.text for word in self._talk.words[decision.first : decision.last + 1])

    def span(self, decision: Decision) -> Span | None:
        """The sounds that a decision can be carried out on; None where its words run into others."""
        chosen = [
            index
            for index, sound in enumerate(self._talk.sounds)
            if sound.first < sound.last
            and min(sound.last, decision.last + 1) - max(sound.first, decision.first)
            > (sound.last - sound.first) / 2
        ]
        if not chosen:
            return None
        first, last = chosen[0], chosen[-1]
        missed = abs(self._talk.sounds[first].first - decision.first) + abs(
            self._talk.sounds[last].last - 1 - decision.last
        )
        allowed = 1 if decision.last - decision.first < 8 else 2  # words whose times err
        return Span(first, last + 1) if missed <= allowed else None

    def _of_decision(self, decision: Decision) -> Iterator[str]:
        name = f"decision {decision.first}-{decision.last}"
        low, high = self._lines[0].first, self._lines[-1].last
        if not low <= decision.first <= decision.last <= high:
            yield f"{name}: word numbers must run from {low} to {high}, first before last"
            return
        if not _is_quote(decision.quote, self.said(decision)):
            yield f"{name}: 'quote' is not what is said in these words; copy it, or correct the numbers"
        yield from _of_grounds(decision, name)
        if decision.action == "rewrite":
            yield from self._of_rewrite(decision, name)
        elif decision.narration:
            yield f"{name}: 'narration' belongs to rewrite alone; leave it empty"
        if self.span(decision) is None:
            yield f"{name}: these words run into their neighbours without a pause; take {self._whole(decision)}"

    def _of_rewrite(self, decision: Decision, name: str) -> Iterator[str]:
        if not self._rewrites:
            yield f"{name}: no new narration is wanted for this video; keep or cut"
            return
        if not decision.narration:
            yield f"{name}: a rewrite needs 'narration'"
        if any(line.pause and decision.first <= line.last < decision.last for line in self._lines):
            yield f"{name}: a rewrite must not reach across a pause mark; make two of it"
        said = len(self.said(decision))
        if len(decision.narration) > _LONGER * said + _ROOM:
            yield f"{name}: 'narration' is much longer than what it replaces; make it at most {said} characters"
        if self.ungrounded(decision):
            yield self._unsaid(decision)

    def _unsaid(self, decision: Decision) -> str:
        names = ", ".join(self.ungrounded(decision))
        return f"decision {decision.first}-{decision.last}: the narration names {names}, which these words do not; leave it out"

    def _of_pause(self, pause: PauseDecision) -> Iterator[str]:
        line = next((line for line in self._lines if line.last == pause.after and line.pause), None)
        if line is None:
            yield f"pause after {pause.after}: there is no pause mark after that word"
        elif pause.action == "cut" and line.moving:
            yield f"pause after {pause.after}: something happens on the screen; it cannot be cut, only kept or sped up"
        yield from _of_grounds(pause, f"pause after {pause.after}")

    def _whole(self, decision: Decision) -> str:
        """The lines around a decision, as something to take instead."""
        within = [line for line in self._lines if line.first <= decision.last and line.last >= decision.first]
        return f"whole lines: {within[0].first}-{within[-1].last}"


def _of_grounds(made: Decision | PauseDecision, name: str) -> Iterator[str]:
    if not made.reason or len(made.reason) > _MOST_REASON:
        yield f"{name}: 'reason' must say why in a few words"
    if not 0 <= made.confidence <= 1:
        yield f"{name}: 'confidence' must be between 0 and 1"


def overview_faults(overview: Overview, text: Manuscript) -> list[str]:
    """Everything that is wrong with an overview."""
    low, high = text.lines[0].first, text.lines[-1].last
    found: list[str] = []
    at = low - 1
    for part in overview.parts:
        if not low <= part.first <= part.last <= high:
            found.append(
                f"part {part.first}-{part.last}: word numbers must run from {low} to {high}, first before last"
            )
        elif part.first <= at:
            found.append(f"part {part.first}-{part.last}: begins before the one before it ends")
        if not 0 <= part.importance <= 10:
            found.append(f"part {part.first}-{part.last}: 'importance' must be between 0 and 10")
        at = max(at, part.last)
    if not overview.subject:
        found.append("'subject' is empty")
    if len(overview.rules) > 8:
        found.append("there are more than eight rules")
    return found


def _is_quote(quote: str, said: str) -> bool:
    """Whether a quote is what was said; of a long one its beginning and its end."""
    whole = letters(said)
    for ellipsis in _ELLIPSES:
        head, found, tail = quote.partition(ellipsis)
        if found and letters(head) and letters(tail):
            start, end = letters(head), letters(tail)
            return (
                fuzz.ratio(start, whole[: len(start)]) >= _QUOTED
                and fuzz.ratio(end, whole[len(whole) - len(end) :]) >= _QUOTED
            )
    return bool(whole) and fuzz.ratio(letters(quote), whole) >= _QUOTED
