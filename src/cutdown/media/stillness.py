"""Where the screen stands still, and how much of it changes elsewhere.

A look is a small grey copy of the picture. Between two looks the share of pixels is counted that
differ visibly; what only flickers in place (a text cursor, a clock, a spinner) is left out, so
that typing, whose change grows, is seen and a blinking cursor is not.

Decoding is what costs. Every frame is looked at where the screen is all there is to judge by, or
where that is cheap; otherwise only the stretches that matter to a cut (the silent ones) are
decoded, up to a fixed number of pixels for each second of recording. The rest is judged by the
size of its packets, against those of the stretches that were seen. Nothing depends on a clock.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any, Final

import av
import numpy as np
from numpy.typing import NDArray

from cutdown.errors import MediaError
from cutdown.media.changes import Change, Mask, ShapeReader, kind_of_rest, kinds_of
from cutdown.media.frames import decoded, decoded_from
from cutdown.media.packets import (
    CALM_FRAMES,
    LOOKS_PER_SECOND,
    PIXELS_A_SECOND,
    Stretch,
    affordable,
    judge_by_packets,
    read_packets,
)
from cutdown.progress import Progress, unheard
from cutdown.recording import Picture
from cutdown.signals import ChangeKind, ScreenSpan

VISIBLE: Final = 12  # of 255; coding noise on a small grey copy stays under it
LOOK_WIDTH: Final = 320

_THREADS: Final = 2  # frames come out the same, in half the time
_PAUSE_OF_TYPIST: Final = 0.7  # seconds; changes nearer than that are one activity
_SHORTEST_KIND: Final = 0.8  # seconds; shorter parts of an activity are not told apart
_FLICKER_WINDOW: Final = 10.0  # seconds over which a pixel shows that it only flickers
_FLICKERS: Final = 4  # changes of one pixel within the window; typing changes one twice or thrice
_FLICKER_LASTS: Final = 2.0  # seconds from a pixel's first change to its last
_MOST_FLICKER: Final = 0.005  # of all pixels; more than that is a moving picture
_PAGE: Final = 0.01  # share of pixels; a page that scrolls under text is no flicker of the text
_FLICKER_EDGE: Final = 2  # pixels around it that belong to it


Grey = NDArray[np.uint8]


def watch(
    path: Path,
    picture: Picture,
    duration: float,
    silences: Sequence[Stretch] | None,
    progress: Progress = unheard,
) -> tuple[ScreenSpan, ...]:
    """Judge the screen over the whole recording.

    Args:
        path: the file.
        picture: its video track.
        duration: of the recording, in seconds.
        silences: where stillness matters, in seconds; None where the screen alone decides.
        progress: told the share done.

    Returns:
        Gapless spans over ``[0, duration]``.

    Raises:
        MediaError: when the picture cannot be read at all.
    """
    pixels = picture.width * picture.height
    try:
        if silences is None or pixels * float(picture.rate) <= PIXELS_A_SECOND:
            changes = list(_decoded(path, picture, [(0.0, duration)], progress))
            return spans_of(changes, duration)
        packets = read_packets(path, picture)
        chosen = affordable(packets, silences, pixels, duration)
        seen = list(_decoded(path, picture, chosen, progress))
    except (av.FFmpegError, OSError) as error:
        raise MediaError(f"'{path.name}': the picture cannot be read: {error}") from error
    guessed = judge_by_packets(packets, seen, duration)
    return spans_of(sorted([*seen, *guessed], key=lambda change: change.start), duration)


def spans_of(changes: Sequence[Change], duration: float) -> tuple[ScreenSpan, ...]:
    """Gapless still and active spans from changes in order, parted where the kind of change does.

    What no change covers is still.
    """
    spans: list[ScreenSpan] = []
    at = 0
    whole = round(duration * 1_000_000)
    for start, end, share, kind in _activities(changes):
        first, last = min(round(start * 1000) * 1000, whole), min(round(end * 1000) * 1000, whole)
        if first > at:
            spans.append(_rest(at, first, changes))
        if last > max(at, first):
            spans.append(_span(max(at, first), last, still=False, changed=share, change=kind))
            at = last
    if whole > at:
        spans.append(_rest(at, whole, changes))
    return tuple(spans)


def _activities(changes: Sequence[Change]) -> Iterator[tuple[float, float, float, ChangeKind]]:
    """Start, end, largest share and kind of each run of changes near each other."""
    kinds = kinds_of(changes)
    moving = [(change, kind) for change, kind in zip(changes, kinds, strict=True) if kind != "none"]
    run: list[tuple[Change, ChangeKind]] = []
    for change, kind in moving:
        if run and change.start - run[-1][0].end >= _PAUSE_OF_TYPIST:
            yield from _parted(run)
            run = []
        run.append((change, kind))
    if run:
        yield from _parted(run)


def _parted(run: Sequence[tuple[Change, ChangeKind]]) -> Iterator[tuple[float, float, float, ChangeKind]]:
    """One activity, parted by kind; a part too short to tell goes to the one before it."""
    parts: list[list[tuple[Change, ChangeKind]]] = []
    for change, kind in run:
        if parts and (parts[-1][0][1] == kind or change.end - parts[-1][0][0].start < _SHORTEST_KIND):
            parts[-1].append((change, kind))
        else:
            parts.append([(change, kind)])
    if len(parts) > 1 and parts[-1][-1][0].end - parts[-1][0][0].start < _SHORTEST_KIND:
        parts[-2:] = [[*parts[-2], *parts[-1]]]
    for index, part in enumerate(parts):
        end = parts[index + 1][0][0].start if index + 1 < len(parts) else part[-1][0].end
        counts = Counter(kind for _, kind in part)
        kind = max(counts, key=lambda kind: (counts[kind], kind == part[0][1]))
        yield part[0][0].start, end, max(change.share for change, _ in part), kind


def _rest(start: int, end: int, changes: Sequence[Change]) -> ScreenSpan:
    """A still span, with what flickers in it."""
    first = bisect_left(changes, start / 1_000_000, key=lambda change: change.end)
    last = bisect_right(changes, end / 1_000_000, key=lambda change: change.start)
    return _span(start, end, still=True, changed=0.0, change=kind_of_rest(changes[first:last]))


def _span(start: int, end: int, *, still: bool, changed: float, change: ChangeKind) -> ScreenSpan:
    return ScreenSpan.model_validate(
        {
            "start": f"{start / 1_000_000:.6f}",
            "end": f"{end / 1_000_000:.6f}",
            "still": still,
            "changed": round(changed, 6),
            "change": change,
        }
    )


def _decoded(
    path: Path, picture: Picture, stretches: Sequence[Stretch], progress: Progress
) -> Iterator[Change]:
    """Changes within the stretches, by looks."""
    if not stretches:
        return
    whole = stretches[-1][1] or 1.0
    for stretch in stretches:
        flicker = _FlickerFilter()
        for change in flicker.filter(_differences(_looks(path, picture, stretch))):
            progress(min(1.0, change.end / whole))
            yield change


def _looks(path: Path, picture: Picture, stretch: Stretch) -> Iterator[tuple[float, Grey]]:
    """Small grey copies, at most `LOOKS_PER_SECOND`, from just before the stretch to its end."""
    step = 1 / LOOKS_PER_SECOND
    height = max(2, round(LOOK_WIDTH * picture.height / picture.width / 2) * 2)
    with av.open(str(path)) as container:
        stream: Any = container.streams[picture.stream_index]
        stream.thread_type = "AUTO"
        stream.codec_context.thread_count = _THREADS
        stream.codec_context.options = {"skip_loop_filter": "all"}
        if float(picture.rate) > CALM_FRAMES:
            stream.codec_context.skip_frame = "NONREF"
        origin = Fraction(container.start_time or 0, 1_000_000)
        due = stretch[0] - step
        last: tuple[float, Any] | None = None
        begin = Fraction(stretch[0])
        for frame in decoded_from(container, stream, begin, origin) if begin else decoded(container, stream):
            moment = float(frame.pts * stream.time_base - origin)
            if moment < due:
                last = (moment, frame)
                continue
            if last is not None and due < stretch[0]:
                yield stretch[0] - step, _small(last[1], height)  # what was shown as it began
            last = None
            yield moment, _small(frame, height)
            if moment >= stretch[1]:
                return
            due = moment + step - 1e-3


def _small(frame: Any, height: int) -> Grey:
    grey: Grey = frame.reformat(
        width=LOOK_WIDTH, height=height, format="gray", interpolation="AREA"
    ).to_ndarray()
    return grey


def _differences(looks: Iterable[tuple[float, Grey]]) -> Iterator[tuple[Stretch, Mask]]:
    """The pixels that visibly differ from one look to the next.

    A change is dated to the step before the later look: without frames nothing moves.
    """
    step = 1 / LOOKS_PER_SECOND
    earlier: tuple[float, Grey] | None = None
    for moment, look in looks:
        if earlier is not None:
            start = earlier[0]
            if moment - start > 2 * step:
                yield (start, moment - step), np.zeros(look.shape, dtype=bool)
                start = moment - step
            differs = np.maximum(look, earlier[1]) - np.minimum(look, earlier[1]) > VISIBLE
            yield (max(0.0, start), max(0.0, moment)), differs
        earlier = (moment, look)


class _FlickerFilter:
    """Takes out what only flickers in place, window by window."""

    def __init__(self) -> None:
        self._known: Mask | None = None
        self._shapes = ShapeReader()

    def filter(self, differences: Iterable[tuple[Stretch, Mask]]) -> Iterator[Change]:
        """Changes that are left."""
        window: list[tuple[Stretch, Mask]] = []
        for item in differences:
            window.append(item)
            if item[0][1] - window[0][0][0] >= _FLICKER_WINDOW:
                yield from self._judge(window)
                window = []
        if window:
            yield from self._judge(window)

    def _judge(self, window: Sequence[tuple[Stretch, Mask]]) -> Iterator[Change]:
        masks = np.stack([mask for _, mask in window])
        ends = np.array([stretch[1] for stretch, _ in window])
        small = masks[masks.mean(axis=(1, 2)) < _PAGE]
        flicker = small.sum(axis=0) >= _FLICKERS
        if flicker.any():
            first = ends[masks.argmax(axis=0)]
            last = ends[len(window) - 1 - masks[::-1].argmax(axis=0)]
            flicker &= last - first > _FLICKER_LASTS
            if flicker.mean() > _MOST_FLICKER:
                flicker[:] = False
        known = flicker if self._known is None else flicker | self._known
        self._known = flicker
        ignored = _grown(known, _FLICKER_EDGE) if known.any() else known
        for (start, end), mask in window:
            counted = mask & ~ignored
            shape = self._shapes.read(counted)
            yield Change(start, end, float(counted.mean()), shape, blinks=bool((mask & ignored).any()))


def _grown(mask: Mask, edge: int) -> Mask:
    """The mask with all pixels up to ``edge`` away in each direction."""
    height, width = mask.shape
    padded = np.pad(mask, edge)
    grown = np.zeros_like(mask)
    for down in range(2 * edge + 1):
        for right in range(2 * edge + 1):
            grown |= padded[down : down + height, right : right + width]
    return grown
