"""Where somebody speaks, packed into passages of the length that Whisper hears at once.

Whisper invents words in silence, and repeats or loses some where its window of 30 s ends in
the middle of a word. So a voice activity detector finds the speech, long silences are left out,
and every passage ends where somebody pauses.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import accumulate
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

WHISPER_RATE: Final = 16_000  # Hz, what the models and the detector were trained on

_THRESHOLD: Final = 0.5  # the detector's own default; noise, hum, clicks and music stay below 0.4
_PAUSE_MS: Final = 350  # shorter pauses stay inside a stretch
_PAD_MS: Final = 400  # kept on both sides, so that onsets and last consonants are heard
_PASSAGE_SECONDS: Final = 29  # of Whisper's 30 s, so that rounding never spills over
_NEW_PASSAGE: Final = 10 * WHISPER_RATE  # after such a silence a repeated word would be heard as one
_BLOCK: Final = 120 * WHISPER_RATE  # listened to at once; the detector works in 1 MB for each second of it

Wave = NDArray[np.float32]


class Mono(Protocol):
    """Mono 16-bit sound at 16 kHz, ``[samples]``: an array, or what is read from a file slice by slice."""

    def __len__(self) -> int:
        """Samples in all."""
        ...

    def __getitem__(self, wanted: slice, /) -> NDArray[np.int16]:
        """Some of them."""
        ...


@dataclass(frozen=True)
class Stretch:
    """Samples ``[start, end)`` of the recording in which somebody speaks."""

    start: int
    end: int

    def __len__(self) -> int:
        return self.end - self.start


@dataclass(frozen=True)
class Passage:
    """Stretches of speech without the silences between them, and the way back to the recording."""

    sound: Mono
    stretches: tuple[Stretch, ...]

    def __len__(self) -> int:
        return sum(map(len, self.stretches))

    @property
    def wave(self) -> Wave:
        """The speech alone, at 16 kHz; taken from the sound anew each time, so that nobody has to keep it."""
        return to_wave(np.concatenate([self.sound[s.start : s.end] for s in self.stretches]))

    def place(self, start: float, end: float) -> tuple[Fraction, Fraction]:
        """Seconds of the recording for a word at seconds of the passage; it stays in one stretch."""
        middle = (start + end) / 2 * WHISPER_RATE
        offsets = [0, *accumulate(len(stretch) for stretch in self.stretches[:-1])]
        index = max(sum(offset <= middle for offset in offsets) - 1, 0)
        stretch, offset = self.stretches[index], offsets[index]

        def moment(seconds: float) -> Fraction:
            sample = round(seconds * WHISPER_RATE) - offset + stretch.start
            return Fraction(min(max(sample, stretch.start), stretch.end), WHISPER_RATE)

        return moment(start), moment(end)

    def halves(self) -> tuple[Passage, Passage] | None:
        """Two passages parted in a pause; None where there is one stretch alone."""
        count = len(self.stretches)
        if count < 2:
            return None
        return (
            Passage(self.sound, self.stretches[: count // 2]),
            Passage(self.sound, self.stretches[count // 2 :]),
        )


def find_speech(samples: Mono) -> list[Stretch]:
    """Stretches of speech by Silero's detector, padded, in order, each at most 29 s long.

    Args:
        samples: mono sound at 16 kHz, ``[samples]``.
    """
    from faster_whisper.vad import VadOptions, get_speech_timestamps

    options = VadOptions(
        threshold=_THRESHOLD,
        min_silence_duration_ms=_PAUSE_MS,
        speech_pad_ms=_PAD_MS,
        max_speech_duration_s=_PASSAGE_SECONDS,
    )
    found: list[Stretch] = []
    first = 0
    while first < len(samples):
        block = to_wave(samples[first : first + _BLOCK])
        after = first + len(block)
        spans = get_speech_timestamps(block, options)
        if (
            after < len(samples)
            and spans
            and int(spans[-1]["start"]) > 0
            and int(spans[-1]["end"]) >= len(block)
        ):
            after = first + int(
                spans.pop()["start"]
            )  # who speaks where a block ends is heard whole in the next
        for span in spans:
            start, end = first + int(span["start"]), first + min(int(span["end"]), len(block))
            found += _split(Stretch(max(start, found[-1].end if found else 0), end))
        first = after
    return [stretch for stretch in found if len(stretch) > 0]


def _split(stretch: Stretch) -> Iterator[Stretch]:
    """Pieces of at most 29 s; the detector's own splits may exceed it by their padding."""
    for start in range(stretch.start, stretch.end, _PASSAGE_SECONDS * WHISPER_RATE):
        yield Stretch(start, min(start + _PASSAGE_SECONDS * WHISPER_RATE, stretch.end))


def to_wave(samples: NDArray[np.int16]) -> Wave:
    """16-bit samples as floats from -1 to 1."""
    return samples.astype(np.float32) / np.float32(32768)


def pack(samples: Mono, stretches: list[Stretch], *, longest: int = _PASSAGE_SECONDS) -> list[Passage]:
    """Fill passages with whole stretches, in order; a long silence begins a new one.

    Args:
        samples: mono sound at 16 kHz, ``[samples]``.
        stretches: where somebody speaks, each at most 29 s long.
        longest: seconds of a passage.
    """
    groups: list[list[Stretch]] = []
    length = 0
    for stretch in stretches:
        length += len(stretch)
        rested = bool(groups) and stretch.start - groups[-1][-1].end > _NEW_PASSAGE
        if not groups or rested or length > longest * WHISPER_RATE:
            groups.append([])
            length = len(stretch)
        groups[-1].append(stretch)
    return [Passage(samples, tuple(group)) for group in groups]
