"""How the report writes things down: escaped, rounded, in plain words."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from fractions import Fraction
from html import escape
from typing import Any, Final
from urllib.parse import quote

from cutdown.plan import ActionType, Activity

ACTION_NAMES: Final[Mapping[ActionType, str]] = {
    "keep": "kept",
    "cut": "cut",
    "speedup": "sped up",
    "rewrite": "spoken anew",
}
ACTIVITY_NAMES: Final[Mapping[Activity, str]] = {
    "speech": "speech",
    "thinking": "a pause to think",
    "typing": "typing",
    "waiting": "waiting for the machine",
    "demonstration": "shown without words",
    "dead": "nothing happens",
}
LEVER_NAMES: Final = {
    "text": "shorter text",
    "slack": "silence beside it",
    "hold": "picture held",
    "slow": "picture slowed",
    "voice": "voice sped up",
    "trim": "picture trimmed",
    "sync": "line placed by its picture",
    "flag": "needs a look",
}
PHASE_NAMES: Final = {
    "phase1_ingest": "Ingest",
    "phase2_director": "Director",
    "phase3_voice": "Voice",
    "phase4_assembly": "Assembly and checks",
}


def text(value: object) -> str:
    """Any value as text that cannot break out of where it stands."""
    return escape(str(value), quote=True)


def link(path: str) -> str:
    """A relative path as a link, whatever characters its name has; never a link of another scheme."""
    return escape(quote(os.fsencode(path if path.startswith(("../", "./")) else f"./{path}")), quote=True)


def clock(seconds: Fraction | float) -> str:
    """A moment or length as people write it: ``1:02:03`` or ``2:03.4``."""
    tenths = round(float(seconds) * 10)
    hours, rest = divmod(tenths, 36_000)
    minutes, rest = divmod(rest, 600)
    if hours:
        return f"{hours}:{minutes:02d}:{rest // 10:02d}"
    return f"{minutes}:{rest // 10:02d}.{rest % 10}"


def whole_clock(seconds: Fraction | float) -> str:
    """The same without tenths."""
    total = round(float(seconds))
    hours, rest = divmod(total, 3600)
    return f"{hours}:{rest // 60:02d}:{rest % 60:02d}" if hours else f"{rest // 60}:{rest % 60:02d}"


def number(value: float | str | None, unit: str = "") -> str:
    """A measured value with its unit; a dash where there is none."""
    if value is None:
        return "–"
    written = text(value) if isinstance(value, str) else f"{value:,.6g}".replace(",", "\u202f")
    return f"{written}\u00a0{text(unit)}" if unit else written


def dollars(cost: float | None) -> str:
    """Money to the cent, small sums to its hundredth; or that its price is not known."""
    if cost is None:
        return "unpriced"
    return f"${cost:.4f}" if 0 < cost < 0.1 else f"${cost:.2f}"


def seconds_of(record: Mapping[str, Any]) -> float:
    """Seconds that a record's phase took."""
    return float(record.get("elapsed_seconds") or record.get("total_time") or 0)


def cost_of(record: Mapping[str, Any]) -> float | None:
    """US dollars: 0 where the phase has no price at all, None where it has one that is not known."""
    if "estimated_cost" in record:
        cost = record["estimated_cost"]
        return None if cost is None else float(cost)
    return None if record.get("transcription_method") == "api" else 0.0


def percent(share: float) -> str:
    """A share of the whole, without decimals."""
    return f"{100 * share:.0f}\u202f%"


def joined(parts: Iterable[str]) -> str:
    """Pieces of HTML, a line each."""
    return "\n".join(parts)


def moment(path: str, player: str, start: Fraction, end: Fraction) -> str:
    """A time that plays when it is followed; without scripts it opens the file there."""
    return (
        f'<a class="time" href="{link(path)}#t={float(start):.2f}" data-player="{player}" '
        f'data-at="{float(start):.3f}">{clock(start)}–{clock(end)}</a> <small>{float(end - start):.1f}\u00a0s</small>'
    )
