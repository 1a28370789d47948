"""Short narrated recordings, each with other words: 640x360, some ten seconds, the same bytes every time."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Final

from cutdown.demo.film import encode
from cutdown.demo.recorder import perform
from cutdown.demo.script import Beat, Command, Rest, Say
from cutdown.media.ffmpeg import run
from cutdown.progress import unheard

_SUBJECTS: Final = (
    "the scheduler", "the shopping cart", "the config file", "the retry policy", "the message queue", "the slow query",
    "the test report", "the build step", "the login page", "the cache", "the backup", "the release notes",
)  # fmt: skip


def script(number: int, rounds: int = 1) -> tuple[Beat, ...]:
    """What is said and typed in one recording, with pauses that can go.

    Args:
        number: which one.
        rounds: how often its middle comes, to make it longer.
    """
    subject = _SUBJECTS[number % len(_SUBJECTS)]
    beats: list[Beat] = [Rest(0.6, "pause"), Say(f"Today we look at {subject}, number {number}.")]
    for round_ in range(rounds):
        beats += [
            Rest(3.0, "pause"),
            Say(f"First we start it with option {round_ + 1}, and see what it says."),
            Command(f"run --step {round_ + 1}"),
            Rest(2.5, "pause"),
        ]
    return (*beats, Say("That is all for today."), Rest(0.6, "pause"))


def make_talk(path: Path, number: int, *, rounds: int = 1, sound: bool = True) -> Path:
    """Make one recording.

    Args:
        path: the MP4 file.
        number: which one; others have other words.
        rounds: makes it longer, by some ten seconds each.
        sound: whether there is any.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        large = Path(folder, "large.mp4")
        encode(perform(script(number, rounds)), large, unheard)
        heard = ["-c:a", "copy"] if sound else ["-an"]
        picture = ["-vf", "scale=640:360", "-c:v", "libx264", "-preset", "superfast", "-threads", "1"]
        exact = ["-fflags", "+bitexact", "-flags:v", "+bitexact"]
        run(["-i", str(large), *picture, *exact, *heard, str(path)])
    return path
