"""What a race tells: who took what, which frames were shown, and how far each target was reached."""

from __future__ import annotations

from collections.abc import Callable
from statistics import median
from typing import Final, NamedTuple

from rich.box import SIMPLE_HEAD, Box
from rich.console import Console
from rich.table import Table

from benchmarks.render_race import DECODE, ENCODE, LIMIT, OURS, SEEK, Contest, Race
from benchmarks.report import circumstances, say, warn_of_others
from cutdown.metrics.regression import QUIET_SHARE

_RUNS: Final = ("wall s", "CPU s", "wall, ours = 1", "CPU, ours = 1", "peak MB", "VMAF", "PSNR dB", "MB")
_FRAMES: Final = (
    "frames planned",
    "written",
    "as planned",
    "segments",
    "that begin as planned",
    "worst, frames off",
)


class Target(NamedTuple):
    """A figure of a contest that has to be on one side of a bound."""

    what: str
    rival: str
    reached: Callable[[Contest], float | None]
    """None where it cannot be measured here."""
    bound: float
    at_most: bool = False
    of_wall: bool = False
    """Whether it says something only where other programs left the machine alone."""

    @property
    def asked(self) -> str:
        """The bound, in words."""
        return f"{'at most' if self.at_most else 'at least'} {self.bound:g}"

    def told(self, contest: Contest) -> str:
        """What was reached, and whether that is enough; nothing is judged by the wall clock of a busy machine."""
        figure = self.reached(contest) if self.rival in contest.took else None
        if figure is None:
            return "not measured"
        if self.of_wall and contest.others > QUIET_SHARE:
            return f"{figure:.2f} (machine busy)"
        met = figure <= self.bound if self.at_most else figure >= self.bound
        return f"{figure:.2f}" if met else f"{figure:.2f} (missed)"


def _against_ours(rival: str, figure: str) -> Callable[[Contest], float]:
    return lambda contest: contest.ratio(rival, figure)


def _above_the_limit(figure: str) -> Callable[[Contest], float]:
    return lambda contest: 1 / contest.ratio(LIMIT, figure)


def _vmaf_above(rival: str) -> Callable[[Contest], float | None]:
    def difference(contest: Contest) -> float | None:
        ours, theirs = contest.quality[OURS].vmaf, contest.quality[rival].vmaf
        return None if ours is None or theirs is None else ours - theirs

    return difference


TARGETS: Final = (
    Target("CPU of MoviePy, ours = 1", "moviepy", _against_ours("moviepy", "cpu"), 5.0),
    Target("wall time of MoviePy, ours = 1", "moviepy", _against_ours("moviepy", "wall"), 5.5, of_wall=True),
    Target("VMAF, ours less MoviePy's", "moviepy", _vmaf_above("moviepy"), 0.0),
    Target("CPU of ours, limit = 1", LIMIT, _above_the_limit("cpu"), 1.35, at_most=True),
    Target("wall time of ours, limit = 1", LIMIT, _above_the_limit("wall"), 1.35, at_most=True, of_wall=True),
    Target("CPU of ffmpeg-seek, ours = 1", SEEK, _against_ours(SEEK, "cpu"), 1.3),
    Target("wall time of ffmpeg-seek, ours = 1", SEEK, _against_ours(SEEK, "wall"), 1.3, of_wall=True),
    Target("VMAF, ours less ffmpeg-seek's", SEEK, _vmaf_above(SEEK), 0.0),
)


def print_race(console: Console, race: Race, *, box: Box = SIMPLE_HEAD) -> None:
    """The targets first, then what they come from."""
    say(console, f"{race.hardware.cpu}, {race.hardware.ram}")
    say(console, circumstances(race.made))
    warn_of_others(console, max(contest.others for contest in race.contests))
    console.print(_targets(race, box))
    for contest in race.contests:
        say(
            console,
            f"{contest.video}: {contest.actions} actions, {contest.source_seconds:.0f} s in, "
            f"{contest.output_seconds:.0f} s out, preset {race.preset}, rounds: {len(contest.took[OURS])}",
        )
        table = _table(box, "contestant", *_RUNS)
        for name in contest.took:
            table.add_row(*_race_row(contest, name))
        console.print(table)
    say(console, "Which frames are shown, counted on a recording whose frames carry numbers:")
    table = _table(box, "contestant", *_FRAMES)
    for name, placed in race.placed.items():
        counts = (placed.planned, placed.written, placed.exact, placed.segments, placed.exact_starts)
        table.add_row(name, *(f"{count:,}" for count in counts), str(placed.worst))
    console.print(table)


def _targets(race: Race, box: Box) -> Table:
    table = _table(box, "target", "asked", *(contest.video for contest in race.contests))
    for target in TARGETS:
        if any(target.rival in contest.took for contest in race.contests):
            table.add_row(target.what, target.asked, *(target.told(contest) for contest in race.contests))
    return table


def _table(box: Box, first: str, *others: str) -> Table:
    table = Table(box=box, pad_edge=False)
    table.add_column(first)
    for heading in others:
        table.add_column(heading, justify="right")
    return table


def _race_row(contest: Contest, name: str) -> list[str]:
    took = contest.took[name]
    seconds = [f"{median(getattr(each, figure) for each in took):.2f}" for figure in ("wall", "cpu")]
    ratios = [f"{contest.ratio(name, figure):.2f}" for figure in ("wall", "cpu")]
    memory = f"{max(each.memory for each in took):.0f}" if name not in (DECODE, ENCODE, LIMIT) else ""
    score = contest.quality.get(name)
    if score is None:
        return [name, *seconds, *ratios, memory, "", "", ""]
    vmaf = "not in this ffmpeg" if score.vmaf is None else f"{score.vmaf:.2f}"
    return [name, *seconds, *ratios, memory, vmaf, f"{score.psnr:.1f}", f"{score.size_mb:.1f}"]
