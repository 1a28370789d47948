"""Records of many runs from wherever they lie: one file, or every metrics file below a folder."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final, NamedTuple

from cutdown.errors import UsageError
from cutdown.metrics.records import PhaseRecord, read_records

METRICS_FILE: Final = "metrics.jsonl"
_RESULTS: Final = ".cutdown"  # a folder of results is called after its recording, with this ending


class Gathered(NamedTuple):
    """Records in order, and what the recordings are called, by ``video_id``."""

    records: tuple[PhaseRecord, ...]
    names: Mapping[str, str]


def gather(source: str | Path) -> Gathered:
    """Read a metrics file, or every ``metrics.jsonl`` below a folder, by name.

    Raises:
        UsageError: nothing is there, or a line is no record; names the file and the line.
    """
    records: list[PhaseRecord] = []
    names: dict[str, str] = {}
    for path in _files(Path(source)):
        found = read_records(path)
        records += found
        videos = {record.video_id for record in found}
        if len(videos) == 1:  # a folder of results; a history speaks of many
            names.setdefault(videos.pop(), _name(path))
    return Gathered(tuple(records), names)


def _files(source: Path) -> Iterator[Path]:
    if source.is_file():
        yield source
        return
    if not source.is_dir():
        raise UsageError(f"there is nothing at '{source}'; give a metrics file, or a folder of results")
    found = sorted(source.rglob(METRICS_FILE))
    if not found:
        raise UsageError(
            f"no {METRICS_FILE} in the folder '{source}' or below it; give the folder that a run left its results in"
        )
    yield from found


def _name(path: Path) -> str:
    return path.absolute().parent.name.removesuffix(_RESULTS)
