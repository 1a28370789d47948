"""A small narrated screencast, made on the spot, so that the program can be seen at work anywhere.

It has what first takes have: pauses, a wait, fillers, a botched sentence. Nothing is fetched; the
same version gives the same pictures and sound everywhere.
"""

from __future__ import annotations

from pathlib import Path

from cutdown.demo.film import encode
from cutdown.demo.recorder import DemoTruth, TruthSegment, perform
from cutdown.demo.script import SCRIPT
from cutdown.errors import UsageError
from cutdown.progress import Progress, part, unheard
from cutdown.store import write_whole

__all__ = ["DemoTruth", "TruthSegment", "make_demo", "truth_path"]

_SPEAKING: float = 0.25  # share of the time that the voice takes


def truth_path(target: Path) -> Path:
    """Where the demo's truth lies: ``demo.truth.json`` beside ``demo.mp4``."""
    return target.with_suffix(".truth.json")


def make_demo(target: Path, *, progress: Progress = unheard) -> DemoTruth:
    """Make the demo's recording, and a JSON file beside it that says what is in it.

    Args:
        target: the MP4 file to write; its folder is made.
        progress: told the share done.

    Returns:
        Every stretch with its kind, as written to `truth_path`.

    Raises:
        UsageError: when the file cannot be written.
        ProviderError: when the voice gives no sound.
    """
    take = perform(SCRIPT, part(progress, 0, _SPEAKING))
    truth = DemoTruth(segments=tuple(take.truth))
    try:
        with write_whole(truth_path(target)) as temporary:
            temporary.write_text(truth.model_dump_json(indent=1) + "\n", encoding="utf-8")
        with write_whole(target) as temporary:
            encode(take, temporary, part(progress, _SPEAKING, 1))
    except OSError as error:
        raise UsageError(
            f"cannot write the demo '{target}': {error.strerror or error}; choose another folder with --out"
        ) from error
    return truth
