"""Rendering alone: one timeline, every engine, and the limit, interleaved in one run.

All engines draw the same timeline from the same recording with the same encoder, preset and quality, into an
empty store, each in a process of its own. The limit is measured beside them with the same libraries and as many
threads as the default engine has workers:

- decode only: the groups of pictures that hold a shown frame, every frame of them;
- encode only: every distinct shown frame once, with the same encoder settings, from memory.

``ffmpeg-seek`` is ffmpeg's program as scripts use it (`ffmpeg_seek`). Which frames a contestant really shows is
counted on a recording whose frames carry numbers (`numbered`).

Compare ratios within one run; seconds depend on the machine and on what else it does.
"""

from __future__ import annotations

import resource
import subprocess  # noqa: TID251  # engines are measured from outside
import sys
import tempfile
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from fractions import Fraction
from pathlib import Path
from statistics import median
from typing import Final

from benchmarks import numbered
from benchmarks.machine import made, others_share
from benchmarks.numbered import Placed
from benchmarks.picture_quality import Quality, quality
from benchmarks.standard_videos import StandardVideo, take
from cutdown.errors import RenderError
from cutdown.media.probe import probe
from cutdown.metrics import Hardware, describe_hardware
from cutdown.metrics.baseline_form import Made
from cutdown.settings import child_environment, state_folder
from cutdown.timebase import Frozen
from cutdown.timeline import Segment, Timeline

ROOT: Final = Path(__file__).resolve().parent.parent
SEEK: Final = "ffmpeg-seek"
OTHERS: Final = ("moviepy", "ffmpeg", SEEK)
OURS: Final = "pyav"
DECODE, ENCODE, LIMIT = "decode only", "encode only", "limit"
PRESET: Final = "ultrafast"  # MoviePy's usual advice for speed; the same for all
FULL: Final = (
    StandardVideo("screencast-1800", 1800, "screencast"),
    StandardVideo("screencast-300", 300, "screencast"),
    StandardVideo("pattern-300", 300, "pattern"),
)
QUICK: Final = (StandardVideo("screencast-60", 60, "screencast"), StandardVideo("pattern-30", 30, "pattern"))
NUMBERED: Final = StandardVideo("numbered-600", 600, "numbered")
_MANY: Final = 45  # actions of the numbered recording's timeline
_TOLD: Final = 400


class Took(Frozen):
    """One run of one contestant, in seconds; memory in megabytes."""

    wall: float
    cpu: float
    memory: float
    others: float = 0.0
    """Share of the machine that other programs used meanwhile, 0 to 1."""


class Contest(Frozen):
    """One recording's race."""

    video: str
    actions: int
    source_seconds: float
    output_seconds: float
    took: dict[str, tuple[Took, ...]]
    """By contestant, every run; ``limit`` is the sum of decoding and encoding in the same round."""
    quality: dict[str, Quality]

    @property
    def others(self) -> float:
        """Share of the machine that other programs used, 0 to 1: the median over all runs."""
        return median(each.others for name, took in self.took.items() if name != LIMIT for each in took)

    def ratio(self, name: str, figure: str) -> float:
        """How many times ours a contestant takes: median over rounds of the ratio within the round."""
        pairs = zip(self.took[name], self.took[OURS], strict=True)
        return float(median(getattr(one, figure) / getattr(ours, figure) for one, ours in pairs))


class Race(Frozen):
    """All of it, with its circumstances."""

    hardware: Hardware
    made: Made
    preset: str
    contests: tuple[Contest, ...]
    placed: dict[str, Placed]
    """By contestant, which frames it shows of the numbered recording."""


