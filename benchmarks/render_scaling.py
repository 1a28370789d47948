"""``python -m benchmarks.render_scaling``: how a render's time and memory grow, and what one changed action costs.

One thing is varied at a time: cuts, the recording's length, its size, the share that is kept. Every render makes picture
and sound of a plan with the default engine and options, into an empty store, in a process of its own. CPU seconds are
fitted, because a busy machine changes them least. The exponent of a series is the slope of the straight line through
its logarithms: 1 is linear, 0 is constant.
"""

from __future__ import annotations

import argparse
import subprocess  # noqa: TID251  # renders are measured from outside
import sys
import tempfile
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from fractions import Fraction
from pathlib import Path
from typing import Final, NamedTuple

from rich.console import Console

from benchmarks.long_recordings import repeated, resized
from benchmarks.machine import made
from benchmarks.render_job import Rendering, with_sound
from benchmarks.render_race import NUMBERED, timeline_of
from benchmarks.report import write_page
from benchmarks.scaling_form import Edit, Measured, Scaling, Series
from benchmarks.scaling_report import print_scaling
from benchmarks.standard_videos import StandardVideo, take
from cutdown.errors import CutdownError, RenderError
from cutdown.media.probe import probe
from cutdown.metrics import describe_hardware
from cutdown.settings import child_environment, state_folder
from cutdown.timeline import Timeline

ROOT: Final = Path(__file__).resolve().parent.parent
SOURCE: Final = StandardVideo("screencast-300", 300, "screencast")
SHORT: Final = StandardVideo("screencast-60", 60, "screencast")
ACTIONS: Final = 45
_CUT: Final = Fraction(2, 5)  # seconds of each cut where only their number changes
_LOOK: Final = 20  # seconds of the recordings of other sizes: a picture of 4K takes its time
_SHORTER: Final = 5  # frames that the changed action loses
_TOLD: Final = 400


class Trial(NamedTuple):
    """One render of a series."""

    label: str
    amount: float
    """Of what is varied, in the unit that the series counts its cost by."""
    source: Path
    timeline: Timeline
    certify: bool = False


class Axis(NamedTuple):
    """One thing that is varied, and the values it takes: all of them, and the few of a quick look."""

    varied: str
    unit: str
    trial: Callable[[int, Path], Trial]
    values: tuple[int, ...]
    few: tuple[int, ...]


def changed(timeline: Timeline) -> Timeline:
    """The timeline with the kept action next to its middle a few frames shorter; all behind it moves up."""
    half = len(timeline.segments) // 2
    middle = next(number for number in range(half, -1, -1) if timeline.segments[number].type == "keep")
    segments = []
    at = 0
    for number, segment in enumerate(timeline.segments):
        frames = segment.frames - _SHORTER * (number == middle)
        segments.append(segment.model_copy(update={"first_frame": at, "frames": frames}))
        at += frames
    return with_sound(timeline.model_copy(update={"segments": tuple(segments), "sounds": ()}))


def _plan(path: Path, actions: int, kept: Fraction = Fraction(1, 10)) -> Timeline:
    recording = probe(path)
    assert recording.picture is not None
    return with_sound(
        timeline_of(
            recording.sha256, float(recording.duration), recording.picture.rate, actions=actions, kept=kept
        )
    )


def _cuts(count: int, _folder: Path) -> Trial:
    path = take(NUMBERED)
    plan = _plan(path, count, count * _CUT / NUMBERED.seconds)
    return Trial(f"{count:,}", count, path, plan, certify=True)


