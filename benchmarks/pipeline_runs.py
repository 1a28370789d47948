"""Runs of the whole pipeline, each in a process of its own, interleaved so that a busy minute hits all cases alike."""

from __future__ import annotations

import os
import subprocess  # noqa: TID251  # the program is measured from outside, as a user runs it
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, NamedTuple

from benchmarks.machine import others_share
from benchmarks.standard_videos import StandardVideo, take
from benchmarks.yardstick import yardstick_seconds
from cutdown.errors import RenderError
from cutdown.media.probe import probe
from cutdown.metrics import AssemblyRecord, PhaseRecord, baseline, read_records
from cutdown.metrics.baseline_form import PHASES, PROCESS, TOTAL, Case, Figures, Run, Video, spread_of
from cutdown.settings import HOME_VARIABLE, STORE_VARIABLE, child_environment, environment

ROOT: Final = Path(__file__).resolve().parent.parent
_TOLD: Final = 400  # characters of a failed program's last words


class Measured(NamedTuple):
    """One run, and the records it wrote."""

    run: Run
    records: tuple[PhaseRecord, ...]


def measure(
    videos: Sequence[StandardVideo],
    rounds: int,
    *,
    handicap: Mapping[str, float],
    tell: Callable[[str], None],
) -> tuple[tuple[Case, ...], float | None]:
    """Run the pipeline on every video, cold and warm, ``rounds`` times.

    Args:
        videos: what is cut down; the first one gives the headline.
        rounds: runs of each case; a round runs every case once, the next in the opposite order.
        handicap: phases to make slower on purpose, each by a share of its own work.
        tell: told what is running.

    Returns:
        The cases in order, each video cold and then warm; and the cost of one cold run of the first
        video in US dollars, None where a price is not known.

    Raises:
        RenderError: a run failed; its last words are in the message.
    """
    files = {}
    for video in videos:
        tell(f"taking {video.name}")
        files[video.name] = take(video)
    runs: dict[tuple[str, str], list[Measured]] = {}
    for number in range(rounds):
        for video in videos if number % 2 == 0 else reversed(videos):
            tell(f"round {number + 1} of {rounds}: {video.name}")
            with tempfile.TemporaryDirectory() as folder:
                for mode in ("cold", "warm"):
                    measured = _run_once(files[video.name], Path(folder), handicap)
                    runs.setdefault((video.name, mode), []).append(measured)
    cases = tuple(
        Case(
            name=name,
            mode="cold" if mode == "cold" else "warm",
            video=_video(files[name]),
            runs=tuple(each.run for each in found),
            spread=spread_of(each.run for each in found),
        )
        for name, mode, found in _in_order(videos, runs)
    )
    first = runs[videos[0].name, "cold"][0]
    cost = baseline(first.records, probe(files[videos[0].name]), ROOT)["cost"]["total"]
    return cases, cost


def _in_order(
    videos: Iterable[StandardVideo], runs: Mapping[tuple[str, str], list[Measured]]
) -> Iterator[tuple[str, str, list[Measured]]]:
    for video in videos:
        for mode in ("cold", "warm"):
            yield video.name, mode, runs[video.name, mode]


def _video(path: Path) -> Video:
    recording = probe(path)
    assert recording.picture is not None
    return Video(
        duration=float(recording.duration),
        resolution=f"{recording.picture.display_width}x{recording.picture.display_height}",
        fps=round(float(recording.picture.rate), 3),
    )


def _run_once(video: Path, folder: Path, handicap: Mapping[str, float]) -> Measured:
    """``cutdown optimize`` with its state in ``folder``; a second time there it finds everything."""
    program = ["-m", "benchmarks.slowed", *(f"{phase}={share}" for phase, share in handicap.items()), "--"]
    command = [sys.executable, *(program if handicap else ["-m", "cutdown.cli"])]
    metrics = folder / "out" / "metrics.jsonl"
    metrics.unlink(missing_ok=True)
    yardstick = yardstick_seconds()
    began = datetime.now(UTC)
    with others_share() as others:
        seen = _timed([*command, "optimize", str(video), "--out", str(folder / "out")], folder / "state")
        others.own = seen.cpu
    records = read_records(metrics)
    phases = {
        record.phase: Figures(wall=record.elapsed_seconds, cpu=record.cpu_seconds)
        for record in records
        if record.phase in PHASES and not record.cached
    }
    if phases:
        phases[TOTAL] = Figures(
            wall=sum(each.wall for each in phases.values()), cpu=sum(each.cpu for each in phases.values())
        )
    run = Run(
        began=began,
        phases=phases | {PROCESS: seen},
        yardstick_cpu=yardstick,
        others_share=others.share,
        peak_memory_mb=max(record.peak_memory_mb for record in records),
        output_seconds=next(
            record.output_video_duration for record in records if isinstance(record, AssemblyRecord)
        ),
    )
    return Measured(run, records)


def _timed(command: Sequence[str], state: Path) -> Figures:
    """Wall and CPU seconds of a program and all it starts, by the kernel's account.

    It finds nothing that was made before: no store that machines share, be it named in the environment or in a file ``.env``
    beside this checkout.
    """
    path = os.pathsep.join(filter(None, (str(ROOT), environment("PYTHONPATH"))))
    with tempfile.TemporaryFile() as words:
        began = time.perf_counter()
        child = subprocess.Popen(
            command,
            cwd=state.parent,
            stdout=words,
            stderr=subprocess.STDOUT,
            env=child_environment(**{HOME_VARIABLE: str(state), STORE_VARIABLE: "", "PYTHONPATH": path}),
        )
        try:
            _, status, usage = os.wait4(child.pid, 0)
        except BaseException:
            child.kill()
            child.wait()
            raise
        wall = time.perf_counter() - began
        child.returncode = os.waitstatus_to_exitcode(status)
        if child.returncode != 0:
            words.seek(0)
            last = " ".join(words.read().decode(errors="replace").split())[-_TOLD:]
            raise RenderError(f"a benchmark run ended with exit code {child.returncode}: {last}")
    return Figures(wall=wall, cpu=usage.ru_utime + usage.ru_stime)
