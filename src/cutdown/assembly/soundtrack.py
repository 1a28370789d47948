"""Builds the whole sound of a timeline as samples, once, from absolute positions.

Two layers. Below lies what was recorded, and the room's tone wherever nothing of it is heard; where two
of these meet that did not follow each other, one gives way to the other (`joins`). Above lie the lines that were
spoken anew, whole, over the room's tone, so that the room does not fall silent as the voice changes.
Nothing is ever held in memory but a few seconds.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Final

import numpy as np

from cutdown.assembly.joins import crossfade, half_fade, smoothed
from cutdown.assembly.samples import Retimed, SampleSource, Stereo
from cutdown.timebase import SAMPLE_RATE
from cutdown.timeline import Sound

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
    spoken = [sound for sound in sounds if sound.kind == "narration"]
    ground = smoothed(_joined([_ground(sound) for sound in sounds]), recording, room)
    yield from _spoken_over(_laid(ground, recording, room), spoken, lines)


def _ground(sound: Sound) -> Sound:
    """What lies below a sound: the room's tone under narration, else itself."""
    if sound.kind != "narration":
        return sound
    return Sound(kind="room", first_sample=sound.first_sample, samples=sound.samples)


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
    if last.kind != sound.kind:
        return False
    if sound.kind == "room":
        return True
    return last.tempo == sound.tempo == 1 and last.source_sample + last.samples == sound.source_sample


def _laid(sounds: Sequence[Sound], recording: SampleSource, room: SampleSource) -> Iterator[Stereo]:
    """Sounds one after another, each giving way to the next."""
    carry = np.zeros((0, 2), np.float32)
    before = 0
    for number, sound in enumerate(sounds):
        after = half_fade(sound, sounds[number + 1], recording, room) if number + 1 < len(sounds) else 0
        source, start = _player(sound, recording, room, lead=before, tail=after)
        at, end = start - before, start + sound.samples + after
        while at < end:
            count = min(_BLOCK, end - at)
            if 0 < end - at - count < 2 * after:
                count = end - at - 2 * after  # a fade is not split between blocks
            block = source.read(at, count)
            if at == start - before and before:
                block[: 2 * before] = crossfade(carry, block[: 2 * before])
            at += count
            if at == end and after:
                carry = block[-2 * after :].copy()
                block = block[: -2 * after]
            if len(block):
                yield block
        before = after


def _player(
    sound: Sound, recording: SampleSource, room: SampleSource, *, lead: int, tail: int
) -> tuple[SampleSource, int]:
    """What plays a sound, and which of its samples is the sound's first."""
    if sound.kind == "room":
        return room, sound.first_sample  # the loop runs on under everything
    if sound.tempo == 1:
        return recording, sound.source_sample
    return Retimed(recording, sound.source_sample, sound.samples + tail, sound.tempo, lead), 0


def _spoken_over(
    blocks: Iterator[Stereo], spoken: Sequence[Sound], lines: Sequence[SampleSource]
) -> Iterator[Stereo]:
    """The blocks with narration added at its places, whole; lines begin and end softly by themselves."""
    begun: dict[int, SampleSource] = {}
    at = 0
    for block in blocks:
        end = at + len(block)
        for place, sound in enumerate(spoken):
            first, last = max(at, sound.first_sample), min(end, sound.end_sample)
            if first >= last:
                continue
            if place not in begun:
                begun[place] = _voice(sound, lines)
            offset = 0 if sound.tempo != 1 else sound.source_sample
            voice = begun[place].read(first - sound.first_sample + offset, last - first)
            block[first - at : last - at] += voice
            if last == sound.end_sample:
                del begun[place]
        at = end
        yield block


def _voice(sound: Sound, lines: Sequence[SampleSource]) -> SampleSource:
    assert sound.line is not None
    source = lines[sound.line]
    if sound.tempo == 1:
        return source
    return Retimed(source, sound.source_sample, sound.samples, sound.tempo, 0)
