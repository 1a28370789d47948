"""Where exactly one sound gives way to the next, and how: cuts that the ear does not find.

Both sides of a cut are in step with their picture wherever the one gives way to the other, so that this
moment may move a little without anything losing its sync. It moves to where both sides together are
quietest, so that a word whose end lies behind the frame's border is heard to its end; what was meant to be
heard is never left out for it.
What is faded is weighted by how alike the two sides are: two noises add up in power, one hum going on
adds up in amplitude and would swell.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from cutdown.assembly.samples import SampleSource, Stereo
from cutdown.timebase import SAMPLE_RATE
from cutdown.timeline import Sound

FADE: Final = SAMPLE_RATE // 200  # 5 ms on each side of a cut, where something sounds
QUIET_FADE: Final = (
    SAMPLE_RATE // 50
)  # 20 ms where nothing does: the noise of one side goes over into the other's
REACH: Final = SAMPLE_RATE * 30 // 1000  # a cut moves by less than a frame at 30 a second
_STEP: Final = SAMPLE_RATE // 1000
_QUIET: Final = 10 ** (-50 / 10)  # power under which nothing is said: room, hum, breath far off
_FAR: Final = 9.0  # dB that a place at the reach must be quieter than the planned one
_LEFT_OUT: Final = (
    2.0  # dB for each dB above quiet that would be left out: no gain is worth a word's beginning
)
_TAKEN_IN: Final = 0.5  # dB for each dB above quiet that would be heard though it was cut
_FLOOR: Final = 1e-9  # -90 dBFS; differences below are nothing


def smoothed(sounds: Sequence[Sound], recording: SampleSource, room: SampleSource) -> list[Sound]:
    """The same sounds, each cut moved to the quietest moment within reach.

    Only sounds played at their own speed move; what is heard stays where it is in time.

    Args:
        sounds: gapless, narration left out (it lies over them).
        recording: the recording's sound.
        room: the room's tone.
    """
    moved = list(sounds)
    for place in range(1, len(moved)):
        last, sound = moved[place - 1], moved[place]
        if last.tempo != 1 or sound.tempo != 1:
            continue
        reach = min(REACH, last.samples // 4, sound.samples // 4)
        if sound.kind == "recording":
            reach = min(reach, sound.source_sample)
        shift = _quietest(last, sound, recording, room, reach)
        moved[place - 1] = last.model_copy(update={"samples": last.samples + shift})
        moved[place] = sound.model_copy(
            update={
                "first_sample": sound.first_sample + shift,
                "samples": sound.samples - shift,
                "source_sample": sound.source_sample + (shift if sound.kind == "recording" else 0),
            }
        )
    return moved


def half_fade(last: Sound, sound: Sound, recording: SampleSource, room: SampleSource) -> int:
    """Half the length of the fade between two sounds; long where both are quiet, short ones have short fades."""
    most = min(last.samples, sound.samples) // 4
    if last.tempo != 1 or sound.tempo != 1 or most < QUIET_FADE:
        return min(FADE, most)
    before, after = _around(last, sound, recording, room, QUIET_FADE)
    quiet = max(np.square(before).mean(), np.square(after).mean()) < _QUIET
    return QUIET_FADE if quiet else FADE


def crossfade(last: Stereo, sound: Stereo) -> Stereo:
    """The end of one sound giving way to the beginning of another, at one loudness throughout."""
    rise = np.sin((np.arange(len(last)) + 0.5) * (np.pi / 2 / len(last)))
    fall = rise[::-1]
    alike = max(0.0, _likeness(last, sound))
    level = 1 / np.sqrt(1 + 2 * alike * rise * fall)
    faded: Stereo = (last * (fall * level)[:, None] + sound * (rise * level)[:, None]).astype(np.float32)
    return faded


def _quietest(last: Sound, sound: Sound, recording: SampleSource, room: SampleSource, reach: int) -> int:
    """By how many samples the cut is best moved."""
    if reach < _STEP:
        return 0
    before, after = _around(last, sound, recording, room, reach + FADE)
    loudness = 10 * np.log10(_power(before) + _power(after) + _FLOOR)
    steps = np.arange(-(reach // _STEP), reach // _STEP + 1)
    costs = loudness[steps * _STEP + reach] + _FAR * np.abs(steps) * _STEP / reach
    left_out, taken_in = _excess(before, after, reach), _excess(after, before, reach)
    costs += _LEFT_OUT * left_out + _TAKEN_IN * taken_in
    return int(steps[int(costs.argmin())]) * _STEP


def _excess(earlier: Stereo, later: Stereo, reach: int) -> NDArray[np.float64]:
    """Loudest moment, in dB above quiet, of what lies between the planned cut and each step.

    Args:
        earlier: the side that counts for steps back.
        later: the side that counts for steps on.
        reach: samples from the planned cut to the farthest step.
    """
    count = reach // _STEP
    middle = reach + FADE
    back = earlier[middle - count * _STEP : middle][::-1]
    on = later[middle : middle + count * _STEP]
    loudest = [
        np.maximum.accumulate(np.square(side, dtype=np.float64).reshape(count, -1).mean(axis=1))
        for side in (back, on)
    ]
    power = np.concatenate([loudest[0][::-1], [0.0], loudest[1]])
    return np.asarray(np.maximum(0.0, 10 * np.log10((power + _FLOOR) / _QUIET)))


def _around(
    last: Sound, sound: Sound, recording: SampleSource, room: SampleSource, reach: int
) -> tuple[Stereo, Stereo]:
    """Both sides as they would sound from ``reach`` samples before the cut to as many behind it."""
    return (
        _played(last, last.samples - reach, 2 * reach, recording, room),
        _played(sound, -reach, 2 * reach, recording, room),
    )


def _played(sound: Sound, start: int, count: int, recording: SampleSource, room: SampleSource) -> Stereo:
    if sound.kind == "room":
        return room.read(sound.first_sample + start, count)
    return recording.read(sound.source_sample + start, count)


def _power(sound: Stereo) -> NDArray[np.float64]:
    """Mean power over a fade's length, at each place that has it whole around it."""
    sums = np.cumsum(np.concatenate([[0.0], np.square(sound, dtype=np.float64).mean(axis=1)]))
    return np.asarray((sums[2 * FADE :] - sums[: -2 * FADE]) / (2 * FADE), dtype=np.float64)


def _likeness(one: Stereo, other: Stereo) -> float:
    """Correlation of two stretches, -1 to 1; 0 where one is silent."""
    size = float(np.sqrt(np.square(one, dtype=np.float64).sum() * np.square(other, dtype=np.float64).sum()))
    return float((one.astype(np.float64) * other).sum() / size) if size > 0 else 0.0
