"""Sound as numbers: the output's whole, and short stretches of the source and of narration."""

from __future__ import annotations

import re
import wave
from fractions import Fraction
from pathlib import Path
from typing import Any, Final, NamedTuple, Self

import av
import numpy as np
from numpy.typing import NDArray

from cutdown.errors import MediaError, RenderError
from cutdown.media import ffmpeg
from cutdown.media.frames import decoded
from cutdown.media.sound import open_wav
from cutdown.progress import Progress, unheard

LISTEN_RATE: Final = 16_000  # Hz; what the recogniser takes, and fine enough to place a sound to 0.1 ms

_GAP: Final = 0.02  # seconds; timestamps that jump by more leave a hole in the sound

Wave = NDArray[np.float32]


class Heard(NamedTuple):
    """The output's sound, decoded once: mono samples at `LISTEN_RATE`, and what was measured on the way.

    ``samples`` counts a channel at the file's own rate; ``loudness`` is LUFS, ``true_peak``
    dBTP; None where the meter found nothing above its gate.
    """

    wave: NDArray[np.int16]
    samples: int
    loudness: float | None
    true_peak: float | None

    def between(self, start: float, end: float) -> Wave:
        """Samples of ``[start, end)`` seconds as floats, fewer at the file's ends."""
        first, last = (max(0, round(moment * LISTEN_RATE)) for moment in (start, end))
        return self.wave[first:last].astype(np.float32) / np.float32(32768)


def hear_output(output: Path, scratch: Path, duration: Fraction, progress: Progress = unheard) -> Heard:
    """Decode the output's sound once: to a mono file for listening, and through a loudness meter.

    Args:
        output: the video.
        scratch: folder for the decoded sound; it must outlast the result.
        duration: length of the output, in seconds.
        progress: told the share done.

    Raises:
        RenderError: the sound cannot be decoded.
    """
    target = scratch / "output-mono.wav"
    mono = ["-ac", "1", "-ar", str(LISTEN_RATE), "-c:a", "pcm_s16le", "-rf64", "auto", str(target)]
    done = ffmpeg.run(
        # The meter hands the sound on as it is. At verbose, ffmpeg says at its end how many samples it decoded.
        [
            "-v",
            "verbose",
            "-vn",
            "-i",
            str(output),
            "-map",
            "0:a:0",
            "-af",
            "ebur128=peak=true:framelog=quiet",
            *mono,
        ],
        duration=duration,
        progress=progress,
    )
    samples = _last(r"Input stream.*\((\d+) samples\)", done.stderr)
    if samples is None:
        raise RenderError(
            f"ffmpeg did not say how many samples it decoded; unset {ffmpeg.OVERRIDE} to use the bundled one"
        )
    return Heard(
        wave=open_wav(target)[:, 0],
        samples=int(samples),
        loudness=_gated(_last(r"I:\s+(-?[\d.]+|-?inf|nan) LUFS", done.stderr)),
        true_peak=_gated(_last(r"Peak:\s+(-?[\d.]+|-?inf|nan) dBFS", done.stderr)),
    )


def _last(pattern: str, text: str) -> str | None:
    found = re.findall(pattern, text)
    return found[-1] if found else None


def _gated(text: str | None) -> float | None:
    """The meter writes -70 where everything is under its absolute gate."""
    value = float(text) if text is not None else -np.inf
    return value if np.isfinite(value) and value > -70 else None


def read_narration(path: Path) -> Wave:
    """A narration line (48 kHz, mono, 16 bit) at `LISTEN_RATE`."""
    import soxr

    with wave.open(str(path), "rb") as file:
        samples = np.frombuffer(file.readframes(file.getnframes()), "<i2").astype(np.float32) / 32768
        rate = file.getframerate()
    resampled: Wave = soxr.resample(samples, rate, LISTEN_RATE).astype(np.float32)
    return resampled


class SourceSound:
    """Short stretches of one of the source's sound tracks, mono at `LISTEN_RATE`.

    Raises:
        MediaError: the file cannot be opened.
    """

    def __init__(self, path: Path, stream_index: int) -> None:
        self._name = path.name
        try:
            self._container: Any = av.open(str(path))
        except (av.FFmpegError, OSError) as error:
            raise MediaError(f"'{path.name}' cannot be read: {error}") from error
        self._stream: Any = self._container.streams[stream_index]
        self._origin = (self._container.start_time or 0) / av.time_base

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exception: object) -> None:
        self.close()

    def close(self) -> None:
        """Let the file go."""
        self._container.close()

    def between(self, start: float, end: float) -> Wave:
        """Samples of ``[start, end)`` seconds; silence where the track has none.

        Raises:
            MediaError: the sound cannot be decoded there.
        """
        try:
            return self._between(start, end)
        except av.FFmpegError as error:
            raise MediaError(f"the sound of '{self._name}' cannot be decoded near {start:.1f} s") from error

    def _between(self, start: float, end: float) -> Wave:
        result = np.zeros(max(0, round((end - start) * LISTEN_RATE)), np.float32)
        resampler = av.AudioResampler(format="flt", layout="mono", rate=LISTEN_RATE)
        # Codecs that predict from before the seek point are wrong for some frames: begin earlier.
        begin = max(0.0, start - 0.5)
        self._container.seek(int((begin + self._origin) / self._stream.time_base), stream=self._stream)
        at: int | None = None
        for frame in decoded(self._container, self._stream, timed=False):
            if frame.pts is not None:
                moment = float(frame.pts * self._stream.time_base) - self._origin
                stated = round((moment - start) * LISTEN_RATE)
                if at is None or abs(stated - at) > _GAP * LISTEN_RATE:
                    at = stated
            if at is None:
                continue
            frame.pts = None
            for piece in resampler.resample(frame):
                at = _lay(result, at, piece.to_ndarray()[0])
            if at >= len(result):
                break
        return result


def _lay(target: Wave, at: int, piece: Wave) -> int:
    """Copy what falls inside; the position after the piece."""
    first, last = max(0, at), min(len(target), at + len(piece))
    if last > first:
        target[first:last] = piece[first - at : last - at]
    return at + len(piece)
