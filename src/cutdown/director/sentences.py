"""Sentences: what is kept or left out as a whole when a length is asked for."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final

from cutdown.director.talk import Talk
from cutdown.director.traits import Spoken
from cutdown.director.wording import ends_sentence, plain

_AFTER_STOP: Final = 100  # ms of silence after a full stop
_AFTER_COMMA: Final = 350  # ms; recognisers write a comma where a speaker's voice stays up
_ALWAYS: Final = 700  # ms; nobody pauses so long within a sentence that is meant to be kept whole
_CLAUSES: Final = 6_000  # ms; a longer one is parted where a clause begins after a pause
_LONGEST: Final = 12_000  # ms; a longer one is parted where it pauses most
_UNSTOPPED: Final = 8_000  # ms; likewise, where no full stop tells that it is one sentence at all
_BREATHED: Final = 100  # ms of silence before a clause; people breathe there
_SHORTEST_PART: Final = 150  # ms of silence at which it may be parted; shorter ones are within words
_FAR: Final = 1_500  # ms; so much was left out between them that they are not said in one breath


@dataclass(frozen=True)
class Sentence:
    """The sounds of one sentence, without those that are left out anyway."""

    sounds: tuple[int, ...]
    text: str

    def spoken(self, talk: Talk) -> Spoken:
        """The sentence with its times."""
        return Spoken(self.text, talk.sounds[self.sounds[0]].start, talk.sounds[self.sounds[-1]].end)


def find_sentences(talk: Talk, gone: Collection[int]) -> tuple[Sentence, ...]:
    """All sentences in order, made of the sounds that are not gone."""
    groups: list[list[int]] = []
    for sound in range(len(talk.sounds)):
        if sound in gone:
            continue
        if groups and not _parts(talk, groups[-1][-1], sound):
            groups[-1].append(sound)
        else:
            groups.append([sound])
    return tuple(_sentence(talk, group) for group in groups)


def in_breaths(
    talk: Talk, sentences: Sequence[Sentence], openers: Collection[str] = ()
) -> tuple[Sentence, ...]:
    """The sentences, long ones parted, so that a part of them can be chosen.

    Args:
        talk: the sounds.
        sentences: as they were written.
        openers: words that a clause begins with, in the talk's language.
    """
    return tuple(
        _sentence(talk, part)
        for sentence in sentences
        for clause in _claused(talk, list(sentence.sounds), openers)
        for part in _breathed(talk, clause, _LONGEST if ends_sentence(sentence.text) else _UNSTOPPED)
    )


def _sentence(talk: Talk, sounds: Sequence[int]) -> Sentence:
    said = (talk.text(sound, sound + 1) for sound in sounds)
    return Sentence(tuple(sounds), " ".join(text for text in said if text))


def _claused(talk: Talk, group: list[int], openers: Collection[str]) -> list[list[int]]:
    """A long sentence, parted where clauses begin after a pause, the longest pause first."""
    if _length(talk, group) <= _CLAUSES:
        return [group]
    begins = [
        last
        for last in range(len(group) - 1)
        if talk.silence_after(group[last]) >= _BREATHED and _begins_clause(talk, group[last + 1], openers)
    ]
    return (
        [part for half in _parted(talk, group, begins) for part in _claused(talk, half, openers)]
        if begins
        else [group]
    )


def _breathed(talk: Talk, group: list[int], longest: int) -> list[list[int]]:
    """A group that is too long for one sentence, parted at its longest silences."""
    if _length(talk, group) <= longest:
        return [group]
    pauses = [last for last in range(len(group) - 1) if talk.silence_after(group[last]) >= _SHORTEST_PART]
    return (
        [part for half in _parted(talk, group, pauses) for part in _breathed(talk, half, longest)]
        if pauses
        else [group]
    )


def _parted(talk: Talk, group: list[int], places: Sequence[int]) -> tuple[list[int], list[int]]:
    """Two halves of a group, parted at the longest silence, of equal ones nearest the middle."""
    start, end = talk.sounds[group[0]].start, talk.sounds[group[-1]].end

    def silence_and_middleness(last: int) -> tuple[int, int]:
        return talk.silence_after(group[last]), -abs(2 * talk.sounds[group[last]].end - start - end)

    last = max(places, key=silence_and_middleness)
    return group[: last + 1], group[last + 1 :]


def _length(talk: Talk, group: Sequence[int]) -> int:
    return talk.sounds[group[-1]].end - talk.sounds[group[0]].start


def _begins_clause(talk: Talk, sound: int, openers: Collection[str]) -> bool:
    words = talk.heard(sound, sound + 1)
    return bool(words) and plain(words[0].text) in openers


def _parts(talk: Talk, before: int, after: int) -> bool:
    silence = sum(talk.silence_after(sound) for sound in range(before, after))
    if silence >= _ALWAYS or talk.sounds[after].start - talk.sounds[before].end >= _FAR:
        return True
    words = talk.heard(before, before + 1)
    if not words:
        return False
    last = words[-1].text
    if ends_sentence(last):
        return silence >= _AFTER_STOP
    return silence >= _AFTER_COMMA and last.rstrip().endswith((",", ";", ":"))
