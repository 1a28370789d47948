"""From the bytes that a service sent to sound: nothing is believed before it is decoded and measured."""

from __future__ import annotations

import io
import struct
from typing import Final

import av
import numpy as np
from av.error import FFmpegError
from numpy.typing import NDArray

from cutdown.errors import ProviderError
from cutdown.voice import Speech

_PLACEHOLDERS: Final = frozenset({0, 0xFFFFFFFF, 0x7FFFFFFF, 0xFFFFFFFF - 36, 0x7FFFFFFF - 36})
"""Sizes that a WAV file carries which was sent before its length was known."""
_MISSING: Final = 0.3  # s by which sound may be shorter than its provider says; encoders pad and trim


def decoded(content: bytes, title: str, *, seconds: float | None = None) -> Speech:
    """Mono speech out of a sound file in any usual format.

    Args:
        content: the file's bytes.
        title: of the service, for the error.
        seconds: how long it should be, where the service told.

    Raises:
        ProviderError: it is empty, no sound, or ends too soon; asking again may help.
    """
    if not content:
        raise _unusable(title, "no sound at all")
    if _is_cut_wav(content):
        raise _unusable(title, "a sound file that ends too soon")
    parts: list[NDArray[np.float32]] = []
    try:
        with av.open(io.BytesIO(content), "r") as file:
            stream = next(iter(file.streams.audio), None)
            if stream is None:
                raise _unusable(title, "a file without sound")
            rate = int(stream.rate)
            resampler = av.AudioResampler(format="flt", layout="mono", rate=rate)
            for frame in file.decode(stream):
                parts += [
                    np.asarray(out.to_ndarray(), np.float32).reshape(-1) for out in resampler.resample(frame)
                ]
            parts += [
                np.asarray(out.to_ndarray(), np.float32).reshape(-1) for out in resampler.resample(None)
            ]
    except (FFmpegError, ValueError, EOFError):
        raise _unusable(title, "something that is no sound file") from None
    samples = np.concatenate(parts) if parts else np.zeros(0, np.float32)
    if samples.size == 0:
        raise _unusable(title, "no sound at all")
    if seconds is not None and samples.size / rate < seconds - _MISSING:
        raise _unusable(title, "a sound file that ends too soon")
    return Speech(samples=samples, rate=rate)


def _unusable(title: str, what: str) -> ProviderError:
    return ProviderError(
        f"{title} sent {what} for a line of narration", retryable=True, fault="unusable sound", charged=True
    )


def _is_cut_wav(content: bytes) -> bool:
    """Whether a WAV file holds less than its header says."""
    if content[:4] != b"RIFF" or content[8:12] != b"WAVE":
        return False
    at = 12
    while at + 8 <= len(content):
        name, size = content[at : at + 4], struct.unpack("<I", content[at + 4 : at + 8])[0]
        if name == b"data":
            return size not in _PLACEHOLDERS and at + 8 + size > len(content)
        at += 8 + size + size % 2
    return True
