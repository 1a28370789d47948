import json
import os
import subprocess
import sys
import threading
from datetime import UTC
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import pytest
from pydantic import ValidationError

from cutdown.errors import UsageError
from cutdown.metrics import (
    AssemblyRecord,
    DirectorRecord,
    IngestRecord,
    PhaseRecord,
    TokensUsed,
    VoiceRecord,
    append_record,
    read_records,
)
from cutdown.metrics.records import RECENT, recent_records

HEAD = {"phase", "timestamp", "video_id", "run_id", "elapsed_seconds"}
PROMISED = {
    IngestRecord: "video_duration_seconds audio_extraction_time transcription_time transcription_method "
    "whisper_model total_time segments_generated",
    DirectorRecord: "transcript_segments transcript_tokens llm_provider llm_model api_call_time tokens_used "
    "estimated_cost actions_generated total_time",
    VoiceRecord: "narration_segments total_narration_duration tts_provider voice_id api_calls total_api_time "
    "estimated_cost pronunciation_fixes_applied total_time",
    AssemblyRecord: "input_video_duration input_video_size_mb cfr_conversion_time clip_creation_time "
    "rendering_time output_video_duration output_video_size_mb compression_ratio fps resolution total_time",
}
MACHINE = {
    "cpu_seconds": 1.5,
    "cpu_percent_mean": 75.0,
    "cpu_percent_max": 100.0,
    "peak_memory_mb": 300.0,
    "disk_read_mb": None,
    "disk_written_mb": 2.0,
}


def ingest(**changes: object) -> IngestRecord:
    fields = {
        "video_id": "3f2a",
        "run_id": "r1",
        "elapsed_seconds": 2.0,
        **MACHINE,
        "video_duration_seconds": Fraction(100, 3),
        "audio_extraction_time": 0.25,
        "transcription_time": 1.5,
        "transcription_method": "local",
        "whisper_model": "base",
        "total_time": 2.0,
        "segments_generated": 4,
    }
    return IngestRecord.model_validate({**fields, **changes})


@pytest.mark.parametrize("kind", PROMISED, ids=lambda kind: kind.__name__)
def test_each_record_has_the_fields_that_were_promised(kind: type[PhaseRecord]) -> None:
    fields = set(kind.model_fields)
    assert set(PROMISED[kind].split()) | HEAD <= fields
    assert {*MACHINE, "gpu", "cached"} <= fields


def test_a_record_is_written_as_one_json_line_with_utc_time_and_plain_numbers(tmp_path: Path) -> None:
    path = tmp_path / "new folder" / "mé trics.jsonl"
    append_record(path, ingest())
    text = path.read_text(encoding="utf-8")
    assert text.endswith("}\n")
    assert text.count("\n") == 1
    line = json.loads(text)
    assert line["phase"] == "phase1_ingest"
    assert line["timestamp"].endswith("Z")
    assert line["video_duration_seconds"] == 33.333333
    assert line["disk_read_mb"] is None


def test_what_is_written_is_read_back_equal(tmp_path: Path) -> None:
    path = tmp_path / "m.jsonl"
    record = ingest()
    assert record.timestamp.tzinfo is UTC
    append_record(path, record)
    assert read_records(path) == (record,)


def test_unknown_fields_and_unknown_phases_are_kept(tmp_path: Path) -> None:
    path = tmp_path / "m.jsonl"
    line = json.loads(ingest().model_dump_json()) | {"fallback_provider": "openai"}
    later = {key: line[key] for key in (*HEAD, *MACHINE)} | {"phase": "phase9_polish", "shine": 3}
    path.write_text(json.dumps(line) + "\n\n" + json.dumps(later) + "\n")
    first, second = read_records(path)
    assert isinstance(first, IngestRecord)
    assert first.model_dump()["fallback_provider"] == "openai"
    assert second.phase == "phase9_polish"
    assert second.model_dump()["shine"] == 3


def test_a_misspelt_field_cannot_be_written() -> None:
    with pytest.raises(ValidationError, match="whisper_modle"):
        ingest(whisper_modle="base")


@pytest.mark.parametrize("value", [-1, float("nan"), float("inf")])
def test_a_time_below_zero_or_not_finite_is_refused(value: float) -> None:
    with pytest.raises(ValidationError):
        ingest(total_time=value)


