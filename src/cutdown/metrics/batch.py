"""What a batch of videos took: the records of many runs, added up.

All runs of a video count, because all of them took time and money: a video that was run twice is one
video with two runs. A record that is found twice (a folder with copies of its own metrics file) counts
once. A cost that is not known makes every sum it is part of unknown; what is known stands beside it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

from pydantic import Field, SerializeAsAny

from cutdown.metrics.figures import (
    Money,
    PhaseFigures,
    ServiceFigures,
    Spread,
    VideoFigures,
    by_phase,
    by_service,
    by_video,
    rounded,
)
from cutdown.metrics.gathering import gather
from cutdown.metrics.records import PhaseRecord, cost_of
from cutdown.metrics.rows import Row, markdown_table, plain, told
from cutdown.store import write_whole
from cutdown.timebase import Frozen

if TYPE_CHECKING:
    import pandas as pd

Grouping = Literal["total", "video", "phase", "provider", "model", "record"]
"""What one row speaks of."""

_HOUR: Final = 3600.0
TITLES: Final[Mapping[Grouping, str]] = {
    "total": "In all",
    "video": "By video",
    "phase": "By phase",
    "provider": "By provider",
    "model": "By model",
}


class BatchMetrics(Frozen):
    """Figures over any set of records. Times are seconds, costs are US dollars.

    Example:
        >>> BatchMetrics.of([]).total_videos
        0
    """

    total_videos: int
    """Recordings, by content."""
    total_runs: int
    total_processing_time: float
    """Of all phases of all runs together, found ones included; runs at the same time add up."""
    average_time_per_video: float | None
    """None where there are no videos; so are the other averages."""
    time_per_video: Spread
    """Over videos, each with all its runs."""
    wall_time: float
    """During which at least one phase ran; below the processing time where several ran at once."""
    videos_per_hour: float | None
    """Of processing time: what one machine does with one video at a time."""
    videos_per_wall_hour: float | None
    """Of wall time: what all workers together did."""
    total_estimated_cost: float | None
    """None as soon as one record has no known price; see ``money`` for what is known."""
    average_cost_per_video: float | None
    cost_per_video: Spread
    """Over the videos whose cost is known."""
    money: Money
    cached_phases: int
    """Records of phases that found their answer."""
    videos: tuple[VideoFigures, ...]
    phases: tuple[PhaseFigures, ...]
    providers: tuple[ServiceFigures, ...]
    models: tuple[ServiceFigures, ...]
    records: tuple[SerializeAsAny[PhaseRecord], ...] = Field(exclude=True, repr=False)

    @classmethod
    def of(cls, records: Iterable[PhaseRecord], names: Mapping[str, str] | None = None) -> BatchMetrics:
        """Add records up.

        Args:
            records: of any videos and runs, in any order.
            names: what people call the recordings, by ``video_id``.
        """
        each = _once(records)
        videos = by_video(each, names or {})
        count = len(videos)
        seconds, wall, money = sum(video.seconds for video in videos), _wall_time(each), Money.of(each)
        costs = [video.money.estimated_cost for video in videos]
        cost = money.estimated_cost
        return cls(
            total_videos=count,
            total_runs=sum(video.runs for video in videos),
            total_processing_time=rounded(seconds),
            average_time_per_video=rounded(seconds / count) if count else None,
            time_per_video=Spread.of([video.seconds for video in videos]),
            wall_time=rounded(wall),
            videos_per_hour=rounded(_HOUR * count / seconds) if seconds else None,
            videos_per_wall_hour=rounded(_HOUR * count / wall) if wall else None,
            total_estimated_cost=cost,
            average_cost_per_video=rounded(cost / count) if count and cost is not None else None,
            cost_per_video=Spread.of([known for known in costs if known is not None]),
            money=money,
            cached_phases=sum(record.cached for record in each),
            videos=videos,
            phases=by_phase(each),
            providers=by_service(each, models=False),
            models=by_service(each, models=True),
            records=each,
        )

    @classmethod
    def read(cls, source: str | Path) -> BatchMetrics:
        """Add up the records of a metrics file, or of all ``metrics.jsonl`` below a folder or ``s3://bucket/prefix``.

        A recording is called after the folder of its results.

        Raises:
            UsageError: nothing is there, or a line is no record; names the file and the line.
        """
        found = gather(source)
        return cls.of(found.records, found.names)

    def rows(self, by: Grouping = "video") -> list[Row]:
        """Plain rows, every nested field under a name with a dot (``money.estimated_cost``).

        What is not known is None, never 0.
        """
        match by:
            case "total":
                parts: Sequence[Any] = (self,)
            case "video":
                parts = self.videos
            case "phase":
                parts = self.phases
            case "provider":
                parts = self.providers
            case "model":
                parts = self.models
            case "record":
                parts = self.records
        lists = {"videos", "phases", "providers", "models"} if by == "total" else set()
        rows = [plain(part, without=lists) for part in parts]
        if by == "record":  # a phase that asks no service costs nothing, which is not the same as unpriced
            rows = [
                row | {"estimated_cost": cost_of(each)} for row, each in zip(rows, self.records, strict=True)
            ]
        return rows

    def frame(self, by: Grouping = "record") -> pd.DataFrame:
        """The same as a pandas frame; times of records are UTC timestamps.

        A field that is not known here and holds values of several kinds becomes text.
        """
        import pandas as pd

        frame = pd.DataFrame(self.rows(by))
        for name in frame.columns:
            if frame[name].dropna().map(type).nunique() > 1:
                frame[name] = frame[name].map(str, na_action="ignore")
        if "timestamp" in frame:
            frame["timestamp"] = pd.to_datetime(frame["timestamp"], utc=True, format="ISO8601")
        return frame

    def table(self, by: Grouping = "video") -> list[Row]:
        """Rows for a table that people read, such as a Prefect table artifact: few columns, short values."""
        return told(by, self.rows(by))

    def markdown(self) -> str:
        """All tables, for a page."""
        parts = [f"## {title}\n\n{markdown_table(self.table(by))}" for by, title in TITLES.items()]
        return "\n\n".join(parts) + "\n"

    def write_csv(self, path: Path, by: Grouping = "record") -> None:
        """Write the rows as CSV, whole or not at all."""
        with write_whole(path) as temporary:
            self.frame(by).to_csv(temporary, index=False)

    def write_parquet(self, path: Path, by: Grouping = "record") -> None:
        """Write the rows as Parquet, whole or not at all."""
        with write_whole(path) as temporary:
            self.frame(by).to_parquet(temporary, index=False)


def _once(records: Iterable[PhaseRecord]) -> tuple[PhaseRecord, ...]:
    """Each record one time; the same phase of the same run at the same moment is the same record."""
    known = {(each.video_id, each.run_id, each.phase, each.timestamp): each for each in records}
    return tuple(known.values())


def _wall_time(records: Sequence[PhaseRecord]) -> float:
    """Seconds during which at least one phase ran: a record is made when its phase ends."""
    spans = sorted(
        (each.timestamp.timestamp() - each.elapsed_seconds, each.timestamp.timestamp()) for each in records
    )
    total, reached = 0.0, float("-inf")
    for began, ended in spans:
        total += max(0.0, ended - max(began, reached))
        reached = max(reached, ended)
    return total
