"""Recordings made of another one, cheaply: several times as long without encoding, or of another size."""

from __future__ import annotations

from pathlib import Path

from cutdown.media import ffmpeg


def repeated(source: Path, times: int, folder: Path) -> Path:
    """The recording so many times over, its packets copied; the recording itself for once.

    Args:
        source: an MP4 file.
        times: how often.
        folder: where to put it.
    """
    if times == 1:
        return source
    target = folder / f"{times}-times.mp4"
    listing = folder / "again.txt"
    listing.write_text(f"file '{source.absolute()}'\n" * times, encoding="utf-8")
    ffmpeg.run(["-f", "concat", "-safe", "0", "-i", str(listing), "-c", "copy", str(target)])
    return target


def resized(source: Path, height: int, seconds: int, folder: Path) -> Path:
    """The recording's first seconds at another height, its shape kept.

    Args:
        source: the recording.
        height: in pixels, even.
        seconds: how much of it.
        folder: where to put it.
    """
    target = folder / f"{height}p.mp4"
    encoder = ["-c:v", "libx264", "-preset", "ultrafast", "-crf", "20", "-g", "250", "-c:a", "copy"]
    ffmpeg.run(
        ["-t", str(seconds), "-i", str(source), "-vf", f"scale=-2:{height}", *encoder, str(target)],
    )
    return target