def _length(minutes: int, folder: Path) -> Trial:
    path = repeated(take(SOURCE), minutes * 60 // SOURCE.seconds, folder)
    return Trial(f"{minutes} min", minutes, path, _plan(path, ACTIONS, Fraction(1, 20)))


def _size(height: int, folder: Path) -> Trial:
    path = resized(take(SOURCE), height, _LOOK, folder)
    megapixels = height * height * 16 / 9 / 1e6
    return Trial(f"{height}p", megapixels, path, _plan(path, 10, Fraction(1, 4)))


def _share(percent: int, _folder: Path) -> Trial:
    path = take(SHORT)
    return Trial(f"{percent} %", percent, path, _plan(path, 5, Fraction(percent, 100)))


AXES: Final = (
    Axis("cuts", "cut", _cuts, (10, 100, 1000), (5, 50)),
    Axis("length", "minute of recording", _length, (5, 30, 120), (5, 10)),
    Axis("picture", "megapixel", _size, (720, 1080, 2160), (360, 720)),
    Axis("kept", "percent", _share, (5, 20, 50, 100), (5, 10)),
)


def measure(*, quick: bool, tell: Callable[[str], None]) -> Scaling:
    """Render everything, once each.

    Args:
        quick: a few small values only.
        tell: told what is running.

    Raises:
        RenderError: a render failed.
    """
    began = made(datetime.now(UTC), quick=quick, handicap={})
    found = []
    for axis in AXES:
        rows = []
        for value in axis.few if quick else axis.values:
            with tempfile.TemporaryDirectory() as folder:
                trial = axis.trial(value, Path(folder))
                tell(f"{axis.varied}: {trial.label}")
                rendering = run_job(trial.source, trial.timeline, Path(folder), certify=trial.certify)
            rows.append(
                Measured(
                    label=trial.label,
                    amount=trial.amount,
                    output_seconds=float(trial.timeline.duration),
                    rendering=rendering,
                )
            )
        found.append(Series(varied=axis.varied, unit=axis.unit, rows=tuple(rows)))
    return Scaling(
        hardware=describe_hardware(state_folder()),
        made=began,
        series=tuple(found),
        edit=_edit(1 if quick else 6, tell, sound=True),
        picture_edit=_edit(1 if quick else 6, tell, sound=False),
    )


def _edit(times: int, tell: Callable[[str], None], *, sound: bool) -> Edit:
    silent = {} if sound else {"sounds": ()}
    with tempfile.TemporaryDirectory() as folder:
        path = repeated(take(SOURCE), times, Path(folder))
        timeline = _plan(path, ACTIONS)
        tell(f"a plan of {ACTIONS} actions{'' if sound else ', without sound'}")
        first = run_job(path, timeline.model_copy(update=silent), Path(folder))
        tell("the same with one action changed")
        again = changed(timeline).model_copy(update=silent)
        return Edit(first=first, second=run_job(path, again, Path(folder)))


def run_job(path: Path, timeline: Timeline, folder: Path, *, certify: bool = False) -> Rendering:
    """One render in a process of its own; ``folder`` keeps its store.

    Raises:
        RenderError: it failed; its last words are in the message.
    """
    (folder / "timeline.json").write_text(timeline.model_dump_json(), encoding="utf-8")
    command = [sys.executable, "-m", "benchmarks.render_job", str(path), str(folder)]
    child = subprocess.run(
        [*command, *(["--certify"] * certify)],
        cwd=ROOT,
        env=child_environment(),
        capture_output=True,
        check=False,
    )
    if child.returncode != 0:
        last = " ".join(child.stderr.decode(errors="replace").split())[-_TOLD:]
        raise RenderError(f"a render ended with exit code {child.returncode}: {last}")
    return Rendering.model_validate_json(child.stdout.splitlines()[-1])


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print, and write the page where one is named."""
    options = argparse.ArgumentParser(prog="python -m benchmarks.render_scaling", description=__doc__)
    options.add_argument("--quick", action="store_true", help="a few small values only")
    options.add_argument("--page", type=Path, help="a Markdown page with the marks 'scaling'")
    options.add_argument("--out", type=Path, help="a JSON file for all figures")
    given = options.parse_args(arguments)
    console = Console()
    try:
        scaling = measure(quick=given.quick, tell=lambda what: print(what, file=sys.stderr, flush=True))
        if given.out is not None:
            given.out.write_text(scaling.model_dump_json(indent=1) + "\n", encoding="utf-8")
        print_scaling(console, scaling)
        if given.page is not None:
            write_page(given.page, "scaling", lambda into, box: print_scaling(into, scaling, box=box))
    except CutdownError as error:
        print(f"error: {error}", file=sys.stderr)
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main())
