"""The sound of a timeline, laid out in samples from the picture's absolute frames."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from cutdown.fitting.calm import Calm
from cutdown.fitting.limits import LEAD, SAID, SOUNDLESS_ABOVE
from cutdown.fitting.pieces import Passage, Piece
from cutdown.timebase import SAMPLE_RATE, sample_of_frame
from cutdown.timeline import Sound


class _Track:
    """Sounds one after the other, without gaps; runs that go on unbroken become one sound."""

    def __init__(self) -> None:
        self.sounds: list[Sound] = []
        self._next_tick: int | None = None
        """The source tick at which a recording played at its own speed would go on."""

    @property
    def end(self) -> int:
        return self.sounds[-1].end_sample if self.sounds else 0

    def room(self, until: int) -> None:
        if until <= self.end:
            return
        self._next_tick = None
        if self.sounds and self.sounds[-1].kind == "room":
            self._lengthen(until)
        else:
            self.sounds.append(Sound(kind="room", first_sample=self.end, samples=until - self.end))

    def recording(self, until: int, piece: Piece, rate: Fraction) -> None:
        if self._next_tick == piece.start and piece.speed == 1:
            self._lengthen(until)
        else:
            self.sounds.append(
                Sound(
                    kind="recording",
                    first_sample=self.end,
                    samples=until - self.end,
                    source_sample=sample_of_frame(piece.start, rate),
                    tempo=piece.speed,
                )
            )
        self._next_tick = piece.end if piece.speed == 1 else None

    def narration(self, passage: Passage) -> None:
        self._next_tick = None
        self.sounds.append(
            Sound(
                kind="narration",
                first_sample=self.end,
                samples=max(1, round(passage.voice_samples / passage.tempo)),
                tempo=passage.tempo,
                line=passage.line,
            )
        )

    def _lengthen(self, until: int) -> None:
        last = self.sounds[-1]
        self.sounds[-1] = last.model_copy(update={"samples": until - last.first_sample})


def lay_sounds(
    passages: Sequence[Passage], *, has_sound: bool, calm: Calm, rate: Fraction
) -> tuple[Sound, ...]:
    """What is heard over the picture.

    Kept stretches sound as recorded. A sped-up one sounds at its speed where something is said
    in it and it is at most twice as fast, else it has room tone. A line starts a short lead
    after its picture, later where its words wait for what they name, with room tone around it.

    Returns:
        Gapless sounds as long as the picture; none at all where the recording has no sound and
        nothing is narrated.
    """
    if not has_sound and all(passage.line is None for passage in passages):
        return ()
    track = _Track()
    frame = 0
    for passage in passages:
        if passage.line is not None:
            track.room(sample_of_frame(frame, rate) + round(LEAD * SAMPLE_RATE) + passage.wait)
            track.narration(passage)
            frame += passage.frames
            track.room(sample_of_frame(frame, rate))
            continue
        for piece in passage.pieces:
            frame += piece.total
            until = sample_of_frame(frame, rate)
            if has_sound and _is_heard(piece, calm, rate):
                track.recording(until, piece, rate)
            else:
                track.room(until)
    return tuple(track.sounds)


def _is_heard(piece: Piece, calm: Calm, rate: Fraction) -> bool:
    if piece.action.type == "keep":
        return True
    if piece.action.type != "speedup" or piece.speed > SOUNDLESS_ABOVE:
        return False
    return calm.said_within(piece.start / rate, piece.end / rate) >= SAID
