"""Builds the whole sound of a timeline as samples, once, from absolute positions.

Where two sounds meet that did not follow each other in the recording, they are faded into one
another over 10 ms at equal power: half before the cut, half behind it. Nothing is ever held in
memory but a few seconds.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Final

import numpy as np

from cutdown.assembly.samples import Retimed, SampleSource, Stereo
from cutdown.timebase import SAMPLE_RATE
from cutdown.timeline import Sound

FADE: Final = SAMPLE_RATE // 200  # 5 ms on each side of a cut
_BLOCK: Final = 10 * SAMPLE_RATE


def mix(
    sounds: Sequence[Sound],
    recording: SampleSource,
    lines: Sequence[SampleSource],
    room: SampleSource,
) -> Iterator[Stereo]:
    """The soundtrack in blocks.

    Args:
        sounds: gapless, as a timeline has them.
        recording: the recording's sound.
        lines: the narration's lines, at the level they are to have.
        room: the room's tone, for ever.

    Yields:
        Blocks of at most 10 s; together exactly ``sounds[-1].end_sample`` samples.
    """
    whole = _joined(sounds)
    carry = np.zeros((0, 2), np.float32)
    before = 0
    for number, sound in enumerate(whole):
        after = _half_fade(sound, whole[number + 1]) if number + 1 < len(whole) else 0
        source, start = _player(sound, recording, lines, room, lead=before, tail=after)
        at, end = start - before, start + sound.samples + after
        while at < end:
            count = min(_BLOCK, end - at)
            if 0 < end - at - count < 2 * after:
                count = end - at - 2 * after  # a fade is not split between blocks
            block = source.read(at, count)
            if at == start - before and before:
                block[: 2 * before] *= _ramp(2 * before)
                block[: 2 * before] += carry
            at += count
            if at == end and after:
                block[-2 * after :] *= _ramp(2 * after)[::-1]
                carry = block[-2 * after :].copy()
                block = block[: -2 * after]
            if len(block):
                yield block
        before = after


def _joined(sounds: Sequence[Sound]) -> list[Sound]:
    """Sounds of which the second goes on where the first stopped become one: no fade is heard."""
    joined = list(sounds[:1])
    for _, sound in pairwise(sounds):
        last = joined[-1]
        if _goes_on(last, sound):
            joined[-1] = last.model_copy(update={"samples": last.samples + sound.samples})
        else:
            joined.append(sound)
    return joined


def _goes_on(last: Sound, sound: Sound) -> bool:
    if (last.kind, last.line) != (sound.kind, sound.line):
        return False
    if sound.kind == "room":
        return True
    return last.tempo == sound.tempo == 1 and last.source_sample + last.samples == sound.source_sample


def _half_fade(last: Sound, sound: Sound) -> int:
    """Half the length of the fade between two sounds; short ones have short fades."""
    return min(FADE, last.samples // 4, sound.samples // 4)


def _player(
    sound: Sound,
    recording: SampleSource,
    lines: Sequence[SampleSource],
    room: SampleSource,
    *,
    lead: int,
    tail: int,
) -> tuple[SampleSource, int]:
    """What plays a sound, and which of its samples is the sound's first."""
    if sound.kind == "room":
        return room, sound.first_sample  # the loop runs on under everything
    if sound.kind == "narration":
        assert sound.line is not None
        source = lines[sound.line]
    else:
        source = recording
    if sound.tempo == 1:
        return source, sound.source_sample
    return Retimed(source, sound.source_sample, sound.samples + tail, sound.tempo, lead), 0


def _ramp(count: int) -> Stereo:
    """Rises from silence to full; squared, it and its mirror image add up to 1."""
    rise = np.sin((np.arange(count, dtype=np.float32) + 0.5) * np.float32(np.pi / 2 / count))
    ramp: Stereo = rise[:, None].astype(np.float32)
    return ramp
