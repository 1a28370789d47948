"""Whether the file has the tracks, frames and samples that were planned."""

from __future__ import annotations

from typing import Final

import numpy as np

from cutdown.certificate import Check, Measured
from cutdown.timeline import Timeline
from cutdown.verify.packets import PictureTrack, Tracks

AAC_FRAME: Final = 1024  # samples; a decoder gives whole ones, so the last may be padded


def check_structure(tracks: Tracks, samples: int | None, timeline: Timeline, *, has_picture: bool) -> Check:
    """Compare what was counted in the file with the timeline.

    Args:
        tracks: what demultiplexing found.
        samples: samples a channel that decoding the sound gave at 48 kHz; None without sound.
        timeline: what was planned.
        has_picture: whether the recording has a picture; of sound alone the output is sound alone.
    """
    faults: list[str] = []
    if len(tracks.pictures) != int(has_picture):
        faults.append(f"{len(tracks.pictures)} picture tracks instead of {int(has_picture)}")
    planned_sounds = 1 if timeline.sounds else 0
    if len(tracks.sounds) != planned_sounds:
        faults.append(f"{len(tracks.sounds)} sound tracks instead of {planned_sounds}")
    values: list[Measured] = []
    if tracks.pictures:
        values += _picture_values(tracks.pictures[0], timeline, faults)
    if tracks.sounds:
        values += _sound_values(tracks, samples, timeline, faults)
    return Check(
        name="structure",
        passed=not faults,
        values=tuple(values),
        limit=f"every frame there and in its place; samples within {AAC_FRAME} (one AAC frame)",
        note="; ".join(faults) if faults else _all_well(values),
    )


def _picture_values(track: PictureTrack, timeline: Timeline, faults: list[str]) -> list[Measured]:
    count = len(track.ticks)
    if count != timeline.frames:
        faults.append(f"{count} frames instead of {timeline.frames}")
    irregular = _irregular(track, timeline)
    if irregular:
        faults.append(f"{irregular} frames not at their time")
    seconds = count / timeline.rate
    return [
        Measured(name="frames", value=count, unit="frames"),
        Measured(name="frames planned", value=timeline.frames, unit="frames"),
        Measured(name="frames out of place", value=irregular, unit="frames"),
        Measured(name="picture length", value=round(float(seconds), 6), unit="s"),
        Measured(name="length planned", value=round(float(timeline.duration), 6), unit="s"),
        Measured(name="picture", value=f"{track.codec} {track.width}x{track.height}"),
        Measured(name="rate", value=str(timeline.rate), unit="frames/s"),
    ]


def _irregular(track: PictureTrack, timeline: Timeline) -> int:
    """Frames whose timestamp is not that of the grid, to the track's own resolution."""
    grid = np.arange(len(track.ticks)) * float(1 / (timeline.rate * track.time_base))
    relative = track.ticks - (track.ticks[0] if len(track.ticks) else 0)
    late = bool(len(track.times)) and abs(track.times[0]) > float(1 / timeline.rate) / 2
    return int((np.abs(relative - grid) > 1.0).sum()) + int(late)


def _sound_values(
    tracks: Tracks, samples: int | None, timeline: Timeline, faults: list[str]
) -> list[Measured]:
    if samples is not None and abs(samples - timeline.samples) > AAC_FRAME:
        faults.append(f"{samples} samples instead of {timeline.samples}")
    if tracks.sound_rates[0] != timeline.sample_rate:
        faults.append(f"sound at {tracks.sound_rates[0]} Hz instead of {timeline.sample_rate} Hz")
    return [
        Measured(name="samples", value=samples, unit="samples"),
        Measured(name="samples planned", value=timeline.samples, unit="samples"),
        Measured(name="sound", value=f"{tracks.sounds[0]} {tracks.sound_rates[0]} Hz"),
    ]


def _all_well(values: list[Measured]) -> str:
    found = {value.name: value.value for value in values}
    sound = f" and {found['samples']} samples" if "samples" in found else ", no sound"
    return f"{found['frames']} frames{sound}, as planned" if "frames" in found else f"sound alone{sound}"
