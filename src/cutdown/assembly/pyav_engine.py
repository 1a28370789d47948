"""The default engine: decodes, encodes and joins in this process, and puts every frame where it belongs.

The picture is drawn in pieces (`pieces`), by as many workers as there are processors up to two; each has its own
decoder and encoder, so that a worker's memory does not depend on how long the recording is or how
often it is cut. The result has a constant frame rate, and frames that repeat cost nothing
(`h264_repeat`).
"""

from __future__ import annotations

import os
import queue
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, InvalidStateError, ThreadPoolExecutor
from contextlib import closing, contextmanager, suppress
from fractions import Fraction
from pathlib import Path
from typing import Final

import av
from av.container import OutputContainer
from av.video.stream import VideoStream

from cutdown.assembly.conform import Conform, looks_the_same
from cutdown.assembly.dissolve import Dissolving
from cutdown.assembly.engines import Drawn
from cutdown.assembly.frame_reader import FrameReader
from cutdown.assembly.frame_times import FrameTimes, read_frame_times
from cutdown.assembly.picture_format import PictureFormat
from cutdown.assembly.piece_writer import FrameTaker, open_piece, try_encoder
from cutdown.assembly.pieces import Piece, runs, split
from cutdown.errors import RenderError
from cutdown.progress import Progress
from cutdown.recording import Picture, Recording
from cutdown.store import Ref, Store
from cutdown.timeline import Timeline

_WORKERS: Final = 2  # more did not help on the machines measured: memory is what they share
_ENCODE_COST: Final = 2.0  # of an output frame, where decoding a source frame costs 1
_PROGRESS_FRAMES: Final = 30


class PyAVEngine:
    """Draws with PyAV."""

    def draw(
        self,
        source: Path,
        recording: Recording,
        timeline: Timeline,
        picture: PictureFormat,
        target: Path,
        *,
        store: Store,
        scratch: Path,
        progress: Progress,
    ) -> Drawn:
        """Write the picture; see `Engine.draw`."""
        assert recording.picture is not None
        begun = time.perf_counter()
        try_encoder(picture)
        pieces = split(timeline)
        keys = [piece.key(recording, picture) for piece in pieces]
        made = {key: ref for key in set(keys) if (ref := store.recall(key))}
        missing = {key: piece for key, piece in zip(keys, pieces, strict=True) if key not in made}
        times = read_frame_times(source, recording.picture) if missing else None
        laid_out = time.perf_counter()
        if times is None:
            _join((store.path(made[key]) for key in keys), pieces, picture, target)
        else:
            tally = _Tally(
                sum(piece.frames for piece in pieces), sum(p.frames for p in missing.values()), progress
            )
            atelier = _Atelier(source, recording.picture, picture, times, store, scratch, tally)
            with atelier.drawing(missing) as drawn:
                found = (made[key] if key in made else drawn(key) for key in keys)
                _join(map(store.path, found), pieces, picture, target)
        progress(1.0)
        return Drawn(0.0, laid_out - begun, time.perf_counter() - laid_out)


class _Tally:
    """Counts frames of all workers and tells how far the work is."""

    def __init__(self, frames: int, missing: int, progress: Progress) -> None:
        self._frames = frames
        self._done = frames - missing
        self._told = 0
        self._progress = progress
        self._lock = threading.Lock()

    def add(self, frames: int) -> None:
        """Take note of frames that are done."""
        with self._lock:
            self._done += frames
            if self._done - self._told >= _PROGRESS_FRAMES:
                self._told = self._done
                self._progress(self._done / self._frames)


