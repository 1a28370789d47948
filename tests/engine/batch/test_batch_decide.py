"""What is meant, what is to be done, how much at once, within which money: pure decisions."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from cutdown.batch.capacity import Load, load_of, side_by_side
from cutdown.batch.decide import Index, decide
from cutdown.batch.here import check
from cutdown.batch.listing import chosen, has_tags
from cutdown.batch.names import content_key, item_key, result_folder, shelf, way_back
from cutdown.batch.purse import Purse
from cutdown.batch.records import kind_of, lies_in_recording, may_pass, parted
from cutdown.batch.wishes import BatchWishes, Limits, Selection, options_key
from cutdown.errors import CheckError, MediaError, ProviderError, StorageError, UsageError
from cutdown.metrics import DirectorRecord, PhaseRecord, TokensUsed
from cutdown.settings import OptimizeOptions, RenderOptions, VoiceOptions
from cutdown.storage import Item

NOW = datetime(2026, 5, 4, 2, 0, tzinfo=UTC)


def item(name: str, size: int = 5_000_000, hours: float = 10, tag: str = "a") -> Item:
    return Item(name=name, size=size, modified=NOW - timedelta(hours=hours), tag=tag)


@pytest.mark.parametrize(
    ("selection", "names"),
    [
        ({}, ["a.mp4", "B.MOV", "c.mkv", "new.mp4"]),
        ({"suffixes": "mp4, .mov"}, ["a.mp4", "B.MOV", "new.mp4"]),
        ({"min_size_mb": 10}, ["B.MOV"]),
        ({"max_size_mb": 1}, ["c.mkv"]),
        ({"min_age_minutes": 30}, ["a.mp4", "B.MOV", "c.mkv"]),
        ({"max_age_days": 1}, ["c.mkv", "new.mp4"]),
        ({"max_age_days": 1e12}, ["a.mp4", "B.MOV", "c.mkv", "new.mp4"]),
        ({"order": "newest"}, ["new.mp4", "c.mkv", "B.MOV", "a.mp4"]),
        ({"order": "smallest"}, ["c.mkv", "a.mp4", "new.mp4", "B.MOV"]),
        ({"order": "largest"}, ["B.MOV", "a.mp4", "new.mp4", "c.mkv"]),
        ({"order": "name"}, ["B.MOV", "a.mp4", "c.mkv", "new.mp4"]),
    ],
)
def test_filters_and_order(selection: dict[str, Any], names: list[str]) -> None:
    items = [
        item("notes.txt"),
        item("a.mp4", hours=100),
        item("B.MOV", size=50_000_000, hours=50),
        item("c.mkv", size=500_000, hours=5),
        item("new.mp4", hours=0.1),
        item("short/a.mp4/x/a.mp4"),
    ]
    found = chosen(items, Selection(**selection), NOW, apart_from="short/")
    assert [one.name for one in found] == names


def test_tags_are_asked_for_by_name_and_value() -> None:
    wanted = Selection(tags="team=docs, kind=talk")
    assert has_tags({"team": "docs", "kind": "talk", "x": "y"}, wanted)
    assert not has_tags({"team": "docs"}, wanted)
    with pytest.raises(ValidationError, match="NAME=VALUE"):
        Selection(tags="docs")


def test_a_recording_is_known_by_name_form_and_options() -> None:
    one = item("a.mp4")
    keys = {
        item_key("s3://in", one, "o"),
        item_key("s3://in", item("b.mp4"), "o"),
        item_key("s3://in", item("a.mp4", tag="b"), "o"),
        item_key("s3://in", one, "p"),
        item_key("s3://other", one, "o"),
    }
    assert len(keys) == 5
    assert item_key("s3://in/day", item("a.mp4"), "o") == item_key("s3://in/", item("day/a.mp4"), "o")
    assert content_key("f" * 64, "o") != content_key("f" * 64, "p")


def test_a_turn_has_a_folder_of_its_own_and_so_has_every_recording() -> None:
    key = content_key("f" * 64, "o")
    folders = {result_folder(name, key, turn) for name in ("day/a.mp4", "day/a.mov") for turn in (1, 2)}
    assert len(folders) == 4
    assert all(folder.startswith("day/a.m") for folder in folders)


@pytest.mark.parametrize(
    ("source", "dest", "way"),
    [
        ("/talks", "/short", "../../../../talks/day/a.mp4"),
        ("s3://b/in", "s3://b/out", "../../../../in/day/a.mp4"),
        ("s3://b/in", "s3://c/out", "s3://b/in/day/a.mp4"),
        ("/talks", "s3://c/out", "/talks/day/a.mp4"),
    ],
)
def test_a_report_finds_its_recording_again(source: str, dest: str, way: str) -> None:
    assert way_back(source, "day/a.mp4", dest, "day/a.mp4/3fa9") == way


def test_options_are_known_by_what_they_say(tmp_path: Path) -> None:
    dictionary, same, other = (tmp_path / name for name in ("a.yaml", "b.yaml", "c.yaml"))
    for path, text in ((dictionary, "a: b"), (same, "a: b"), (other, "a: c")):
        path.write_text(text)
    plain = options_key(OptimizeOptions())
    assert options_key(OptimizeOptions(render=RenderOptions(crf=24))) != plain
    assert options_key(OptimizeOptions(render=RenderOptions(crf=23))) == plain
    read = [
        options_key(OptimizeOptions(voice=VoiceOptions(pronunciation=path)))
        for path in (dictionary, same, other)
    ]
    assert read[0] == read[1] != read[2]
    assert plain not in read


def test_the_index_decides_by_names_alone() -> None:
    items = (item("done.mp4"), item("bad.mp4"), item("new.mp4"))
    keys = [item_key("s3://in", one, "o") for one in items]
    index = Index.of(
        [shelf("done", keys[0]), shelf("failed", keys[1]), shelf("leases", keys[2]), "else/x.json"]
    )
    verdicts = [one.verdict for one in decide(items, index, source="s3://in", options="o")]
    assert verdicts == ["done", "failed before", "do"]
    again = decide(items, index, source="s3://in", options="o", retry_failed=True)
    assert [one.verdict for one in again] == ["done", "do", "do"]


def test_ten_thousand_names_are_decided_in_seconds() -> None:
    items = [item(f"{n}.mp4") for n in range(10_000)]
    began = time.perf_counter()
    index = Index.of(shelf("done", item_key("s3://in", one, "o")) for one in items[:9_000])
    decisions = decide(items, index, source="s3://in", options="o")
    assert sum(one.verdict == "do" for one in decisions) == 1000
    assert time.perf_counter() - began < 10


@pytest.mark.parametrize(
    ("start", "stop_at", "zone", "deadline"),
    [
        ("2026-05-04T02:00+00:00", "06:00", "UTC", "2026-05-04T06:00+00:00"),
        ("2026-05-04T06:00+00:00", "06:00", "UTC", "2026-05-05T06:00+00:00"),
        ("2026-05-04T21:00+00:00", "06:00", "Europe/Berlin", "2026-05-05T04:00+00:00"),
        ("2026-03-28T23:30+00:00", "06:00", "Europe/Berlin", "2026-03-29T04:00+00:00"),  # a night of 23 hours
        ("2026-10-24T22:30+00:00", "06:00", "Europe/Berlin", "2026-10-25T05:00+00:00"),  # one of 25
    ],
)
def test_the_deadline_is_the_next_such_time_of_day(
    start: str, stop_at: str, zone: str, deadline: str
) -> None:
    limits = Limits(stop_at=stop_at, time_zone=zone)
    assert limits.deadline(datetime.fromisoformat(start)) == datetime.fromisoformat(deadline)


@pytest.mark.parametrize(
    ("limits", "message"),
    [
        ({"stop_at": "6"}, "time of day such as 06:00"),
        ({"stop_at": "24:00"}, "time of day such as 06:00"),
        ({"time_zone": "Berlin"}, "Europe/Berlin or UTC"),
    ],
)
def test_a_mistake_in_the_limits_is_told(limits: dict[str, str], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        Limits(**limits)


def test_source_and_destination_are_two_places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ValidationError, match="are the same"):
        BatchWishes(source="talks/", dest=str(tmp_path / "talks"))
    with pytest.raises(ValidationError, match="are the same"):
        BatchWishes(source="talks/", dest=f"file://{tmp_path}/talks/")
    with pytest.raises(UsageError, match="there is no folder"):
        check(BatchWishes(source=f"file://{tmp_path}/no", dest="out"))
    inside = BatchWishes(source="s3://in/", dest="s3://in/short/")
    assert inside.own_results == "short/"
    assert BatchWishes(source="s3://in/short", dest="s3://in/shorter").own_results is None


def record(cpu: float, wall: float, run: str = "r", memory: float = 500, **more: Any) -> PhaseRecord:
    return PhaseRecord(
        phase="phase1_ingest",
        video_id="v",
        run_id=run,
        elapsed_seconds=wall,
        cpu_seconds=cpu,
        cpu_percent_mean=0,
        cpu_percent_max=0,
        peak_memory_mb=memory,
        disk_read_mb=None,
        disk_written_mb=None,
        **more,
    )


def test_what_one_recording_asks_of_the_machine_is_measured() -> None:
    assert not load_of([]).measured
    assert not load_of([record(0, 9, cached=True)]).measured
    load = load_of([record(30, 10), record(10, 10), record(20, 10, run="s", memory=900)])
    assert load.cores == pytest.approx(2)
    assert load.memory_mb == 700
    assert load_of([record(1, 100)]).cores == 1  # the machine had other work: that makes no room


def test_waiting_for_a_service_leaves_cores_free() -> None:
    waiting = DirectorRecord.model_validate(
        record(2, 100).model_dump(exclude={"phase"})
        | {
            "transcript_segments": 1,
            "transcript_tokens": 1,
            "llm_provider": "openai",
            "llm_model": "m",
            "api_call_time": 90,
            "tokens_used": TokensUsed(),
            "actions_generated": 1,
            "total_time": 100,
        }
    )
    assert load_of([waiting]).cores == pytest.approx(0.1)


@pytest.mark.parametrize(
    ("cores", "memory", "machine", "free", "at_once"),
    [
        (1, 500, 8, 64_000, 8),
        (4, 500, 8, 64_000, 2),
        (1, 4000, 8, 10_000, 2),
        (9, 9000, 2, 1000, 1),
        (0.5, 500, 2, 8000, 4),
    ],
)
def test_cores_and_memory_decide_how_many_go_side_by_side(
    cores: float, memory: float, machine: int, free: float, at_once: int
) -> None:
    assert side_by_side(Load(cores=cores, memory_mb=memory, measured=True), machine, free) == at_once


def test_the_sum_of_all_allowances_never_breaks_the_budget() -> None:
    purse = Purse(10, None)
    shares = [purse.allow(str(n), slots=3 - n) for n in range(3)]
    assert shares == [pytest.approx(10 / 3)] * 3
    assert purse.free == 0
    with pytest.raises(LookupError):
        purse.allow("more", slots=1, needs=2)
    purse.settle("0", 1.0)
    assert purse.free == pytest.approx(10 / 3 - 1)
    assert purse.allow("more", slots=1, needs=2) == pytest.approx(10 / 3 - 1)
    purse.settle("1", None)  # not known: all of it
    purse.settle("2", 3.0)
    purse.settle("more", 2.0)
    assert purse.spent == pytest.approx(1 + 10 / 3 + 3 + 2)


def test_without_a_budget_each_has_what_the_user_allows_one() -> None:
    assert Purse(None, 2.5).allow("a", slots=1) == 2.5
    assert Purse(None, None).allow("a", slots=1) is None
    assert Purse(100, 2.5).allow("a", slots=1) == 2.5


@pytest.mark.parametrize(
    ("error", "kind", "again", "lasting"),
    [
        (MediaError("x is no video; upload it again"), "media", False, True),
        (CheckError("sync; look"), "check", False, True),
        (ProviderError("401; see the key"), "provider", False, False),
        (ProviderError("429; wait", retryable=True), "provider", True, False),
        (StorageError("cut; wait", retryable=True), "storage", True, False),
        (OSError(28, "No space left on device"), "storage", True, False),
        (ValueError("a bug"), "other", False, False),
    ],
)
def test_a_failure_says_who_can_mend_it(error: Exception, kind: str, again: bool, lasting: bool) -> None:
    assert (kind_of(error), may_pass(error), lies_in_recording(error)) == (kind, again, lasting)
    cause, remedy = parted(error)
    assert cause
    assert remedy


def test_a_failure_never_tells_what_was_said() -> None:
    with pytest.raises(ValidationError) as caught:
        Limits.model_validate({"tries": "a sentence of the recording"})
    cause, _remedy = parted(caught.value)
    assert cause == "ValidationError: tries: int_parsing"
