"""Speech for a service: long silences left out, split where somebody pauses, small enough to send.

A service charges by the minute and takes 25 MB at most. What is sent is speech with up to half a
second of its silence, as FLAC: half the size, nothing lost. The way back to the recording's time
is that of `cutdown.speech.passages.Passage`.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Final

import av
import numpy as np
from av.audio.frame import AudioFrame

from cutdown.speech.passages import WHISPER_RATE, Mono, Passage, Stretch, find_speech, pack

LONGEST: Final = 600  # seconds; 19 MB even as plain samples, under the 25 MB that are taken
LONGEST_WITHOUT_TIMES: Final = 25  # seconds; where words get their times by their share of the speech
_AROUND: Final = WHISPER_RATE // 4  # samples of silence kept on each side: a pause stays a pause


def uploads(samples: Mono, *, longest: int) -> list[Passage]:
    """Passages of at most ``longest`` seconds that end where somebody pauses.

    Args:
        samples: mono sound at 16 kHz, ``[samples]``.
        longest: seconds of one upload.
    """
    return pack(samples, _with_silence(find_speech(samples), len(samples)), longest=longest)


def _with_silence(stretches: Sequence[Stretch], length: int) -> list[Stretch]:
    """The stretches, each with a little of the silence around it, never overlapping."""
    grown: list[Stretch] = []
    for index, stretch in enumerate(stretches):
        before = grown[-1].end if grown else 0
        after = stretches[index + 1].start if index + 1 < len(stretches) else length
        end = min(stretch.end + _AROUND, (stretch.end + after) // 2)
        grown.append(Stretch(max(stretch.start - _AROUND, before), max(stretch.end, end)))
    return grown


def to_flac(passage: Passage) -> bytes:
    """The passage as a FLAC file, mono at 16 kHz."""
    buffer = io.BytesIO()
    samples = np.round(passage.wave * 32768).clip(-32768, 32767).astype(np.int16)
    with av.open(buffer, "w", format="flac") as file:
        stream = file.add_stream("flac", rate=WHISPER_RATE, layout="mono")
        frame = AudioFrame.from_ndarray(samples.reshape(1, -1), format="s16", layout="mono")
        frame.sample_rate = WHISPER_RATE
        frame.pts = 0
        for packet in (*stream.encode(frame), *stream.encode(None)):
            file.mux(packet)
    return buffer.getvalue()
