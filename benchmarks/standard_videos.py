"""The standard videos: made once, kept in the state folder by what they are made from."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Final, NamedTuple

from benchmarks import long_screencast, numbered
from cutdown.media import ffmpeg
from cutdown.settings import state_folder
from cutdown.store import Store, hash_key


class StandardVideo(NamedTuple):
    """A video that every machine makes alike."""

    name: str
    seconds: int
    kind: str  # a key of `_MAKERS`


STANDARD: Final = (
    StandardVideo("pattern-300", 300, "pattern"),
    StandardVideo("screencast-300", 300, "screencast"),
    StandardVideo("screencast-1800", 1800, "screencast"),
)
QUICK: Final = (
    StandardVideo("pattern-30", 30, "pattern"),
    StandardVideo("screencast-60", 60, "screencast"),
)


def pattern(target: Path, seconds: int) -> None:
    """The test pattern of ffmpeg, 1920x1080 at 30 frames a second, with a tone of 440 Hz."""
    ffmpeg.run([*_pattern_command(seconds), str(target)])


def _pattern_command(seconds: int) -> list[str]:
    picture = f"testsrc=size=1920x1080:rate=30:duration={seconds}"
    tone = f"sine=frequency=440:sample_rate=48000:duration={seconds}"
    sources = ["-f", "lavfi", "-i", picture, "-f", "lavfi", "-i", tone]
    return [*sources, "-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-c:a", "aac"]


_MAKERS: Final[dict[str, Callable[[Path, int], None]]] = {
    "pattern": pattern,
    "screencast": long_screencast.make,
    "numbered": numbered.make,
}
_SOURCES: Final = {"screencast": long_screencast.__file__, "numbered": numbered.__file__}


def _recipe(video: StandardVideo) -> str:
    """A key of all that decides what the video is like."""
    if video.kind == "pattern":
        return hash_key("standard video", _pattern_command(video.seconds))
    source = Path(_SOURCES[video.kind]).read_bytes()
    return hash_key("standard video", video.kind, video.seconds, hashlib.sha256(source).hexdigest())


def take(video: StandardVideo) -> Path:
    """The video's file, made now where it is not kept yet.

    Raises:
        CutdownError: it cannot be made here.
    """
    store = Store(state_folder() / "benchmark" / "videos")
    key = _recipe(video)
    with store.exclusive(key):
        ref = store.recall(key)
        if ref is None:
            with tempfile.TemporaryDirectory() as folder:
                path = Path(folder, f"{video.name}.mp4")
                _MAKERS[video.kind](path, video.seconds)
                ref = store.put(path, move=True)
            store.remember(key, ref)
    return store.path(ref)
