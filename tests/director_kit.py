"""Talks written down as scripts: what is said, how long the silences are, what the screen does."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from fractions import Fraction

from cutdown.director.offline import OfflineDirector
from cutdown.plan import EditAction, EditPlan
from cutdown.recording import AudioTrack, Picture, Recording
from cutdown.settings import DirectorOptions
from cutdown.signals import ChangeKind, ScreenSpan, Signals
from cutdown.timebase import Span
from cutdown.transcript import Transcript, TranscriptSegment, Word

WORD = 320  # ms that a word of a script lasts


@dataclass
class Script:
    """Built from left to right; times in ms."""

    at: int = 0
    words: list[tuple[int, int, str]] = field(default_factory=list)
    sounds: list[tuple[int, int]] = field(default_factory=list)
    silences: list[tuple[int, int]] = field(default_factory=list)
    active: list[tuple[int, int, float]] = field(default_factory=list)
    kinds: list[ChangeKind] = field(default_factory=list)
    rests: dict[int, ChangeKind] = field(default_factory=dict)
    clicks: list[int] = field(default_factory=list)

    def say(self, text: str, pause: int = 0) -> Script:
        """Speak words one after another without a pause, then be silent for ``pause`` ms."""
        start = self.at
        for word in text.split():
            self.words.append((self.at, self.at + WORD, word))
            self.at += WORD
        self.sounds.append((start, self.at))
        return self.pause(pause)

    def hum(self, length: int, pause: int = 0) -> Script:
        """A voice without a word."""
        self.sounds.append((self.at, self.at + length))
        self.at += length
        return self.pause(pause)

    def pause(self, length: int, changed: float = 0.0, change: ChangeKind | None = None) -> Script:
        """Silence; the screen moves in it where ``changed`` is above 0: a bar, or where it is large, a film."""
        if length:
            self.silences.append((self.at, self.at + length))
            if changed:
                kind: ChangeKind = "progress" if changed < 0.05 else "motion"
                self.active.append((self.at, self.at + length, changed))
                self.kinds.append(change or kind)
            elif change:
                self.rests[self.at] = change
            self.at += length
        return self

    def transcript(self, language: str = "en") -> Transcript:
        words = tuple(
            Word(start=Fraction(a, 1000), end=Fraction(b, 1000), text=text) for a, b, text in self.words
        )
        segments = (TranscriptSegment(first=0, end=len(words)),) if words else ()
        spoken = language if words else "und"
        return Transcript(
            language=spoken, model="base", duration=Fraction(self.at, 1000), words=words, segments=segments
        )

    def signals(self, *, picture: bool = True, sound: bool = True) -> Signals:
        return Signals(
            duration=Fraction(self.at, 1000),
            noise_floor_db=-60.0 if sound else None,
            speech_level_db=-20.0 if self.sounds else None,
            silences=tuple(_span(a, b) for a, b in self.silences) if sound else (),
            speech=tuple(_span(a, b) for a, b in self.sounds) if sound else (),
            clicks=tuple(Fraction(click, 1000) for click in self.clicks),
            screen=self._screen() if picture else (),
        )

    def _screen(self) -> tuple[ScreenSpan, ...]:
        spans, at = [], 0
        for (start, end, changed), kind in zip(self.active, self.kinds, strict=True):
            spans += self._still(at, start)
            spans.append((start, end, False, changed, kind))
            at = end
        spans += self._still(at, self.at)
        return tuple(
            ScreenSpan(
                start=Fraction(a, 1000), end=Fraction(b, 1000), still=still, changed=changed, change=change
            )
            for a, b, still, changed, change in spans
        )

    def _still(self, start: int, end: int) -> list[tuple[int, int, bool, float, ChangeKind]]:
        """Still spans, parted where something else begins to blink or turn."""
        edges = [start, *sorted(at for at in self.rests if start < at < end), end]
        return [(a, b, True, 0.0, self.rests.get(a, "none")) for a, b in itertools.pairwise(edges) if b > a]

    def recording(self, *, picture: bool = True) -> Recording:
        return a_recording(Fraction(self.at, 1000), picture=picture)

    def plan(
        self, language: str = "en", *, picture: bool = True, sound: bool = True, **options: object
    ) -> EditPlan:
        """What the offline director makes of it."""
        return OfflineDirector().plan(
            self.recording(picture=picture),
            self.transcript(language),
            self.signals(picture=picture, sound=sound),
            DirectorOptions.model_validate({"narration": "none", **options}),
        )


def _span(start: int, end: int) -> Span:
    return Span(start=Fraction(start, 1000), end=Fraction(end, 1000))


def a_recording(duration: Fraction, *, picture: bool = True) -> Recording:
    """A recording that needs no file."""
    shown = Picture(
        stream_index=0,
        codec="h264",
        pixel_format="yuv420p",
        width=640,
        height=360,
        display_width=640,
        display_height=360,
        pixel_aspect=Fraction(1),
        rate=Fraction(10),
        variable_rate=False,
        frames=1,
        start=Fraction(0),
    )
    heard = AudioTrack(
        order=0, stream_index=1, codec="aac", sample_rate=48_000, channels=1, start=Fraction(0)
    )
    return Recording(
        sha256="0" * 64,
        name="talk.mp4",
        size_bytes=1,
        container="mp4",
        duration=duration,
        picture=shown if picture else None,
        audio=(heard,),
    )


def stays(plan: EditPlan) -> str:
    """The words that are still heard as recorded."""
    return " ".join(a.quote for a in plan.actions if a.type == "keep" and a.quote)


def goes(plan: EditPlan) -> str:
    """The words that are cut."""
    return " ".join(a.quote for a in plan.actions if a.type == "cut" and a.quote)


def of_type(plan: EditPlan, kind: str) -> list[EditAction]:
    """The actions of one type, in order."""
    return [action for action in plan.actions if action.type == kind]
