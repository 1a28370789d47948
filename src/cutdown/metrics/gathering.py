"""Records of many runs from wherever they lie: one file, or every metrics file below a folder."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePath
from typing import Final, NamedTuple

from cutdown.errors import UsageError
from cutdown.metrics.records import PhaseRecord, parse_records

METRICS_FILE: Final = "metrics.jsonl"
_RESULTS: Final = ".cutdown"  # a folder of results is called after its recording, with this ending
_TURN: Final = re.compile(r"[0-9a-f]{12}(\.\d+)?")  # a batch's results lie one folder deeper
_BATCH: Final = re.compile(
    r"\d{8}-\d{6}-[0-9a-f]+"
)  # and what a batch keeps of all of them is no recording's


class Gathered(NamedTuple):
    """Records in order, and what the recordings are called, by ``video_id``."""

    records: tuple[PhaseRecord, ...]
    names: Mapping[str, str]


def gather(source: str | Path) -> Gathered:
    """Read a metrics file, or every ``metrics.jsonl`` below a folder or a bucket's prefix, by name.

    Args:
        source: a path, or ``s3://bucket/prefix``.

    Raises:
        UsageError: nothing is there, or a line is no record; names the file and the line.
        StorageError: a bucket cannot be read.
    """
    texts = _in_place(str(source)) if "://" in str(source) else _in_files(Path(source))
    records: list[PhaseRecord] = []
    names: dict[str, str] = {}
    for folder, name, text in texts:
        found = parse_records(text, name)
        records += found
        videos = {record.video_id for record in found}
        if len(videos) == 1 and (called := _recording_of(folder)):  # a history speaks of many
            names.setdefault(videos.pop(), called)
    return Gathered(tuple(records), names)


def _recording_of(folder: PurePath) -> str:
    """What the recording is called whose results lie in a folder; empty where the folder does not tell."""
    if _BATCH.fullmatch(folder.name):
        return ""
    return (folder.parent if _TURN.fullmatch(folder.name) else folder).name.removesuffix(_RESULTS)


def _in_files(source: Path) -> Iterator[tuple[PurePath, str, str]]:
    """Folder, name and text of each metrics file."""
    if not source.exists():
        raise UsageError(f"there is nothing at '{source}'; give a metrics file, or a folder of results")
    found = [source] if source.is_file() else sorted(source.rglob(METRICS_FILE))
    if not found:
        raise _nothing_in(f"the folder '{source}'")
    for path in found:
        try:
            text = path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise UsageError(f"cannot read the metrics '{path}': {error}") from error
        yield path.absolute().parent, str(path), text


def _in_place(url: str) -> Iterator[tuple[PurePath, str, str]]:
    """The same of a bucket's prefix; one that names a file is read alone."""
    from cutdown.storage import open_place

    above, _, last = url.rstrip("/").rpartition("/")
    alone = last.endswith(PurePath(METRICS_FILE).suffix)
    place = open_place(above if alone else url)
    names = (
        [last] if alone else [item.name for item in place.list() if PurePath(item.name).name == METRICS_FILE]
    )
    read = [(name, kept) for name in names if (kept := place.read(name)) is not None]
    if not read:
        raise _nothing_in(f"'{url}'")
    for name, (data, _) in read:
        folder = PurePath(f"{above if alone else url}/{name}").parent
        yield folder, name, _decoded(data, name)


def _decoded(data: bytes, name: str) -> str:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise UsageError(f"cannot read the metrics '{name}': {error}") from error


def _nothing_in(place: str) -> UsageError:
    return UsageError(
        f"no {METRICS_FILE} in {place} or below it; give the folder that a run left its results in"
    )
