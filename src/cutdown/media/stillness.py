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

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import av
import numpy as np
from numpy.typing import NDArray

from cutdown.errors import MediaError
from cutdown.progress import Progress, unheard
from cutdown.recording import Picture
from cutdown.signals import ScreenSpan

LOOKS_PER_SECOND: Final = 5
VISIBLE: Final = 12  # of 255; coding noise on a small grey copy stays under it
LEAST_CHANGE: Final = 6e-5  # of all pixels: three of a small copy; a typed letter changes more
LOOK_WIDTH: Final = 320

_PAUSE_OF_TYPIST: Final = 0.7  # seconds; changes nearer than that are one activity
_FLICKER_WINDOW: Final = 10.0  # seconds over which a pixel shows that it only flickers
_FLICKERS: Final = 4  # changes of one pixel within the window; typing changes one twice or thrice
_FLICKER_LASTS: Final = 2.0  # seconds from a pixel's first change to its last
_MOST_FLICKER: Final = 0.005  # of all pixels; more than that is a moving picture
_FLICKER_EDGE: Final = 2  # pixels around it that belong to it

PIXELS_A_SECOND: Final = 4_000_000  # decoded for each second of recording: about 0.004 CPU seconds
_CALM_FRAMES: Final = 12.0  # a second; above that, frames that no other needs are not decoded
_LEAST_STRETCH: Final = 0.6  # seconds; a shorter silence is never dead time
_LEAST_EXAMPLES: Final = 20  # still looks needed before packet sizes are believed
_BELIEF: Final = 0.97  # share of looks with packets so small that were still

Grey = NDArray[np.uint8]
Mask = NDArray[np.bool_]
Stretch = tuple[float, float]


@dataclass(frozen=True)
class Change:
    """What changed from one look to the next: seconds, and the share of pixels."""

    start: float
    end: float
    share: float


@dataclass(frozen=True)
class _Packet:
    moment: float
    size: int
    key: bool
    skippable: bool


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
        packets = _packets(path, picture)
        chosen = _affordable(packets, silences, pixels, duration)
        seen = list(_decoded(path, picture, chosen, progress))
    except (av.FFmpegError, OSError) as error:
        raise MediaError(f"'{path.name}': the picture cannot be read: {error}") from error
    guessed = judge_by_packets([(p.moment, p.size) for p in packets if not p.key], seen, duration)
    return spans_of(sorted([*seen, *guessed], key=lambda change: change.start), duration)


def spans_of(changes: Iterable[Change], duration: float) -> tuple[ScreenSpan, ...]:
    """Gapless still and active spans from changes in order; what no change covers is still."""
    active: list[list[float]] = []
    for change in changes:
        if change.share < LEAST_CHANGE:
            continue
        if active and change.start - active[-1][1] < _PAUSE_OF_TYPIST:
            active[-1][1] = max(active[-1][1], change.end)
            active[-1][2] = max(active[-1][2], change.share)
        else:
            active.append([change.start, change.end, change.share])
    spans: list[ScreenSpan] = []
    at = 0
    whole = round(duration * 1_000_000)
    for start, end, share in active:
        first, last = min(round(start * 1000) * 1000, whole), min(round(end * 1000) * 1000, whole)
        if first > at:
            spans.append(_span(at, first, still=True, changed=0.0))
        if last > max(at, first):
            spans.append(_span(max(at, first), last, still=False, changed=share))
            at = last
    if whole > at:
        spans.append(_span(at, whole, still=True, changed=0.0))
    return tuple(spans)


def _span(start: int, end: int, *, still: bool, changed: float) -> ScreenSpan:
    return ScreenSpan.model_validate(
        {
            "start": f"{start / 1_000_000:.6f}",
            "end": f"{end / 1_000_000:.6f}",
            "still": still,
            "changed": round(changed, 6),
        }
    )


def judge_by_packets(
    packets: Sequence[tuple[float, int]], seen: Sequence[Change], duration: float
) -> list[Change]:
    """Judge what was not looked at by the size of its packets.

    The largest packet size is found under which nearly every look that was taken was still; where
    no such size exists, everything unseen counts as active, so that nothing that may move is cut.

    Args:
        packets: moment in seconds and bytes of every packet but the keyframes, in order.
        seen: changes from looks.
        duration: of the recording, in seconds.
    """
    moments = np.array([moment for moment, _ in packets])
    sizes = np.array([size for _, size in packets], dtype=np.int64)

    def largest(start: float, end: float) -> int:
        first, last = np.searchsorted(moments, [start + 1e-4, end + 1e-4])
        return int(sizes[first:last].max()) if last > first else 0

    examples = sorted((largest(c.start, c.end), c.share) for c in seen)
    limit = _still_size(examples)
    step = 1 / LOOKS_PER_SECOND
    covered = _covered(seen)
    changes = []
    for index in range(int(duration / step)):
        start, end = index * step, (index + 1) * step
        if any(first <= start and end <= last for first, last in covered(start)):
            continue
        size = largest(start, end)
        if size > limit:
            share = max((s for other, s in examples if other <= size), default=0.0)
            changes.append(Change(start, end, max(share, LEAST_CHANGE)))
    return changes


