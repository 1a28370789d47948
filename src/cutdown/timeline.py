"""The timeline: the one truth for rendering, in integer frames and samples.

Every output (picture, sound, captions, chapters, certificate) is a function of it. Both grids
count from absolute positions: sample 0 of frame ``n`` is ``round(n * 48000 / rate)``.

Source moments lie on the output's frame grid (``k / rate``), so that neighbours in the source
stay seamless in the output. The source frame shown at a moment ``t`` is the last one whose
timestamp is at most ``t + FRAME_TOLERANCE``.
"""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise
from typing import Final, Literal

from pydantic import Field, model_validator

from cutdown.plan import ActionType
from cutdown.timebase import SAMPLE_RATE, Frozen, Ratio, Seconds, Span, sample_of_frame

FRAME_TOLERANCE: Final = Fraction(2, 1000)  # containers round timestamps to as coarse as a millisecond

Lever = Literal["text", "slack", "hold", "slow", "voice", "trim", "sync", "flag"]


class Segment(Frozen):
    """A run of output frames that shows one stretch of the source at one speed.

    Output frame ``first_frame + j`` shows the source at ``(source_frame + j * speed) / rate``
    for ``j < frames - hold``; the last ``hold`` frames repeat the one before them.
    """

    action: str
    type: ActionType
    first_frame: int = Field(ge=0)
    frames: int = Field(gt=0)
    source_frame: int = Field(ge=0)
    """Start in the source, in ticks of the output's rate."""
    speed: Ratio
    """Source seconds a second of output: 1 as recorded, 4 four times as fast, 0.9 slowed."""
    hold: int = Field(default=0, ge=0)
    dissolve: int = Field(default=0, ge=0)
    """Its last frames that are mixed, more and more, with the first picture of the segment that follows."""

    @model_validator(mode="after")
    def _shows_something(self) -> Segment:
        if self.dissolve >= self.frames:
            raise ValueError(
                f"segment of action '{self.action}' dissolves over all of its {self.frames} frames"
            )
        if self.hold >= self.frames:
            raise ValueError(f"segment of action '{self.action}' holds all of its {self.frames} frames")
        return self

    @property
    def end_frame(self) -> int:
        """The output frame after its last."""
        return self.first_frame + self.frames

    def source_moment(self, offset: int, rate: Fraction) -> Fraction:
        """Seconds of the source that output frame ``first_frame + offset`` shows."""
        shown = min(offset, self.frames - self.hold - 1)
        return (self.source_frame + shown * self.speed) / rate


class Sound(Frozen):
    """A run of output samples from one place.

    ``recording`` plays the source's sound from ``source_sample`` (48 kHz, 0 at the recording's
    start), ``tempo`` times as fast with its pitch kept. ``narration`` plays
    ``Narration.lines[line]`` from its sample ``source_sample``, likewise. ``room`` is the
    recording's own room tone.
    """

    kind: Literal["recording", "narration", "room"]
    first_sample: int = Field(ge=0)
    samples: int = Field(gt=0)
    source_sample: int = Field(default=0, ge=0)
    tempo: Ratio = Field(default=Fraction(1))
    line: int | None = None

    @property
    def end_sample(self) -> int:
        """The output sample after its last."""
        return self.first_sample + self.samples


class FitChoice(Frozen):
    """One lever that the fitting pulled, with what it gained; the plan's report shows them."""

    action: str
    lever: Lever
    seconds: Seconds
    """How much of the misfit it took away."""
    note: str
    discomfort: float = 0.0
    """What it costs the viewer, in seconds of picture at three quarters of its speed: what fitting minimises."""


class Timeline(Frozen):
    """The whole output. ``sounds`` are gapless and in order; segments too."""

    schema_version: Literal[1] = 1
    recording_sha256: str
    rate: Ratio
    sample_rate: Literal[48000] = SAMPLE_RATE
    segments: tuple[Segment, ...] = Field(min_length=1)
    sounds: tuple[Sound, ...]
    """Empty where the output has no sound at all."""
    fits: tuple[FitChoice, ...] = ()

    @model_validator(mode="after")
    def _is_gapless(self) -> Timeline:
        if self.segments[0].first_frame != 0:
            raise ValueError("the first segment does not begin at frame 0")
        for before, after in pairwise(self.segments):
            if after.first_frame != before.end_frame:
                raise ValueError(
                    f"segment of action '{after.action}' begins at frame {after.first_frame}, not {before.end_frame}"
                )
        at = 0
        for sound in self.sounds:
            if sound.first_sample != at:
                raise ValueError(f"sound begins at sample {sound.first_sample}, not {at}")
            at = sound.end_sample
        if self.sounds and at != self.samples:
            raise ValueError(f"sound ends at sample {at}, the picture at {self.samples}")
        return self

    @property
    def frames(self) -> int:
        """Frames of the output."""
        return self.segments[-1].end_frame

    @property
    def samples(self) -> int:
        """Samples (a channel) of the output at 48 kHz."""
        return sample_of_frame(self.frames, self.rate)

    @property
    def duration(self) -> Fraction:
        """Length of the output in seconds."""
        return self.frames / self.rate


class Chapter(Span):
    """A stretch of the output with one topic, in seconds of the output."""

    title: str
