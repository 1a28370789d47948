"""Sound as samples: out of a recording once, into WAV files whose sample numbers are times.

Sample ``i`` of an extracted file is the moment ``i / sample_rate`` of the recording, whatever
the container did: a late start and gaps are silence, and the length is the recording's.
"""

from __future__ import annotations

import contextlib
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from cutdown.errors import MediaError, UsageError
from cutdown.media import ffmpeg
from cutdown.progress import Progress, unheard
from cutdown.recording import AudioTrack, Recording
from cutdown.store import write_whole

Samples = NDArray[np.int16]

_GAP_SECONDS: Final = 0.03  # a jump of timestamps above it is a gap; below, the container's rounding
_RIFF_LIMIT: Final = (1 << 32) - 1
_PCM: Final = (1, 0xFFFE)  # plain and "extensible", which ffmpeg writes for RF64 and many channels


@dataclass(frozen=True)
class SoundFile:
    """A WAV that is wanted: where, at how many samples a second, mono or stereo."""

    path: Path
    sample_rate: int
    channels: Literal[1, 2]


def choose_track(recording: Recording, wanted: int | None) -> AudioTrack:
    """The sound track to use.

    Args:
        recording: what the file holds.
        wanted: its number among the sound tracks, from 0; the default track where None.

    Raises:
        UsageError: there is none, or none of that number; names those there are.
    """
    tracks = recording.audio
    if not tracks:
        raise UsageError(f"'{recording.name}' has no sound track")
    if wanted is None:
        return next((track for track in tracks if track.default), tracks[0])
    if not 0 <= wanted < len(tracks):
        there = ", ".join(_describe(track) for track in tracks)
        raise UsageError(f"'{recording.name}' has no sound track {wanted}; choose from {there}")
    return tracks[wanted]


def _describe(track: AudioTrack) -> str:
    about = [part for part in (track.language, track.title, track.codec) if part]
    return f"{track.order} ({', '.join(about)})"


def extract_sound(
    path: Path,
    recording: Recording,
    target: Path,
    *,
    track: int | None,
    sample_rate: int,
    channels: Literal[1, 2],
    progress: Progress = unheard,
) -> None:
    """Write one sound track as 16-bit WAV; see `extract_sounds`."""
    extract_sounds(
        path, recording, [SoundFile(target, sample_rate, channels)], track=track, progress=progress
    )


def extract_sounds(
    path: Path,
    recording: Recording,
    targets: Sequence[SoundFile],
    *,
    track: int | None,
    progress: Progress = unheard,
) -> None:
    """Write one sound track as 16-bit WAVs of several kinds, decoding it once.

    Each file has exactly ``round(recording.duration * sample_rate)`` samples a channel, and is
    there whole or not at all; RF64 above 4 GiB.

    Args:
        path: the recording's file.
        recording: what `probe` says of it.
        targets: the files wanted.
        track: number among the sound tracks, from 0; the default track where None.
        progress: told the share done.

    Raises:
        UsageError: no such track.
        MediaError: the track cannot be decoded.
    """
    chosen = choose_track(recording, track)
    with contextlib.ExitStack() as stack:
        outputs: list[str] = []
        for index, wanted in enumerate(targets):
            temporary = stack.enter_context(write_whole(wanted.path))
            outputs += ["-map", f"[out{index}]", "-c:a", "pcm_s16le", "-f", "wav", "-rf64", "auto"]
            outputs += ["-bitexact", "-map_metadata", "-1", str(temporary.absolute())]
        source = ["-protocol_whitelist", "file", "-i", str(path.absolute())]
        try:
            ffmpeg.run(
                [*source, "-filter_complex", _graph(recording, chosen, targets), *outputs],
                duration=recording.duration,
                progress=progress,
            )
        except ffmpeg.ProgramError as error:
            raise MediaError(
                f"sound track {chosen.order} ({chosen.codec}) of '{path.name}' cannot be decoded ({error}); "
                "choose another with --audio-track, or convert the file first"
            ) from error