def test_an_unknown_price_is_null_and_not_zero(tmp_path: Path) -> None:
    record = DirectorRecord.model_validate(
        {
            "video_id": "v",
            "run_id": "r",
            "elapsed_seconds": 1,
            **MACHINE,
            "transcript_segments": 1,
            "transcript_tokens": 12,
            "llm_provider": "own",
            "llm_model": "unheard-of",
            "api_call_time": 0.5,
            "tokens_used": TokensUsed(prompt=10, completion=5, total=15),
            "estimated_cost": None,
            "actions_generated": 2,
            "total_time": 1,
        }
    )
    append_record(tmp_path / "m.jsonl", record)
    line = json.loads((tmp_path / "m.jsonl").read_text())
    assert line["estimated_cost"] is None
    assert line["tokens_used"] == {"prompt": 10, "completion": 5, "total": 15, "cached": 0}


def test_writers_at_the_same_time_never_mix_their_lines(tmp_path: Path) -> None:
    path = tmp_path / "m.jsonl"

    def write(name: str) -> None:
        for _ in range(25):
            append_record(path, ingest(run_id=name * 500))

    writers = [threading.Thread(target=write, args=(name,)) for name in "abcd"]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    runs = [record.run_id for record in read_records(path)]
    assert sorted(runs) == sorted(name * 500 for name in "abcd" for _ in range(25))


def test_a_broken_last_line_does_not_swallow_the_next_record(tmp_path: Path) -> None:
    path = tmp_path / "m.jsonl"
    path.write_text('{"phase": "phase1_in')
    append_record(path, ingest())
    assert json.loads(path.read_text().splitlines()[1])["video_id"] == "3f2a"
    with pytest.raises(UsageError, match=r"'m.jsonl' line 1 is not a metrics record: .*; remove the line"):
        read_records(path)


def test_a_full_disk_leaves_no_half_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "m.jsonl"
    append_record(path, ingest())
    before = path.read_bytes()
    really_write = os.write
    monkeypatch.setattr(os, "write", lambda handle, line: really_write(handle, line[:20]))
    with pytest.raises(UsageError, match="cannot write the metrics"):
        append_record(path, ingest())
    assert path.read_bytes() == before


def test_of_a_long_history_the_end_is_read_and_a_missing_one_is_empty(tmp_path: Path) -> None:
    history = tmp_path / "metrics.jsonl"
    assert recent_records(history) == ()
    history.write_text(
        "".join(ingest(run_id=f"r{run}").model_dump_json() + "\n" for run in range(RECENT + 7))
    )
    assert [record.run_id for record in recent_records(history)] == [
        f"r{run}" for run in range(7, RECENT + 7)
    ]
    history.write_text("not a record\n")
    assert recent_records(history) == ()


def test_a_fault_in_a_known_record_names_line_phase_and_field(tmp_path: Path) -> None:
    path = tmp_path / "m.jsonl"
    line = json.loads(ingest().model_dump_json()) | {"total_time": -3}
    path.write_text(json.dumps(line) + "\n")
    with pytest.raises(UsageError, match=r"'m.jsonl' line 1, phase1_ingest: total_time: "):
        read_records(path)


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match=r"cannot write the metrics '.*file/m.jsonl'"):
        append_record(tmp_path / "file" / "m.jsonl", ingest())


WRITER = """
import sys
from pathlib import Path
from cutdown.metrics import PhaseRecord, append_record

path, name, count = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
machine = dict.fromkeys(["cpu_seconds", "cpu_percent_mean", "cpu_percent_max", "peak_memory_mb"], 1.0)
print(flush=True)
sys.stdin.readline()  # until both are ready
for number in range(count):
    record = PhaseRecord(
        phase="phase1_ingest", video_id=name, run_id="x" * (number % 300), elapsed_seconds=number,
        disk_read_mb=None, disk_written_mb=None, **machine,
    )
    append_record(path, record)
"""


def test_two_processes_append_ten_thousand_records_each_and_lose_none(tmp_path: Path) -> None:
    path, count = tmp_path / "m.jsonl", 10_000
    writers = [
        subprocess.Popen(
            [sys.executable, "-c", WRITER, path, name, str(count)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for name in "ab"
    ]
    for writer in writers:
        assert writer.stdout
        writer.stdout.readline()
    for writer in writers:
        assert writer.stdin
        writer.stdin.write("\n")
        writer.stdin.flush()
    for writer in writers:
        writer.communicate()
        assert writer.returncode == 0
    lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    assert len(lines) == 2 * count
    for name in "ab":
        assert [line["elapsed_seconds"] for line in lines if line["video_id"] == name] == list(range(count))
    turns = sum(one["video_id"] != other["video_id"] for one, other in pairwise(lines))
    assert turns > 20, "the two never wrote at the same time, so nothing was shown"
