"""The sound that was planned, laid plainly from its sources: what the output is compared with."""

from __future__ import annotations

import threading
from typing import Final

import numpy as np

from cutdown.narration import Narration
from cutdown.store import Store
from cutdown.timebase import SAMPLE_RATE
from cutdown.timeline import Sound, Timeline
from cutdown.verify.listen import LISTEN_RATE, SourceSound, Wave, read_narration

_GRAIN: Final = round(0.04 * LISTEN_RATE)  # samples; two or three periods of a voice
_REACH: Final = _GRAIN // 2  # how far a grain may move to fit the one before


class Reference:
    """The sounds that an output was made from.

    Nothing of the renderer is used: no fades, no levels, no room tone. Threads may share it.

    Args:
        timeline: says which is heard when.
        source: the recording's sound; None where it has none.
        narration: its lines.
        store: holds their sound.
    """

    def __init__(
        self, timeline: Timeline, source: SourceSound | None, narration: Narration, store: Store
    ) -> None:
        self._sounds = timeline.sounds
        self._source = source
        self._narration, self._store = narration, store
        self._reading = threading.Lock()

    def between(self, start: float, end: float) -> Wave:
        """What is to be heard in ``[start, end)`` seconds of the output, mono at `LISTEN_RATE`."""
        laid = np.zeros(round((end - start) * LISTEN_RATE), np.float32)
        for sound in self._sounds:
            first = max(start, sound.first_sample / SAMPLE_RATE)
            last = min(end, sound.end_sample / SAMPLE_RATE)
            if last <= first or sound.kind == "room":
                continue
            piece = self._piece(sound, first - sound.first_sample / SAMPLE_RATE, last - first)
            at = round((first - start) * LISTEN_RATE)
            piece = piece[: len(laid) - at]
            laid[at : at + len(piece)] = piece
        return laid

    def _piece(self, sound: Sound, offset: float, seconds: float) -> Wave:
        """``seconds`` of a sound from ``offset`` seconds after its start, at its tempo."""
        tempo = float(sound.tempo)
        begin = sound.source_sample / SAMPLE_RATE + offset * tempo
        end = begin + seconds * tempo
        if sound.kind == "narration" and sound.line is not None:
            line = read_narration(self._store.path(self._narration.lines[sound.line].sound))
            piece = line[round(begin * LISTEN_RATE) : round(end * LISTEN_RATE)]
        elif self._source is not None:
            with self._reading:
                piece = self._source.between(begin, end)
        else:
            return np.zeros(0, np.float32)
        return piece if tempo == 1 else stretched(piece, tempo)


def stretched(samples: Wave, tempo: float) -> Wave:
    """A sound ``tempo`` times as fast with its pitch kept, by overlapping grains that fit (WSOLA).

    Plain but independent of the renderer's way: enough to be understood.
    """
    length = round(len(samples) / tempo)
    hop = _GRAIN // 2
    window = np.hanning(_GRAIN).astype(np.float32)
    padded = np.pad(samples, (_REACH, _GRAIN + 2 * _REACH))
    result = np.zeros(length + 2 * _GRAIN, np.float32)
    follow: Wave | None = None
    for at in range(0, length, hop):
        near = min(round(at * tempo), len(samples))
        shift = (
            _best_shift(padded[near : near + _GRAIN + 2 * _REACH], follow) if follow is not None else _REACH
        )
        begin = near + shift
        result[at : at + _GRAIN] += window * padded[begin : begin + _GRAIN]
        follow = padded[begin + hop : begin + hop + _GRAIN]
        if len(follow) < _GRAIN:
            follow = None
    return result[:length]


def _best_shift(around: Wave, follow: Wave) -> int:
    """Where in ``around`` the sound goes on most like ``follow``."""
    if len(around) < _GRAIN + 2 * _REACH:
        return _REACH
    return int(np.correlate(around, follow, "valid").argmax())
