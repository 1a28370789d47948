"""Figures as rows: flat ones for frames and files, short ones for tables that people read."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

from pydantic import BaseModel

Row = dict[str, Any]
"""Names and plain values: text, numbers, truth values, None."""

_SHORT_ID: Final = 12  # characters of a hash by which people tell recordings apart
_UNPRICED: Final = "unpriced"
_UNKNOWN: Final = ""


class _Column(NamedTuple):
    """A heading, the field it shows, and to how many decimals."""

    heading: str
    field: str
    decimals: int = 1


_COST: Final = _Column("cost $", "money.estimated_cost", 4)
_P50: Final = _Column("p50 s", "work.p50", 2)
_P95: Final = _Column("p95 s", "work.p95", 2)
_COLUMNS: Final[Mapping[str, tuple[_Column, ...]]] = {
    "total": (
        _Column("videos", "total_videos"),
        _Column("runs", "total_runs"),
        _Column("processing time s", "total_processing_time"),
        _Column("average time per video s", "average_time_per_video"),
        _Column("p50 time per video s", "time_per_video.p50"),
        _Column("p95 time per video s", "time_per_video.p95"),
        _Column("videos per hour", "videos_per_hour", 2),
        _Column("wall time s", "wall_time"),
        _Column("videos per hour of wall time", "videos_per_wall_hour", 2),
        _Column("cost $", "total_estimated_cost", 4),
        _Column("average cost per video $", "average_cost_per_video", 4),
        _Column("known cost $", "money.known_cost", 4),
        _Column("records without a price", "money.unpriced"),
        _Column("cost at risk $", "money.cost_at_risk", 4),
        _Column("phases from the cache", "cached_phases"),
    ),
    "video": (
        _Column("video", "name"),
        _Column("runs", "runs"),
        _Column("length s", "video_seconds"),
        _Column("result s", "output_seconds"),
        _Column("time s", "seconds"),
        _Column("cached phases", "cached_phases"),
        _COST,
    ),
    "phase": (
        _Column("phase", "phase"),
        _Column("records", "records"),
        _Column("cached", "cached"),
        _Column("time s", "seconds"),
        _Column("share %", "share", 3),
        _P50,
        _P95,
        _Column("CPU s", "cpu_seconds"),
        _Column("peak MB", "peak_memory_mb", 0),
        _COST,
    ),
    "provider": (
        _Column("phase", "phase"),
        _Column("provider", "provider"),
        _Column("records", "records"),
        _Column("cached", "cached"),
        _Column("stood in", "stood_in"),
        _Column("requests", "requests"),
        _Column("rate limited", "rate_limited"),
        _Column("waited s", "waited_seconds"),
        _Column("time s", "seconds"),
        _COST,
    ),
    "model": (
        _Column("phase", "phase"),
        _Column("provider", "provider"),
        _Column("model", "model"),
        _Column("records", "records"),
        _Column("requests", "requests"),
        _Column("tokens in", "prompt_tokens"),
        _Column("tokens out", "completion_tokens"),
        _Column("time s", "seconds"),
        _P50,
        _P95,
        _COST,
    ),
    "record": (
        _Column("phase", "phase"),
        _Column("made", "timestamp"),
        _Column("video", "video_id"),
        _Column("run", "run_id"),
        _Column("time s", "elapsed_seconds"),
        _Column("cached", "cached"),
        _Column("cost $", "estimated_cost", 4),
    ),
}


def plain(part: BaseModel, *, without: set[str]) -> Row:
    """A flat row: fields of fields under names with a dot, lists as JSON."""
    return dict(_flat(part.model_dump(mode="json", exclude=without)))


def _flat(fields: Mapping[str, Any], before: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in fields.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{before}{name}.")
        elif isinstance(value, list):
            yield before + name, json.dumps(value, ensure_ascii=False)
        else:
            yield before + name, value


def told(by: str, rows: Sequence[Row]) -> list[Row]:
    """A few columns with short values; one row a figure where there is only one of each.

    An unknown cost reads ``unpriced``; another value that is not there, nothing.
    """
    short = [{column.heading: _value(row, column) for column in _COLUMNS[by]} for row in rows]
    if by == "total":
        return [{"figure": figure, "value": value} for row in short for figure, value in row.items()]
    return short


def _value(row: Row, column: _Column) -> Any:
    value = row.get(column.field)
    if column.field == "name":
        return value or row["video_id"][:_SHORT_ID]
    if column.field in ("video_id", "run_id"):
        return str(value)[:_SHORT_ID]
    if value is None:
        return _UNPRICED if column.heading.endswith("$") else _UNKNOWN
    if column.field == "share":
        return round(100 * value, 1)
    return round(value, column.decimals) if isinstance(value, float) else value


def markdown_table(rows: Sequence[Row]) -> str:
    """Rows as a Markdown table; a line that says so where there are none."""
    if not rows:
        return "Nothing."
    head = list(rows[0])
    lines = [head, ["---"] * len(head), *([str(row[name]) for name in head] for row in rows)]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)
