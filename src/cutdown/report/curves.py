"""How busy the machine was while the phases ran, one after another."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

from cutdown.report.phrases import PHASE_NAMES, joined, number, text

WIDTH: Final = 1000  # units; stretched to the page
_HEIGHT: Final = 100


class _Stretch(NamedTuple):
    """One phase's place on the axis, in seconds, and its levels in even steps."""

    name: str
    begin: float
    length: float
    step: float
    cpu: Sequence[float]
    memory: Sequence[float]


def machine_curves(records: Sequence[Mapping[str, Any]]) -> str:
    """Processor and memory over time; empty where no phase left a trace."""
    stretches: list[_Stretch] = []
    at = 0.0
    for record in records:
        length, trace = float(record.get("elapsed_seconds") or 0), record.get("trace") or {}
        name = PHASE_NAMES.get(str(record.get("phase")), str(record.get("phase")))
        cpu, memory = trace.get("cpu_percent") or (), trace.get("memory_mb") or ()
        stretches.append(_Stretch(name, at, length, float(trace.get("step_seconds") or 1), cpu, memory))
        at += length
    if not any(stretch.cpu for stretch in stretches) or not at:
        return ""
    processor = [level for stretch in stretches for level in stretch.cpu]
    memory = [level for stretch in stretches for level in stretch.memory]
    return joined(
        [
            '<div class="curves">',
            _curve(
                "Processor", "100\u202f% is one core fully busy", max(processor), "%", stretches, at, "cpu"
            ),
            _curve("Memory", "of the whole process tree", max(memory), "MB", stretches, at, "memory"),
            "</div>",
        ]
    )


def _curve(
    label: str, what: str, most: float, unit: str, stretches: Sequence[_Stretch], total: float, kind: str
) -> str:
    top = _round_up(most)
    shapes, names = [], []
    for place, stretch in enumerate(stretches):
        left, width = WIDTH * stretch.begin / total, WIDTH * stretch.length / total
        if place % 2:
            shapes.append(f'<rect class="band" x="{left:.1f}" width="{width:.1f}" height="{_HEIGHT}"/>')
        levels = stretch.cpu if kind == "cpu" else stretch.memory
        if levels:
            shapes.append(f'<path d="{_area(levels, left, width, stretch, top)}"/>')
        names.append(
            f'<span style="left:{left / 10:.2f}%;width:{width / 10:.2f}%"><i>{text(stretch.name)}</i></span>'
        )
    return (
        f'<figure class="curve {kind}"><figcaption>{label} <small>{what}; at most {number(round(most), unit)}'
        f"</small></figcaption>"
        f'<div class="plot"><svg viewBox="0 0 {WIDTH} {_HEIGHT}" preserveAspectRatio="none" role="img" '
        f'aria-label="{label} over {total:.0f} seconds: at most {number(round(most), unit)}. The table above has each phase’s figures.">'
        f'{"".join(shapes)}</svg><span class="top" aria-hidden="true">{number(top, unit)}</span></div>'
        f'<div class="names" aria-hidden="true">{"".join(names)}</div></figure>'
    )


def _area(levels: Sequence[float], left: float, width: float, stretch: _Stretch, top: float) -> str:
    """A stepped area from the phase's begin to its end."""
    points, right = [f"M{left:.1f} {_HEIGHT}"], left
    for at, level in enumerate(levels):
        share = min(1.0, (at + 1) * stretch.step / stretch.length) if stretch.length else 1.0
        right = left + width * (1.0 if at == len(levels) - 1 else share)
        points.append(f"V{_HEIGHT * (1 - min(1.0, level / top)):.1f}H{right:.1f}")
    return "".join([*points, f"V{_HEIGHT}Z"])


def _round_up(value: float) -> float:
    """The next of 1, 2, 5, 10, 20... at or above a value."""
    size = 1.0
    while True:
        for step in (1, 2, 5):
            if step * size >= value:
                return step * size
        size *= 10
