"""``python -m benchmarks.render_contestant NAME VIDEO FOLDER PRESET``: one run of one contestant of the render race.

NAME is an engine, ``ffmpeg-seek``, ``decode only`` or ``encode only``. Prints wall and CPU seconds (this process and all it started)
and the peak memory in megabytes as one JSON line. Imports and the search for the libraries come before the clock.
"""

from __future__ import annotations

import functools
import itertools
import json
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Final

from av.video.frame import VideoFrame

from benchmarks import ffmpeg_seek
from benchmarks.render_race import DECODE, ENCODE, SEEK
from cutdown.assembly.conform import Conform, looks_the_same
from cutdown.assembly.engines import engine_named
from cutdown.assembly.frame_reader import FrameReader
from cutdown.assembly.frame_times import FrameTimes, open_picture, read_frame_times
from cutdown.assembly.picture_format import PictureFormat, picture_format
from cutdown.assembly.piece_writer import open_piece
from cutdown.assembly.pieces import split
from cutdown.media.probe import probe
from cutdown.metrics.processes import accounted_cpu, high_water
from cutdown.metrics.records import MEGABYTE
from cutdown.progress import unheard
from cutdown.recording import Picture, Recording
from cutdown.settings import RenderOptions
from cutdown.store import Store
from cutdown.timeline import Timeline

WORKERS: Final = min(2, os.cpu_count() or 1)  # as the default engine
_IN_MEMORY: Final = 150  # distinct frames held at once for the encoder, outside the clock


def main() -> None:
    """Run one contestant and print what it took."""
    name, video, folder, preset = sys.argv[1:5]
    path = Path(video)
    recording = probe(path)
    timeline = Timeline.model_validate_json(Path(folder, "timeline.json").read_text())
    assert recording.picture is not None
    picture = picture_format(recording.picture, RenderOptions(preset=preset), timeline.rate)
    with tempfile.TemporaryDirectory() as scratch:
        if name == DECODE:
            wall, cpu = _clocked(_decoding(path, recording.picture, timeline))
        elif name == ENCODE:
            wall, cpu = _encoding(path, recording.picture, timeline, picture, Path(scratch))
        elif name == SEEK:
            wall, cpu = _clocked(
                ffmpeg_seek.drawing(path, timeline, picture, Path(scratch), Path(folder, f"{name}.mp4"))
            )
        else:
            wall, cpu = _clocked(
                _drawing(name, path, recording, timeline, picture, Path(scratch), Path(folder))
            )
    print(json.dumps({"wall": wall, "cpu": cpu, "memory": max(high_water()) / MEGABYTE}))


def _clocked(work: Callable[[], None]) -> tuple[float, float]:
    began, cpu = time.perf_counter(), accounted_cpu()
    work()
    return time.perf_counter() - began, accounted_cpu() - cpu


def _drawing(
    name: str,
    path: Path,
    recording: Recording,
    timeline: Timeline,
    picture: PictureFormat,
    scratch: Path,
    folder: Path,
) -> Callable[[], None]:
    engine = engine_named(name)

    def draw() -> None:
        engine.draw(
            path, recording, timeline, picture, folder / f"{name}.mp4",
            store=Store(scratch / "store"), scratch=scratch, progress=unheard,
        )  # fmt: skip

    return draw


def _decoding(path: Path, track: Picture, timeline: Timeline) -> Callable[[], None]:
    """Decode every group of pictures that holds a shown frame, from its keyframe to the last shown one in it."""
    times = read_frame_times(path, track)
    stretches = _stretches(times, timeline)
    shares = [stretches[number::WORKERS] for number in range(WORKERS)]

    def decode(share: Sequence[tuple[int, int]]) -> None:
        container, stream = open_picture(path, track)
        with container:
            for first, last in share:
                container.seek(int(times.stamps[first]), stream=stream, backward=True)
                for frame in container.decode(stream):
                    if frame.pts is not None and frame.pts >= int(times.stamps[last]):
                        break

    def work() -> None:
        with ThreadPoolExecutor(WORKERS) as pool:
            list(pool.map(decode, shares))

    return work


def _stretches(times: FrameTimes, timeline: Timeline) -> list[tuple[int, int]]:
    """From which keyframe to which frame has to be decoded, in order, each group once."""
    last_of: dict[int, int] = {}
    for piece in split(timeline):
        for moment in piece.moments(timeline.rate):
            position = times.position_at(moment)
            key = int(times.keys[times.key_before(position)])
            last_of[key] = max(last_of.get(key, 0), position)
    return sorted(last_of.items())


def _encoding(
    path: Path, track: Picture, timeline: Timeline, picture: PictureFormat, scratch: Path
) -> tuple[float, float]:
    """Encode every distinct shown frame once; decoding them, in between, is not counted."""
    times = read_frame_times(path, track)

    def encode(given: tuple[int, list[VideoFrame]]) -> None:
        with closing(open_piece(scratch / f"{given[0]}.mp4", picture)) as writer:
            for frame in given[1]:
                writer.show(frame)

    def all_at_once(batches: list[list[VideoFrame]]) -> None:
        list(pool.map(encode, enumerate(batches)))

    wall = cpu = 0.0
    batches = _batches(path, track, timeline, picture, times)
    with ThreadPoolExecutor(WORKERS) as pool:
        while together := list(itertools.islice(batches, WORKERS)):
            took = _clocked(functools.partial(all_at_once, together))
            wall, cpu = wall + took[0], cpu + took[1]
    return wall, cpu


def _batches(
    path: Path, track: Picture, timeline: Timeline, picture: PictureFormat, times: FrameTimes
) -> Iterator[list[VideoFrame]]:
    """Distinct shown frames, piece by piece, so many at a time as memory should hold."""
    conform = Conform(track, picture)
    with closing(FrameReader(path, track, times)) as reader:
        for piece in sorted(split(timeline)):
            positions = list(dict.fromkeys(times.position_at(m) for m in piece.moments(timeline.rate)))
            reader.expect(positions)
            batch: list[VideoFrame] = []
            before = None
            for frame in reader.frames(positions):
                if before is not None and looks_the_same(frame, before):
                    continue
                before = frame
                batch.append(conform(frame))
                if len(batch) == _IN_MEMORY:
                    yield batch
                    batch = []
            if batch:
                yield batch


if __name__ == "__main__":
    main()