def _still_size(examples: Sequence[tuple[int, float]]) -> int:
    """The largest packet size that means stillness; 0 (no packet at all) where none does."""
    still, limit = 0, 0
    for count, (size, share) in enumerate(examples, start=1):
        still += share < LEAST_CHANGE
        if still >= _LEAST_EXAMPLES and still / count >= _BELIEF:
            limit = size
    return limit


def _covered(seen: Sequence[Change]) -> Callable[[float], list[Stretch]]:
    """A look-up: the stretch of looks around a moment, if any."""
    joined: list[list[float]] = []
    for change in seen:
        if joined and change.start <= joined[-1][1] + 1e-6:
            joined[-1][1] = change.end
        else:
            joined.append([change.start, change.end])
    starts = [start for start, _ in joined]

    def around(moment: float) -> list[Stretch]:
        index = int(np.searchsorted(starts, moment + 1e-9)) - 1
        return [(joined[index][0], joined[index][1])] if index >= 0 else []

    return around


def _packets(path: Path, picture: Picture) -> list[_Packet]:
    """Every packet of the picture in order of its moment; reading them costs next to nothing."""
    with av.open(str(path)) as container:
        stream = container.streams[picture.stream_index]
        origin = (container.start_time or 0) / 1_000_000
        packets = [
            _Packet(
                float(packet.pts * packet.time_base) - origin,
                packet.size,
                packet.is_keyframe,
                packet.is_disposable,
            )
            for packet in container.demux(stream)
            if packet.pts is not None and packet.time_base is not None and packet.size
        ]
    return sorted(packets, key=lambda packet: packet.moment)


def _affordable(
    packets: Sequence[_Packet], silences: Sequence[Stretch], pixels: int, duration: float
) -> list[Stretch]:
    """The silent stretches to decode, longest first until the pixels are spent, in order."""
    moments = np.array([packet.moment for packet in packets])
    keys = np.array([packet.moment for packet in packets if packet.key])
    budget = PIXELS_A_SECOND * duration
    chosen = []
    for start, end in sorted(silences, key=lambda s: (s[0] - s[1], s[0])):
        if end - start < _LEAST_STRETCH:
            break
        before = keys[keys <= start]
        first, last = np.searchsorted(moments, [before[-1] if before.size else 0.0, end])
        cost = float(pixels * (last - first))
        if cost <= budget:
            budget -= cost
            chosen.append((start, end))
    return sorted(chosen)


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
        stream.thread_type = "NONE"
        stream.codec_context.options = {"skip_loop_filter": "all"}
        if float(picture.rate) > _CALM_FRAMES:
            stream.codec_context.skip_frame = "NONREF"
        origin = (container.start_time or 0) / 1_000_000
        if stretch[0] > 0:
            container.seek(round((stretch[0] + origin) / stream.time_base), stream=stream)
        due = stretch[0] - step
        last: tuple[float, Any] | None = None
        for frame in _frames(container, stream):
            moment = float(frame.pts * stream.time_base) - origin
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


def _frames(container: Any, stream: Any) -> Iterator[Any]:
    """Frames with a timestamp; packets that are damaged are passed over."""
    for packet in container.demux(stream):
        try:
            frames = packet.decode()
        except av.InvalidDataError:
            continue
        yield from (frame for frame in frames if frame.pts is not None)


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
        flicker = masks.sum(axis=0) >= _FLICKERS
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
            share = float((mask & ~ignored).mean()) if mask.any() else 0.0
            yield Change(start, end, share)


def _grown(mask: Mask, edge: int) -> Mask:
    """The mask with all pixels up to ``edge`` away in each direction."""
    height, width = mask.shape
    padded = np.pad(mask, edge)
    grown = np.zeros_like(mask)
    for down in range(2 * edge + 1):
        for right in range(2 * edge + 1):
            grown |= padded[down : down + height, right : right + width]
    return grown
