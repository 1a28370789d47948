"""What the measured placements say: picture in place, sound in place, both together."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fractions import Fraction
from typing import Final

from cutdown.certificate import Check, Measured
from cutdown.verify.placement import Placement

DROPPED_LIMIT: Final = 0.1  # seconds; a vowel


def check_sync(placements: Sequence[Placement], rate: Fraction, segments: int) -> tuple[Check, Check, Check]:
    """Judge the placements: the checks ``picture``, ``sound`` and ``sync``.

    Each allows one frame of the output. A picture or a sound that cannot be found near its
    place at all fails its check.

    Args:
        placements: of the sampled segments.
        rate: output frames a second.
        segments: how many the timeline has.
    """
    frame = 1000 / float(rate)
    return (
        _picture(placements, segments),
        _sound(placements, frame),
        _sync(placements, frame),
    )


def _picture(placements: Sequence[Placement], segments: int) -> Check:
    lags = [
        max((lag for lag in (_content_lag(place), _cut_lag(place)) if lag is not None), key=abs, default=None)
        for place in placements
    ]
    measured = [abs(lag) for lag in lags if lag is not None]
    lost = _names(place for place in placements if place.picture and not place.picture.found)
    worst = max(measured, default=None)
    passed = not lost and (worst is None or worst <= 1)
    if lost:
        note = f"the planned picture is not shown in {lost}"
    elif worst is None:
        note = "nowhere does enough move to tell"
    else:
        where = _names(
            place for place, lag in zip(placements, lags, strict=True) if lag is not None and abs(lag) > 1
        )
        note = f"at most {worst:g} frames off in {len(measured)} of {len(placements)} sampled segments" + (
            f"; too far in {where}" if where else ""
        )
    return Check(
        name="picture",
        passed=passed,
        measured=bool(measured) or bool(lost),
        values=(
            Measured(name="largest", value=worst, unit="frames"),
            *_counts(placements, segments, len(measured), len(_lost_pictures(placements))),
        ),
        limit="1 frame",
        note=note,
    )


def _content_lag(place: Placement) -> float | None:
    return place.picture.least if place.picture and place.picture.found else None


def _cut_lag(place: Placement) -> float | None:
    return None if place.cut is None else float(place.cut)


def _lost_pictures(placements: Sequence[Placement]) -> list[Placement]:
    return [place for place in placements if place.picture and not place.picture.found]


def _sound(placements: Sequence[Placement], frame: float) -> Check:
    found = [place for place in placements if place.sound and place.sound.found]
    lost = [place for place in placements if place.sound and not place.sound.found]
    lags = [1000 * abs(place.sound.seconds) for place in found if place.sound]
    worst = max(lags, default=None)
    holed = [place for place in found if place.sound and place.sound.dropped > DROPPED_LIMIT]
    dropped = sum(place.sound.dropped for place in found if place.sound)
    passed = not lost and not holed and (worst is None or worst <= frame)
    if lost:
        note = f"the planned sound is not heard in {_names(lost)}"
    elif holed:
        note = f"parts of the sound are missing in {_names(holed)}, {dropped:.2f} s in all"
    elif worst is None:
        note = "no sampled segment has sound that can be matched"
    else:
        note = f"at most {worst:.1f} ms off in {len(lags)} of {len(placements)} sampled segments"
    return Check(
        name="sound",
        passed=passed,
        measured=bool(found or lost),
        values=(
            Measured(name="largest", value=_rounded(worst), unit="ms"),
            Measured(name="p95", value=_rounded(_p95(lags)), unit="ms"),
            Measured(name="dropped", value=round(dropped, 3), unit="s"),
            Measured(name="measured", value=len(lags), unit="segments"),
            Measured(name="not found", value=len(lost), unit="segments"),
            Measured(name="not measurable", value=len(placements) - len(lags) - len(lost), unit="segments"),
        ),
        limit=f"{frame:.1f} ms (1 frame), at most {DROPPED_LIMIT:g} s dropped in a segment",
        note=note,
    )


def _sync(placements: Sequence[Placement], frame: float) -> Check:
    offsets = [1000 * place.offset for place in placements if place.offset is not None]
    sizes = [abs(offset) for offset in offsets]
    worst = max(sizes, default=None)
    note = (
        "no sampled segment has both a picture that moves and a sound that can be matched"
        if worst is None
        else f"sound and picture at most {worst:.1f} ms apart in {len(sizes)} of {len(placements)} sampled segments"
    )
    return Check(
        name="sync",
        passed=worst is None or worst <= frame,
        measured=bool(sizes),
        values=(
            Measured(name="largest", value=_rounded(worst), unit="ms"),
            Measured(name="p95", value=_rounded(_p95(sizes)), unit="ms"),
            Measured(
                name="mean", value=_rounded(sum(offsets) / len(offsets) if offsets else None), unit="ms"
            ),
            Measured(name="measured", value=len(sizes), unit="segments"),
            Measured(name="not measurable", value=len(placements) - len(sizes), unit="segments"),
        ),
        limit=f"{frame:.1f} ms (1 frame)",
        note=note,
    )


def _counts(placements: Sequence[Placement], segments: int, measured: int, lost: int) -> tuple[Measured, ...]:
    return (
        Measured(name="segments", value=segments, unit="segments"),
        Measured(name="sampled", value=len(placements), unit="segments"),
        Measured(name="measured", value=measured, unit="segments"),
        Measured(name="not found", value=lost, unit="segments"),
        Measured(name="not measurable", value=len(placements) - measured - lost, unit="segments"),
    )


def _p95(values: Sequence[float]) -> float | None:
    return sorted(values)[max(0, -(-95 * len(values) // 100) - 1)] if values else None


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 2)


def _names(placements: Iterable[Placement]) -> str:
    """The actions concerned, a few by name."""
    names = [f"'{place.segment.action}'" for place in placements]
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