def _graph(recording: Recording, track: AudioTrack, targets: Sequence[SoundFile]) -> str:
    """Timestamps become sample positions once; every output is made from that.

    One channel goes to both sides at full level, where ffmpeg would take 3 dB off.
    """
    highest = max(wanted.sample_rate for wanted in targets)
    placed = f"aresample={highest}:async=1:first_pts=0:min_hard_comp={_GAP_SECONDS}:osf=fltp"
    branches = "".join(f"[in{index}]" for index in range(len(targets)))
    parts = [f"[0:{track.stream_index}]{placed},asplit={len(targets)}{branches}"]
    for index, wanted in enumerate(targets):
        layout = "mono" if wanted.channels == 1 else "stereo"
        spread = "pan=stereo|c0=c0|c1=c0," if (track.channels, wanted.channels) == (1, 2) else ""
        samples = round(recording.duration * wanted.sample_rate)
        parts.append(
            f"[in{index}]aresample={wanted.sample_rate},{spread}aformat=sample_fmts=s16:channel_layouts={layout},"
            f"apad=whole_len={samples},atrim=end_sample={samples}[out{index}]"
        )
    return ";".join(parts)


@dataclass(frozen=True)
class WavHeader:
    """Where the samples of a 16-bit WAV lie."""

    sample_rate: int
    channels: int
    offset: int
    """Byte of the first sample."""
    samples: int
    """Samples a channel."""


def read_wav_header(path: Path) -> WavHeader:
    """Read the header of a 16-bit PCM WAV, RIFF or RF64.

    Raises:
        MediaError: it is another kind of file.
    """
    with path.open("rb") as file:
        size = path.stat().st_size
        start = file.read(12)
        if start[:4] not in (b"RIFF", b"RF64") or start[8:12] != b"WAVE":
            raise MediaError(f"'{path.name}' is not a WAV file")
        large = 0
        form: tuple[int, ...] | None = None
        at = 12
        while at + 8 <= size:
            file.seek(at)
            name, length = struct.unpack("<4sI", file.read(8))
            if name == b"ds64":
                large = struct.unpack("<QQ", file.read(16).ljust(16, b"\0"))[1]
            elif name == b"fmt ":
                form = struct.unpack("<HHIIHH", file.read(16).ljust(16, b"\0"))
            elif name == b"data" and form is not None:
                if form[0] not in _PCM or form[5] != 16:
                    break
                length = min(large if length == _RIFF_LIMIT else length, size - at - 8)
                return WavHeader(form[2], form[1], at + 8, length // (2 * form[1]))
            at += 8 + length + length % 2
    raise MediaError(f"'{path.name}' is not a 16-bit PCM WAV")


def open_wav(path: Path) -> Samples:
    """The samples of a 16-bit WAV, mapped from the file: read-only, ``[samples, channels]``.

    Raises:
        MediaError: it is another kind of file.
    """
    header = read_wav_header(path)
    if header.samples == 0:
        return np.zeros((0, header.channels), dtype=np.int16)
    shape = (header.samples, header.channels)
    return np.memmap(path, dtype="<i2", mode="r", offset=header.offset, shape=shape)


class MonoSound:
    """The samples of a mono 16-bit WAV, ``[samples]``, read from the file whenever a slice is taken.

    A file that is mapped counts as memory once it was read; this does not.

    Raises:
        MediaError: it is another kind of file.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._header = read_wav_header(path)
        if self._header.channels != 1:
            raise MediaError(f"'{path.name}' has {self._header.channels} channels; one is wanted")

    def __len__(self) -> int:
        return self._header.samples

    def __getitem__(self, wanted: slice, /) -> Samples:
        first, end, _ = wanted.indices(len(self))
        at = self._header.offset + 2 * first
        return np.fromfile(self._path, dtype="<i2", count=max(0, end - first), offset=at)


def write_wav(path: Path, samples: NDArray[np.int16], sample_rate: int) -> None:
    """Write 16-bit samples, ``[samples]`` or ``[samples, channels]``, as WAV; RF64 above 4 GiB."""
    frames = samples if samples.ndim == 2 else samples[:, np.newaxis]
    channels = frames.shape[1]
    form = struct.pack("<4sIHHIIHH", b"fmt ", 16, 1, channels, sample_rate, 2 * channels * sample_rate, 2 * channels, 16)  # fmt: skip
    length = frames.size * 2
    if length + 36 <= _RIFF_LIMIT:
        head = (
            struct.pack("<4sI4s", b"RIFF", 36 + length, b"WAVE") + form + struct.pack("<4sI", b"data", length)
        )
    else:
        ds64 = struct.pack("<4sIQQQI", b"ds64", 28, 72 + length, length, len(frames), 0)
        head = struct.pack("<4sI4s", b"RF64", _RIFF_LIMIT, b"WAVE") + ds64 + form
        head += struct.pack("<4sI", b"data", _RIFF_LIMIT)
    with path.open("wb") as file:
        file.write(head)
        file.write(np.ascontiguousarray(frames, dtype="<i2").data)
