"""Black and frozen stretches of the output that the plan does not explain.

Packet sizes tell where to look: a picture that stands still costs next to nothing to code. Only
there, and at keyframes, is anything decoded.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from cutdown.certificate import Check, Measured
from cutdown.progress import Progress, part, unheard
from cutdown.recording import Recording
from cutdown.timeline import Timeline
from cutdown.verify.look import Grey, Looker, grid_of, inner_share, source_looker
from cutdown.verify.packets import PictureTrack
from cutdown.verify.placement import planned_moment

FROZEN_SECONDS: Final = 2.0  # shorter stands go unnoticed, or are holds that the fitting chose
MOST_KEYFRAMES: Final = 240
MOST_LOOKS: Final = 24  # of each kind that need a seek; hours of output cost no more

_QUIET_BYTES: Final = 30  # a frame; what H.264 spends on headers alone
_QUIET_BITS: Final = 0.25  # a macroblock and frame besides; a whole 1080p picture is skipped in 0.03
_BUSY: Final = 8  # times as many bytes as quiet: then the source moves
_DARK: Final = 24.0  # mean grey level of 255 (limited-range black is 0 after conversion)
_EVEN: Final = 6.0  # deviation of grey levels; a dark theme with text has more
_CHANGED: Final = 24.0  # grey levels; coding noise stays under it
_CHANGED_SHARE: Final = 0.002  # of all pixels: a line of text, not a cursor


class Stretch(NamedTuple):
    """Output frames ``[first, end)``."""

    first: int
    end: int

    def describe(self, rate: Fraction) -> str:
        """Where it lies, for a person."""
        return f"{float(self.first / rate):.1f} to {float(self.end / rate):.1f} s"


def check_blanks(
    output: Path,
    source: Path,
    recording: Recording,
    timeline: Timeline,
    packets: PictureTrack | None,
    source_packets: PictureTrack | None,
    progress: Progress = unheard,
) -> tuple[Check, Check]:
    """The checks ``black`` and ``frozen``.

    Args:
        output: the video.
        source: the recording.
        recording: what it is.
        timeline: what was planned.
        packets: the output's picture track; None where it has none.
        source_packets: the source's; None where it has no picture.
        progress: told the share done.

    Raises:
        MediaError: a file cannot be decoded.
    """
    picture = recording.picture
    if picture is None or source_packets is None or packets is None:
        reason = "there is no picture to compare"
        return _unmeasured("black", reason), _unmeasured("frozen", reason)
    inside = inner_share(picture, packets.width, packets.height)
    with (
        source_looker(source, picture) as theirs,
        Looker(output, stream_index=0, grid=grid_of(picture), inside=inside) as ours,
    ):
        return (
            _black(ours, theirs, timeline, packets, part(progress, 0, 0.6)),
            _frozen(ours, theirs, timeline, packets, source_packets, part(progress, 0.6, 1)),
        )


def _unmeasured(name: str, reason: str) -> Check:
    return Check(
        name=name, passed=True, measured=False, limit="none unplanned", note=f"not measurable: {reason}"
    )


def is_black(look: Grey) -> bool:
    """Whether a picture is dark all over."""
    return bool(look.mean() < _DARK and look.std() < _EVEN)


def _black(
    ours: Looker, theirs: Looker, timeline: Timeline, packets: PictureTrack, progress: Progress
) -> Check:
    """Look at keyframes and into the middle of what costs nothing to code."""
    looks = list(ours.keyframes(_some(packets.times[packets.keys], MOST_KEYFRAMES)))
    quiet = sorted(_quiet_runs(packets, timeline, 0.5), key=lambda run: run.first - run.end)[:MOST_LOOKS]
    for done, run in enumerate(quiet, 1):
        middle = Fraction((run.first + run.end) // 2) / timeline.rate
        if (look := ours.at(middle)) is not None:
            looks.append((float(middle), look))
        progress(done / len(quiet))
    dark = sorted(moment for moment, look in looks if is_black(look))
    unplanned = []
    for moment in dark[:MOST_LOOKS]:
        frame = min(timeline.frames - 1, round(moment * timeline.rate))
        planned = theirs.at(planned_moment(timeline, frame))
        if planned is not None and not is_black(planned):
            unplanned.append(moment)
    return Check(
        name="black",
        passed=not unplanned,
        values=(
            Measured(name="looks", value=len(looks), unit="pictures"),
            Measured(name="black as in the recording", value=len(dark) - len(unplanned), unit="pictures"),
            Measured(name="black by mistake", value=len(unplanned), unit="pictures"),
        ),
        limit="none where the recording shows something",
        note=f"black at {unplanned[0]:.1f} s, where the recording is not"
        if unplanned
        else f"none in {len(looks)} pictures looked at",
    )


def _frozen(
    ours: Looker,
    theirs: Looker,
    timeline: Timeline,
    packets: PictureTrack,
    source_packets: PictureTrack,
    progress: Progress,
) -> Check:
    """Where the output costs nothing to code while the source moves, compare both at the ends."""
    suspects = [
        run
        for run in _unheld(_quiet_runs(packets, timeline, FROZEN_SECONDS), timeline)
        if _source_moves(run, timeline, source_packets)
    ]
    chosen = sorted(suspects, key=lambda run: run.first - run.end)[:MOST_LOOKS]
    frozen = []
    for done, run in enumerate(chosen, 1):
        if _stands(ours, theirs, timeline, run):
            frozen.append(run)
        progress(done / len(chosen))
    longest = max(((run.end - run.first) / timeline.rate for run in frozen), default=Fraction(0))
    return Check(
        name="frozen",
        passed=not frozen,
        values=(
            Measured(name="stretches looked at", value=len(chosen), unit="stretches"),
            Measured(name="frozen by mistake", value=len(frozen), unit="stretches"),
            Measured(name="longest", value=round(float(longest), 3), unit="s"),
        ),
        limit=f"none of {FROZEN_SECONDS:g} s where the recording moves",
        note=f"stands still from {min(frozen).describe(timeline.rate)} while the recording moves"
        if frozen
        else "the picture moves wherever the recording does",
    )


def _some(moments: NDArray[np.float64], most: int) -> list[float]:
    step = max(1, -(-len(moments) // most))
    return [float(moment) for moment in moments[::step]]


def _quiet_runs(packets: PictureTrack, timeline: Timeline, least: float) -> list[Stretch]:
    """Runs of half seconds, ``least`` seconds and longer, that cost next to nothing to code."""
    step = max(1, round(timeline.rate / 2))
    sizes = np.where(packets.keys, 0, packets.sizes)
    limit = _quiet_bytes(packets) * step
    quiet = [int(sizes[at : at + step].sum()) <= limit for at in range(0, len(sizes), step)]
    runs: list[Stretch] = []
    for block, calm in enumerate(quiet):
        first, end = block * step, min((block + 1) * step, len(sizes))
        if calm and runs and runs[-1].end == first:
            runs[-1] = Stretch(runs[-1].first, end)
        elif calm:
            runs.append(Stretch(first, end))
    return [run for run in runs if (run.end - run.first) / timeline.rate >= least]


def _unheld(runs: Sequence[Stretch], timeline: Timeline) -> list[Stretch]:
    """The runs cut at the borders of segments, without the frames that are held on purpose."""
    pieces = []
    for run in runs:
        for segment in timeline.segments:
            first = max(run.first, segment.first_frame)
            end = min(run.end, segment.end_frame - segment.hold)
            if (end - first) / timeline.rate >= FROZEN_SECONDS:
                pieces.append(Stretch(first, end))
    return pieces


def _source_moves(run: Stretch, timeline: Timeline, source: PictureTrack) -> bool:
    """Whether the source's packets say that something happens in the planned stretch."""
    start, end = (float(planned_moment(timeline, frame)) for frame in (run.first, run.end - 1))
    frames = int(((source.times >= start) & (source.times < end)).sum())
    return source.bytes_between(start, end) > _BUSY * _quiet_bytes(source) * max(1, frames)


def _quiet_bytes(track: PictureTrack) -> float:
    """The most that a frame costs in which nothing changes."""
    return _QUIET_BYTES + _QUIET_BITS / 8 * track.macroblocks


def _stands(ours: Looker, theirs: Looker, timeline: Timeline, run: Stretch) -> bool:
    """Whether the output shows the same at three places where the source shows other things."""
    frames = (run.first, (run.first + run.end) // 2, run.end - 1)
    shown = [ours.at(frame / timeline.rate) for frame in frames]
    planned = [theirs.at(planned_moment(timeline, frame)) for frame in frames]
    return _differ(planned) > _CHANGED_SHARE and _differ(shown) < _CHANGED_SHARE / 4


def _differ(looks: Sequence[Grey | None]) -> float:
    """The largest share of pixels that change from the first look to a later one."""
    there = [look for look in looks if look is not None]
    if len(there) < 2:
        return 0.0
    return max(float((np.abs(look - there[0]) > _CHANGED).mean()) for look in there[1:])
