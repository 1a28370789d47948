"""The recording's own sound, decoded where a timeline plays it and nowhere else.

A short video of a long recording plays a tenth of its sound. Where the container counts a track's time in its own
samples, as MP4 files of screen recorders do, any moment can be found to the sample without having decoded what lies
before it. Other tracks are decoded once as a whole, into a file.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Final

import av
import numpy as np
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler
from av.audio.stream import AudioStream
from av.stream import Discard
from numpy.typing import NDArray

from cutdown.assembly.samples import SampleSource, Silence, Stereo, WavSource
from cutdown.errors import MediaError
from cutdown.media.sound import choose_track, extract_sound
from cutdown.progress import unheard
from cutdown.recording import AudioTrack, Recording
from cutdown.timebase import SAMPLE_RATE

_CODEC: Final = "aac"  # decodes alike from anywhere after two packets; others look back farther
_TILE_SECONDS: Final = 2
_TILE: Final = _TILE_SECONDS * SAMPLE_RATE
_KEPT: Final = 4  # tiles, of 770 kB each
_MARGIN: Final = 50  # a 50th of a second on each side of a tile: farther than resampling looks
_RUN_UP: Final = 10  # a tenth of a second before it: four packets or more at 44.1 kHz, two with SBR
_MICRO: Final = 1_000_000  # a container's start time counts in microseconds


@contextlib.contextmanager
def open_sound(path: Path, recording: Recording, track: int | None, scratch: Path) -> Iterator[SampleSource]:
    """A recording's sound for the time of the block.

    Args:
        path: the recording's file.
        recording: its description.
        track: number among the sound tracks, from 0; the default track where None.
        scratch: a folder for the decoded sound, where it cannot be read from any moment on.

    Raises:
        UsageError: no such track.
        MediaError: the track cannot be decoded.
    """
    if not recording.audio:
        yield Silence()
        return
    chosen = choose_track(recording, track)
    tiles = _Tiles.open(path, recording, chosen)
    if tiles is not None:
        with contextlib.closing(tiles):
            yield tiles
        return
    extracted = scratch / "recording.wav"
    extract_sound(
        path, recording, extracted, track=track, sample_rate=SAMPLE_RATE, channels=2, progress=unheard
    )
    yield WavSource(extracted)


class _Tiles:
    """Sound in tiles of two seconds, each decoded by itself.

    A tile is the same whatever was read before, but for the noise that an AAC decoder makes up where
    the encoder only said how much there was (ISO/IEC 14496-3, perceptual noise substitution).
    """

    def __init__(
        self,
        container: av.container.InputContainer,
        stream: AudioStream,
        recording: Recording,
        track: AudioTrack,
    ) -> None:
        self._container = container
        self._stream = stream
        self._rate = stream.rate
        self._channels = track.channels
        self._samples = round(recording.duration * SAMPLE_RATE)
        self._origin = round(Fraction(container.start_time or 0, _MICRO) * self._rate)
        self._tiles: dict[int, Stereo] = {}

    @staticmethod
    def open(path: Path, recording: Recording, track: AudioTrack) -> _Tiles | None:
        """Open a track; None where it is not one that can be read from any moment on.

        Raises:
            MediaError: the file cannot be opened, or the track is gone.
        """
        try:
            container = av.open(str(path))
            stream = container.streams[track.stream_index]
        except (av.FFmpegError, IndexError) as error:
            raise MediaError(f"cannot read the sound of '{path.name}': {error}") from error
        assert isinstance(stream, AudioStream)
        fits = (
            stream.codec_context.name == _CODEC
            and stream.time_base == Fraction(1, stream.rate)
            and stream.rate % _MARGIN == 0
            and track.channels in (1, 2)
        )
        if not fits:
            container.close()
            return None
        for other in container.streams:
            if other.index != stream.index:
                other.discard = Discard.all
        return _Tiles(container, stream, recording, track)

    def close(self) -> None:
        """Close the file."""
        self._container.close()

    def read(self, start: int, count: int) -> Stereo:
        """See `SampleSource.read`."""
        sound = np.zeros((count, 2), np.float32)
        at, end = max(start, 0), min(start + count, self._samples)
        while at < end:
            number, offset = divmod(at, _TILE)
            taken = min(_TILE - offset, end - at)
            sound[at - start : at - start + taken] = self._tile(number)[offset : offset + taken]
            at += taken
        return sound

    def _tile(self, number: int) -> Stereo:
        if number not in self._tiles:
            while len(self._tiles) >= _KEPT:
                del self._tiles[next(iter(self._tiles))]
            margin = self._rate // _MARGIN
            first = number * _TILE_SECONDS * self._rate - margin
            wide = self._decode(first, _TILE_SECONDS * self._rate + 2 * margin)
            skipped = SAMPLE_RATE // _MARGIN
            tile = self._resample(wide)[:, skipped : skipped + _TILE]
            self._tiles[number] = np.ascontiguousarray(np.broadcast_to(tile, (2, _TILE)).T)
        return self._tiles[number]

    def _decode(self, first: int, count: int) -> NDArray[np.float32]:
        """Samples at the track's own rate, ``[channels, count]``; silence where it has none."""
        sound = np.zeros((self._channels, count), np.float32)
        begin = first - self._rate // _RUN_UP + self._origin
        try:
            self._container.seek(begin, stream=self._stream)
        except av.FFmpegError:
            return sound
        for frame in self._frames():
            at = (frame.pts or 0) - self._origin - first
            if at >= count:
                break
            skipped = max(0, -at)
            piece = frame.to_ndarray()[: self._channels, skipped : count - at]
            sound[:, at + skipped : at + skipped + piece.shape[1]] = piece
        return sound

    def _frames(self) -> Iterator[AudioFrame]:
        """Frames from here on; what is damaged is left out."""
        with contextlib.suppress(av.FFmpegError):  # cut off: what was read so far is what there is
            for packet in self._container.demux(self._stream):
                try:
                    yield from (frame for frame in packet.decode() if frame.pts is not None)
                except (av.error.InvalidDataError, av.error.EOFError):
                    continue

    def _resample(self, sound: NDArray[np.float32]) -> NDArray[np.float32]:
        if self._rate == SAMPLE_RATE:
            return sound
        layout = "mono" if self._channels == 1 else "stereo"
        frame = AudioFrame.from_ndarray(sound, format="fltp", layout=layout)
        frame.sample_rate, frame.pts, frame.time_base = self._rate, 0, Fraction(1, self._rate)
        resampler = AudioResampler(format="fltp", layout=layout, rate=SAMPLE_RATE)
        parts = [*resampler.resample(frame), *resampler.resample(None)]
        return np.concatenate([part.to_ndarray() for part in parts], axis=1)