def timeline_of(
    sha256: str,
    seconds: float,
    rate: Fraction,
    *,
    actions: int | None = None,
    kept: Fraction = Fraction(1, 10),
) -> Timeline:
    """A timeline as an edit of a screen recording has it: 45 actions, a tenth kept, a third of them sped up.

    It depends on what is given alone, so that it is the same on every machine and after every change.

    Args:
        sha256: the recording's content.
        seconds: its length.
        rate: its frames a second.
        actions: one for each 20 s, from 3 to 45, where not given.
        kept: the output's length as a share of the recording's; sped-up actions have less where they would overlap.
    """
    actions = actions or max(3, min(45, round(seconds / 20)))
    source = int(seconds * rate)
    slot = source // actions
    target = max(1, int(source * kept) // actions)
    segments: list[Segment] = []
    at = 0
    for number in range(actions):
        speed = Fraction((1, 1, 4, 1, 8, 1)[number % 6])
        frames = max(1, min(target, int((slot - 1) / speed)))
        first = number * slot + (slot - int(frames * speed)) * (number * 7 % 11) // 11
        segments.append(
            Segment(
                action=f"a{number + 1}",
                type="keep" if speed == 1 else "speedup",
                first_frame=at,
                frames=frames,
                source_frame=first,
                speed=speed,
            )
        )
        at += frames
    return Timeline(recording_sha256=sha256, rate=rate, segments=tuple(segments), sounds=())


def race(quick: bool, runs: int, others: Sequence[str], tell: Callable[[str], None]) -> Race:
    """Run the race.

    Args:
        quick: short recordings.
        runs: rounds; each runs every contestant once, the next in the opposite order.
        others: engines to race against.
        tell: told what is running.

    Raises:
        RenderError: a contestant failed.
    """
    contests = []
    for video in QUICK if quick else FULL:
        tell(f"taking {video.name}")
        with tempfile.TemporaryDirectory() as folder:
            contests.append(_contest(video, take(video), runs, others, Path(folder), tell))
    placed = count_frames((OURS, *others), tell)
    return Race(
        hardware=describe_hardware(state_folder()),
        made=made(datetime.now(UTC), quick=quick, handicap={}),
        preset=PRESET,
        contests=tuple(contests),
        placed=placed,
    )


def count_frames(names: Sequence[str], tell: Callable[[str], None]) -> dict[str, Placed]:
    """Which frames contestants show of a recording whose frames are numbered.

    Args:
        names: the contestants.
        tell: told what is running.
    """
    tell(f"taking {NUMBERED.name}")
    path = take(NUMBERED)
    recording = probe(path)
    timeline = timeline_of(recording.sha256, NUMBERED.seconds, Fraction(numbered.RATE), actions=_MANY)
    placed = {}
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "timeline.json").write_text(timeline.model_dump_json())
        for name in names:
            tell(f"{NUMBERED.name}: {name}")
            run_contestant(name, path, Path(folder))
            placed[name] = numbered.place(Path(folder, f"{name}.mp4"), timeline)
    return placed


def _contest(
    video: StandardVideo,
    path: Path,
    runs: int,
    others: Sequence[str],
    folder: Path,
    tell: Callable[[str], None],
) -> Contest:
    recording = probe(path)
    assert recording.picture is not None
    timeline = timeline_of(recording.sha256, float(recording.duration), recording.picture.rate)
    (folder / "timeline.json").write_text(timeline.model_dump_json())
    names = [OURS, *others, DECODE, ENCODE]
    took: dict[str, list[Took]] = {name: [] for name in (*names, LIMIT)}
    for number in range(runs):
        for name in names if number % 2 == 0 else reversed(names):
            tell(f"{video.name}, round {number + 1} of {runs}: {name}")
            took[name].append(run_contestant(name, path, folder))
        decode, encode = took[DECODE][-1], took[ENCODE][-1]
        took[LIMIT].append(
            Took(
                wall=decode.wall + encode.wall,
                cpu=decode.cpu + encode.cpu,
                memory=max(decode.memory, encode.memory),
            )
        )
    tell(f"{video.name}: picture quality")
    return Contest(
        video=video.name,
        actions=len(timeline.segments),
        source_seconds=float(recording.duration),
        output_seconds=float(timeline.duration),
        took={name: tuple(each) for name, each in took.items()},
        quality={
            name: quality(path, recording, timeline, folder / f"{name}.mp4") for name in (OURS, *others)
        },
    )


def run_contestant(name: str, path: Path, folder: Path) -> Took:
    """One contestant in a process of its own, which tells its own time: starting Python is nobody's work.

    Args:
        name: the contestant.
        path: the recording.
        folder: holds ``timeline.json``; an engine's picture is put there as ``NAME.mp4``.

    Raises:
        RenderError: it failed; its last words are in the message.
    """
    command = [sys.executable, "-m", "benchmarks.render_contestant", name, str(path), str(folder), PRESET]
    with tempfile.TemporaryFile() as words, others_share() as others:
        before = _children_cpu()
        child = subprocess.run(
            command, cwd=ROOT, env=child_environment(), stdout=subprocess.PIPE, stderr=words, check=False
        )
        others.own = _children_cpu() - before
        if child.returncode != 0:
            words.seek(0)
            last = " ".join(words.read().decode(errors="replace").split())[-_TOLD:]
            raise RenderError(f"'{name}' ended with exit code {child.returncode}: {last}")
    took = Took.model_validate_json(child.stdout.splitlines()[-1])
    return took.model_copy(update={"others": others.share})


def _children_cpu() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime
