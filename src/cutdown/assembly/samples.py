"""Where the samples of a soundtrack come from: files read piece by piece, loops, changed tempo.

Sound is ``float32``, ``[samples, 2]``, full scale 1, at 48 kHz.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Final, Protocol

import numpy as np
from av.audio.frame import AudioFrame
from av.filter import Graph
from numpy.typing import NDArray

from cutdown.media.sound import read_wav_header
from cutdown.timebase import SAMPLE_RATE

Stereo = NDArray[np.float32]

FULL_SCALE: Final = np.float32(1 / 32768)
_TEMPO_STEP: Final = 4096  # samples pushed into the filter at once; it cannot take a long sound in one


class SampleSource(Protocol):
    """Something that has samples; silence lies before its beginning and after its end."""

    def read(self, start: int, count: int) -> Stereo:
        """``count`` samples from ``start`` on, which may be negative, in an array of their own."""
        ...


class Silence:
    """Nothing, for as long as it takes."""

    def read(self, start: int, count: int) -> Stereo:
        """See `SampleSource.read`."""
        del start
        return np.zeros((count, 2), np.float32)


class WavSource:
    """A 16-bit WAV, mono or stereo, read from the disk as it is needed."""

    def __init__(self, path: Path, gain: float = 1.0) -> None:
        self._header = read_wav_header(path)
        self._path = path
        self._gain = np.float32(gain)
        self.samples = self._header.samples

    def read(self, start: int, count: int) -> Stereo:
        """See `SampleSource.read`."""
        sound = np.zeros((count, 2), np.float32)
        first, end = max(start, 0), min(start + count, self.samples)
        if first < end:
            channels = self._header.channels
            raw = np.fromfile(
                self._path,
                dtype="<i2",
                count=(end - first) * channels,
                offset=self._header.offset + 2 * channels * first,
            )
            sound[first - start : end - start] = raw.reshape(-1, channels)
            sound *= FULL_SCALE * self._gain
        return sound


class Loop:
    """A short sound for ever: its end is faded into its beginning at equal power."""

    def __init__(self, sound: Stereo, fade: int) -> None:
        rising = np.sin(np.linspace(0, np.pi / 2, fade, dtype=np.float32))[:, None]
        self._tile = sound[:-fade].copy()
        self._tile[:fade] = sound[:fade] * rising + sound[-fade:] * rising[::-1]

    def read(self, start: int, count: int) -> Stereo:
        """See `SampleSource.read`."""
        places = np.arange(start, start + count) % len(self._tile)
        return self._tile[places]


class Retimed:
    """Another source, ``tempo`` times as fast with its pitch kept, from one of its moments on.

    It is read forward only, once.

    Args:
        source: what is played.
        start: its sample that becomes sample ``-lead``.
        samples: how many come out, from sample 0 on.
        tempo: above 1 is faster.
        lead: samples before sample 0 that can be read too.
    """

    def __init__(self, source: SampleSource, start: int, samples: int, tempo: Fraction, lead: int) -> None:
        self._at = -lead
        self._blocks = _stretch(source, start - round(lead * tempo), samples + lead, tempo)
        self._rest = np.zeros((0, 2), np.float32)

    def read(self, start: int, count: int) -> Stereo:
        """See `SampleSource.read`."""
        assert start == self._at, "a retimed sound is read forward"
        self._at += count
        parts = [self._rest]
        while sum(map(len, parts)) < count:
            parts.append(next(self._blocks))
        sound = np.concatenate(parts)
        self._rest = sound[count:]
        return sound[:count]


def _stretch(source: SampleSource, start: int, samples: int, tempo: Fraction) -> Iterator[Stereo]:
    """Blocks of changed tempo, at least ``samples`` in all; silence where the source runs out."""
    graph = Graph()
    steps = [
        graph.add_abuffer(
            format="fltp", sample_rate=SAMPLE_RATE, layout="stereo", time_base=Fraction(1, SAMPLE_RATE)
        )
    ]
    steps += [graph.add("atempo", str(float(part))) for part in _tempo_steps(tempo)]
    steps += [graph.add("aformat", "sample_fmts=fltp:channel_layouts=stereo"), graph.add("abuffersink")]
    graph.link_nodes(*steps).configure()
    needed = round(samples * tempo)
    for at in range(0, needed + 8 * _TEMPO_STEP, _TEMPO_STEP):  # the filter keeps a little back
        block = np.ascontiguousarray(source.read(start + at, _TEMPO_STEP).T)
        frame = AudioFrame.from_ndarray(block, format="fltp", layout="stereo")
        frame.sample_rate, frame.time_base, frame.pts = SAMPLE_RATE, Fraction(1, SAMPLE_RATE), at
        graph.push(frame)
        yield from _pulled(graph)
    while True:
        yield np.zeros((_TEMPO_STEP, 2), np.float32)


def _tempo_steps(tempo: Fraction) -> list[Fraction]:
    """The filter goes down to half the speed; below it is used several times."""
    steps = []
    while tempo < Fraction(1, 2):
        steps.append(Fraction(1, 2))
        tempo *= 2
    return [*steps, tempo]


def _pulled(graph: Graph) -> Iterator[Stereo]:
    while True:
        try:
            frame = graph.pull()
        except (BlockingIOError, EOFError):
            return
        assert isinstance(frame, AudioFrame)
        yield np.ascontiguousarray(frame.to_ndarray().T)