class _Atelier:
    """Workers that draw pieces into the store."""

    def __init__(
        self,
        source: Path,
        track: Picture,
        picture: PictureFormat,
        times: FrameTimes,
        store: Store,
        scratch: Path,
        tally: _Tally,
    ) -> None:
        self._source = source
        self._track = track
        self._picture = picture
        self._times = times
        self._store = store
        self._scratch = scratch
        self._tally = tally
        self._stop = threading.Event()

    @contextmanager
    def drawing(self, pieces: Mapping[str, Piece]) -> Iterator[Callable[[str], Ref]]:
        """Draw pieces, beside the block.

        Args:
            pieces: by their keys.

        Yields:
            Where a piece lies, by its key; waits until it is drawn, and raises what stopped that.
        """
        in_order = sorted(pieces.items(), key=lambda entry: entry[1])
        workers = min(_WORKERS, os.cpu_count() or 1)
        work: queue.SimpleQueue[Sequence[tuple[str, Piece]]] = queue.SimpleQueue()
        for run in runs(self._costs([piece for _, piece in in_order]), workers):
            work.put(in_order[run.start : run.stop])
        made: dict[str, Future[Ref]] = {key: Future() for key in pieces}

        def ended(task: Future[None]) -> None:
            if error := task.exception():
                for waited_for in made.values():
                    with suppress(InvalidStateError):  # it is drawn, or the other worker failed first
                        waited_for.set_exception(error)
                self._stop.set()  # only now: the other worker's error, that it was stopped, is not the cause

        with ThreadPoolExecutor(workers, thread_name_prefix="draw") as pool:
            try:
                for _ in range(workers):
                    pool.submit(self._work, work, made).add_done_callback(ended)
                yield lambda key: made[key].result()
            finally:
                self._stop.set()

    def _costs(self, in_order: Sequence[Piece]) -> list[float]:
        """What pieces take, a decoded frame = 1: each is decoded from its keyframe, or from where the last one ended."""
        costs = []
        reached = 0
        for piece in in_order:
            moments = piece.start / self._picture.rate, (piece.end - piece.speed) / self._picture.rate
            first, last = map(self._times.position_at, moments)
            key = int(self._times.keys[self._times.key_before(first)])
            begin = max(key, reached) if reached <= first else key
            costs.append(last - begin + 1 + _ENCODE_COST * piece.shown)
            reached = last
        return costs

    def _work(
        self, work: queue.SimpleQueue[Sequence[tuple[str, Piece]]], made: Mapping[str, Future[Ref]]
    ) -> None:
        conform = Conform(self._track, self._picture)
        with closing(FrameReader(self._source, self._track, self._times)) as reader:
            while not self._stop.is_set():
                try:
                    run = work.get_nowait()
                except queue.Empty:
                    return
                reader.expect(position for _, piece in run for position in self._needed(piece))
                for key, piece in run:
                    if self._stop.is_set():
                        return
                    made[key].set_result(self._draw(key, piece, reader, conform))

    def _positions(self, piece: Piece) -> list[int]:
        return [self._times.position_at(moment) for moment in piece.moments(self._picture.rate)]

    def _needed(self, piece: Piece) -> list[int]:
        """The frames that a piece is made of; the last one is what it dissolves into, if it does."""
        into = [self._times.position_at(piece.into / self._picture.rate)] if piece.mixed else []
        return self._positions(piece) + into

    def _draw(self, key: str, piece: Piece, reader: FrameReader, conform: Conform) -> Ref:
        path = self._scratch / f"{key}.mp4"
        with closing(open_piece(path, self._picture)) as writer:
            if piece.mixed:
                dissolving = Dissolving(writer, piece.frames, piece.mixed)
                self._fill(dissolving, piece, reader, conform)
                dissolving.into(conform(next(reader.frames(self._needed(piece)[-1:]))))
            else:
                self._fill(writer, piece, reader, conform)
        ref = self._store.put(path, move=True)
        self._store.remember(key, ref)
        return ref

    def _fill(self, writer: FrameTaker, piece: Piece, reader: FrameReader, conform: Conform) -> None:
        positions = self._positions(piece)
        frames = reader.frames(list(dict.fromkeys(positions)))
        before = -1
        drawn = None
        for count, position in enumerate(positions):
            if position == before:
                writer.repeat()
            else:
                before = position
                frame = next(frames)
                if drawn is not None and looks_the_same(frame, drawn):
                    writer.repeat()
                else:
                    drawn = frame
                    writer.show(conform(frame))
            if count % _PROGRESS_FRAMES == _PROGRESS_FRAMES - 1:
                self._tally.add(_PROGRESS_FRAMES)
                if self._stop.is_set():
                    raise RenderError("rendering was stopped")
        for _ in range(piece.hold):
            writer.repeat()
        self._tally.add(len(positions) % _PROGRESS_FRAMES + piece.hold)


def _join(paths: Iterable[Path], pieces: Sequence[Piece], picture: PictureFormat, target: Path) -> None:
    """Put finished pieces behind each other, packet by packet, at the exact rate, each as soon as it is there."""
    tick = 1 / picture.rate
    header: bytes | None = None
    at = 0
    with av.open(
        str(target), "w", format="mp4", options={"video_track_timescale": str(timescale(picture.rate))}
    ) as out:
        track: VideoStream | None = None
        for path, piece in zip(paths, pieces, strict=True):
            with av.open(str(path)) as part:
                stream = part.streams.video[0]
                if track is None:
                    header = stream.codec_context.extradata
                    track = out.add_stream_from_template(stream, opaque=True)
                    track.time_base = tick
                elif stream.codec_context.extradata != header:
                    raise RenderError(
                        f"encoder '{picture.encoder}' gives pieces that do not join; use libx264, or --engine ffmpeg"
                    )
                first = at
                at = _copy(stream, out, track, at, tick)
                if at - first != piece.frames:
                    raise RenderError(
                        f"encoder '{picture.encoder}' gave {at - first} frames for {piece.frames}; "
                        "use libx264, or --engine ffmpeg"
                    )


def _copy(stream: VideoStream, out: OutputContainer, track: VideoStream, at: int, tick: Fraction) -> int:
    """Append a piece's packets; returns the frame after its last."""
    for packet in stream.container.demux(stream):  # type: ignore[attr-defined]
        if packet.size:
            packet.stream = track
            packet.time_base = tick
            packet.pts = packet.dts = at
            packet.duration = 1
            out.mux(packet)
            at += 1
    return at


def timescale(rate: Fraction) -> int:
    """Ticks a second of an MP4 track in which every frame of a rate lies on a tick."""
    scale = rate.numerator
    while scale < 10_000:  # what players expect; ffmpeg's own habit
        scale *= 2
    return scale
