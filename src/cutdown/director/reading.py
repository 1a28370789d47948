"""Speech and screen read together: what goes on in each stretch of a recording, and by what it is known.

Somebody speaks; pauses to think; types; waits for a machine; shows something without words; or
nothing happens. No sign decides alone: keys are heard over a still screen, a screen moves while
somebody speaks, a still screen may be a program at work.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from cutdown.director.screen import AT_ONCE, Screen, Stretch
from cutdown.director.talk import Sound, Talk
from cutdown.director.wording import ends_sentence
from cutdown.plan import Activity, Evidence
from cutdown.signals import ChangeKind

LONGEST_BREATH: Final = 650  # ms of silence that nobody minds; they belong to the speech around them
_LONGEST_THOUGHT: Final = 4_000  # ms; who is silent for longer within a sentence has left it
_KEYS_A_SECOND: Final = 1.5  # a slow typist's; single clicks are a mouse
_FAST_KEYS_A_SECOND: Final = 4.0  # so fast, a typist's letters come as steadily as a bar fills
_FEWEST_KEYS: Final = 3
_JUST_BEFORE: Final = 1_000  # ms between a hand's doing and what comes of it by itself
_SHORTEST_WAIT: Final = 1_500  # ms of stillness after which a change counts as the machine's answer

_SEEN: Final[dict[ChangeKind, str]] = {
    "typing": "text grows along a line",
    "progress": "a small part of the screen changes without a pause, as a bar or a counter does",
    "pointer": "something small wanders over the screen",
    "page": "a large part of the screen changes at once",
    "motion": "a large part of the screen keeps moving",
    "unseen": "the picture changes",
}
_MEANS: Final[dict[ChangeKind, Activity]] = {"typing": "typing", "progress": "waiting"}
_SILENT: Final = Evidence(kind="silence", note="the sound is at the recording's own noise floor")
_SOUNDLESS: Final = Evidence(kind="silence", note="the recording has no sound")
_SPEAKS: Final = Evidence(kind="words", note="somebody speaks")
_STILL: Final = Evidence(kind="still", note="the screen does not change")
_UNSEEN: Final = Evidence(kind="still", note="the recording has no picture")


@dataclass(frozen=True)
class Scene:
    """A stretch ``[start, end)`` ms in which one thing goes on."""

    start: int
    end: int
    activity: Activity
    still: bool
    evidence: tuple[Evidence, ...]

    @property
    def length(self) -> int:
        """Milliseconds."""
        return self.end - self.start

    @property
    def at_once(self) -> bool:
        """Whether it is a change so short that only its result is seen."""
        return not self.still and self.length <= AT_ONCE


def without_words(screen: Screen, start: int, end: int, *, within_sentence: bool = False) -> list[Scene]:
    """What goes on between two moments in which nobody speaks, gapless.

    Args:
        screen: what it does.
        start: in ms.
        end: in ms.
        within_sentence: whether what was said before them is to be continued.
    """
    parts = screen.between(start, end) if end > start else ()
    scenes = [_at_rest(part, screen) if part.still else _moving(part, screen) for part in parts]
    if not within_sentence:
        return scenes
    unfinished = Evidence(kind="words", note="the sentence before it is not at its end")
    return [
        replace(scene, activity="thinking", evidence=(*scene.evidence, unfinished))
        if scene.activity == "dead"
        else scene
        for scene in scenes
    ]


def within_sentence(talk: Talk, before: int, after: int) -> bool:
    """Whether a speaker only pauses to think between two moments.

    Args:
        talk: the sounds and their words.
        before: in ms, at which a sound ends.
        after: in ms, at which another one begins.
    """
    index = bisect_left(talk.sounds, before, key=lambda sound: sound.end)
    if after - before > _LONGEST_THOUGHT or index == len(talk.sounds):
        return False
    sound = talk.sounds[index]
    return sound.last > sound.first and not ends_sentence(talk.words[sound.last - 1].text)


def _silence(screen: Screen) -> Evidence:
    return _SILENT if screen.has_sound else _SOUNDLESS


def _moving(part: Stretch, screen: Screen) -> Scene:
    clicks = screen.heard(part.start, part.end)
    seen = _SEEN.get(part.change, "the picture changes")
    evidence = [
        _silence(screen),
        Evidence(kind="activity", note=f"{seen}; up to {part.changed:.1%} of it differs"),
    ]
    keys = clicks >= max(_FEWEST_KEYS, _KEYS_A_SECOND * part.length / 1000)
    if keys:
        evidence.append(Evidence(kind="clicks", note=f"{clicks} clicks are heard, as of keys"))
    activity = _MEANS.get(part.change, "demonstration")
    fast = clicks >= _FAST_KEYS_A_SECOND * part.length / 1000
    if (keys and part.change in ("pointer", "unseen")) or (fast and part.change == "progress"):
        activity = "typing"
    return Scene(part.start, part.end, activity, still=False, evidence=tuple(evidence))


def _at_rest(part: Stretch, screen: Screen) -> Scene:
    silence, still = _silence(screen), _STILL if screen.has_picture else _UNSEEN
    if part.change == "spinner":
        turns = Evidence(kind="activity", note="something small turns in place, as while a program works")
        return Scene(part.start, part.end, "waiting", still=False, evidence=(silence, turns))
    if part.length >= _SHORTEST_WAIT and screen.answers(part.start, part.end, _JUST_BEFORE):
        answer = Evidence(kind="activity", note="after a key the screen stands still, then changes by itself")
        return Scene(part.start, part.end, "waiting", still=True, evidence=(silence, still, answer))
    return Scene(part.start, part.end, "dead", still=True, evidence=(silence, still))


class Reading:
    """All scenes of a recording.

    Args:
        talk: its sounds and words.
        screen: what its picture does.
    """

    def __init__(self, talk: Talk, screen: Screen) -> None:
        self.scenes = tuple(_scenes(talk, screen))
        self._ends = [scene.end for scene in self.scenes]

    def mostly(self, start: int, end: int) -> Scene:
        """Of what goes on between two moments, what lasts longest; its evidence is that of all its scenes."""
        index = bisect_right(self._ends, start)
        lengths: dict[Activity, int] = {}
        found: list[Scene] = []
        while index < len(self.scenes) and self.scenes[index].start < end:
            scene = self.scenes[index]
            length = min(end, scene.end) - max(start, scene.start)
            lengths[scene.activity] = lengths.get(scene.activity, 0) + length
            found.append(scene)
            index += 1
        activity: Activity = max(lengths, key=lambda one: (lengths[one], one), default="dead")
        same = [scene for scene in found if scene.activity == activity]
        evidence = tuple(dict.fromkeys(item for scene in same for item in scene.evidence))
        return Scene(start, end, activity, all(scene.still for scene in same), evidence)


def _scenes(talk: Talk, screen: Screen) -> Iterator[Scene]:
    at = 0
    for index, sound in enumerate(talk.sounds):
        if sound.start > at:
            yield from _pause(talk, screen, at, index)
        yield _sounding(sound)
        at = sound.end
    if talk.duration > at:
        yield from without_words(screen, at, talk.duration)


def _pause(talk: Talk, screen: Screen, start: int, after: int) -> Sequence[Scene]:
    """What goes on from a moment to the beginning of a sound."""
    end = talk.sounds[after].start
    if after and end - start <= LONGEST_BREATH:
        return (Scene(start, end, "speech", still=False, evidence=(_SPEAKS,)),)
    thinks = after > 0 and within_sentence(talk, start, end)
    return without_words(screen, start, end, within_sentence=thinks)


def _sounding(sound: Sound) -> Scene:
    if sound.first < sound.last or sound.voiced:
        return Scene(sound.start, sound.end, "speech", still=False, evidence=(_SPEAKS,))
    note = Evidence(kind="activity", note="a sound that is no voice")
    return Scene(sound.start, sound.end, "demonstration", still=False, evidence=(note,))
