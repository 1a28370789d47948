"""Batches: sums against arithmetic by hand, files against what pandas reads back."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from cutdown.errors import UsageError
from cutdown.metrics import (
    AssemblyRecord,
    BatchMetrics,
    DirectorRecord,
    IngestRecord,
    PhaseRecord,
    Replaced,
    TokensUsed,
    VoiceRecord,
    append_record,
)

BEGIN = datetime(2026, 3, 1, 22, 0, tzinfo=UTC)
MACHINE = {
    "cpu_seconds": 1.5,
    "cpu_percent_mean": 75.0,
    "cpu_percent_max": 100.0,
    "peak_memory_mb": 300.0,
    "disk_read_mb": None,
    "disk_written_mb": 2.0,
}


def head(video: str, run: str, seconds: float, end: float, **more: Any) -> dict[str, Any]:
    """What every record says; ``end`` in seconds after the batch began."""
    return {
        "video_id": video,
        "run_id": run,
        "elapsed_seconds": seconds,
        "timestamp": BEGIN + timedelta(seconds=end),
        **MACHINE,
        **more,
    }


def ingest(*where: Any, **more: Any) -> IngestRecord:
    fields = {
        "video_duration_seconds": 300.0,
        "audio_extraction_time": 0.5,
        "transcription_time": 6.0,
        "transcription_method": "local",
        "transcription_provider": "local",
        "whisper_model": "base",
        "segments_generated": 4,
        "total_time": where[2],
    }
    return IngestRecord.model_validate({**head(*where), **fields, **more})


def director(*where: Any, **more: Any) -> DirectorRecord:
    fields = {
        "transcript_segments": 4,
        "transcript_tokens": 100,
        "llm_provider": "openai",
        "llm_model": "gpt-4o-mini",
        "api_call_time": 3.0,
        "requests": 1,
        "tokens_used": TokensUsed(prompt=1000, completion=200, total=1200),
        "estimated_cost": 0.25,
        "actions_generated": 5,
        "total_time": where[2],
    }
    return DirectorRecord.model_validate({**head(*where), **fields, **more})


def voice(*where: Any, **more: Any) -> VoiceRecord:
    fields = {
        "narration_segments": 2,
        "total_narration_duration": 8.0,
        "tts_provider": "elevenlabs",
        "tts_model": "eleven_multilingual_v2",
        "voice_id": "Rachel",
        "api_calls": 2,
        "requests": 3,
        "rate_limited": 1,
        "waited_seconds": 1.5,
        "total_api_time": 4.0,
        "estimated_cost": 0.5,
        "pronunciation_fixes_applied": 1,
        "total_time": where[2],
    }
    return VoiceRecord.model_validate({**head(*where), **fields, **more})


def assembly(*where: Any, **more: Any) -> AssemblyRecord:
    fields = {
        "input_video_duration": 300.0,
        "input_video_size_mb": 20.0,
        "cfr_conversion_time": 0.0,
        "clip_creation_time": 0.5,
        "rendering_time": 9.0,
        "output_video_duration": 60.0,
        "output_video_size_mb": 3.0,
        "compression_ratio": 0.8,
        "fps": 30.0,
        "resolution": "1920x1080",
        "total_time": where[2],
    }
    return AssemblyRecord.model_validate({**head(*where), **fields, **more})


def a_batch() -> list[PhaseRecord]:
    """Two videos at the same time; the first is run again, found in the cache but for its picture."""
    return [
        ingest("a", "a1", 10.0, 10.0),
        director("a", "a1", 4.0, 14.0),
        voice("a", "a1", 6.0, 20.0),
        assembly("a", "a1", 20.0, 40.0),
        ingest("b", "b1", 30.0, 30.0),
        director("b", "b1", 8.0, 38.0, llm_model="gpt-4o", estimated_cost=1.0),
        voice("b", "b1", 2.0, 40.0, downgrades=(Replaced(wanted="openai:nova/tts-1", used="x", why="y"),)),
        assembly("b", "b1", 10.0, 50.0, peak_memory_mb=900.0),
        ingest("a", "a2", 0.5, 100.5, cached=True),
        director("a", "a2", 0.5, 101.0, cached=True, estimated_cost=0.0, requests=0),
        assembly("a", "a2", 9.0, 110.0, output_video_duration=55.0),
    ]


def test_the_sums_of_a_batch_are_those_made_by_hand() -> None:
    batch = BatchMetrics.of(a_batch())
    assert (batch.total_videos, batch.total_runs, batch.cached_phases) == (2, 3, 2)
    assert batch.total_processing_time == 10 + 4 + 6 + 20 + 30 + 8 + 2 + 10 + 0.5 + 0.5 + 9
    assert batch.average_time_per_video == 50.0
    assert batch.videos_per_hour == 2 * 3600 / 100
    assert batch.total_estimated_cost == 0.25 + 0.5 + 1.0 + 0.5
    assert batch.average_cost_per_video == 1.125
    # Video a took 50 s in two runs, video b 50 s; both costs are known: 0.75 and 1.5.
    assert batch.time_per_video.p50 == 50
    assert batch.cost_per_video.p50 == 1.125
    assert batch.cost_per_video.p95 == pytest.approx(0.75 + 0.95 * 0.75)


def test_wall_time_counts_what_ran_side_by_side_once() -> None:
    batch = BatchMetrics.of(a_batch())
    assert batch.wall_time == pytest.approx(50 + 10, abs=1e-5)  # 0 to 50 s, then 100 to 110 s
    assert batch.videos_per_wall_hour == pytest.approx(2 * 3600 / 60, abs=1e-3)


def test_percentiles_are_of_work_that_was_done() -> None:
    found = {phase.phase: phase for phase in BatchMetrics.of(a_batch()).phases}
    assert list(found) == ["phase1_ingest", "phase2_director", "phase3_voice", "phase4_assembly"]
    heard = found["phase1_ingest"]
    assert (heard.records, heard.cached, heard.seconds) == (3, 1, 40.5)
    assert (heard.work.count, heard.work.p50) == (2, 20.0)
    assert heard.work.p95 == pytest.approx(29.0)
    assert heard.share == pytest.approx(0.405)
    assert found["phase4_assembly"].peak_memory_mb == 900
    assert found["phase4_assembly"].money.estimated_cost == 0


def test_providers_and_models_stand_apart_by_phase() -> None:
    batch = BatchMetrics.of(a_batch())
    providers = {(each.phase, each.provider): each for each in batch.providers}
    assert set(providers) == {
        ("phase1_ingest", "local"),
        ("phase2_director", "openai"),
        ("phase3_voice", "elevenlabs"),
    }
    asked = providers["phase2_director", "openai"]
    assert (asked.records, asked.cached, asked.requests, asked.seconds) == (3, 1, 2, 6.5)
    assert (asked.prompt_tokens, asked.completion_tokens) == (3000, 600)
    assert asked.money.estimated_cost == 1.25
    spoken = providers["phase3_voice", "elevenlabs"]
    assert (spoken.rate_limited, spoken.waited_seconds, spoken.stood_in) == (2, 3.0, 1)
    models = {each.model: each for each in batch.models}
    assert set(models) == {"base", "gpt-4o", "gpt-4o-mini", "eleven_multilingual_v2"}
    assert models["gpt-4o"].money.estimated_cost == 1.0


def test_what_has_no_price_stays_unknown_in_every_sum_it_is_part_of() -> None:
    batch = BatchMetrics.of([*a_batch(), director("c", "c1", 5.0, 200.0, estimated_cost=None)])
    assert batch.total_estimated_cost is None
    assert batch.average_cost_per_video is None
    assert (batch.money.known_cost, batch.money.unpriced) == (2.25, 1)
    assert batch.cost_per_video.count == 2
    phases = {phase.phase: phase.money.estimated_cost for phase in batch.phases}
    assert phases["phase2_director"] is None
    assert phases["phase3_voice"] == 1.0
    costs = {row["video"]: row["cost $"] for row in batch.table("video")}
    assert costs == {"a": 0.75, "b": 1.5, "c": "unpriced"}
    unknown = batch.frame()
    assert unknown.loc[unknown.estimated_cost.isna(), "video_id"].tolist() == ["c"]
    assert "unpriced" in batch.markdown()


def test_nothing_is_a_batch_without_averages() -> None:
    batch = BatchMetrics.of([])
    assert (batch.total_videos, batch.total_processing_time, batch.total_estimated_cost) == (0, 0, 0)
    assert batch.average_time_per_video is batch.videos_per_hour is batch.average_cost_per_video is None
    assert batch.frame().empty
    assert "Nothing." in batch.markdown()


def test_a_record_that_is_found_twice_counts_once(tmp_path: Path) -> None:
    for folder in ("talk.cutdown", "copy of it"):
        for record in a_batch()[:4]:
            append_record(tmp_path / folder / "metrics.jsonl", record)
    for record in a_batch():
        append_record(tmp_path / "metrics.jsonl", record)
    batch = BatchMetrics.read(tmp_path)
    assert len(batch.records) == len(a_batch())
    assert batch == BatchMetrics.of(batch.records, {"a": batch.videos[0].name})
    assert batch.total_processing_time == 100
    alone = BatchMetrics.read(tmp_path / "talk.cutdown" / "metrics.jsonl")
    assert (alone.total_videos, alone.videos[0].name) == (1, "talk")


def test_a_place_without_records_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"no metrics.jsonl in the folder '.*' or below it"):
        BatchMetrics.read(tmp_path)
    with pytest.raises(UsageError, match=r"there is nothing at '.*/nowhere'"):
        BatchMetrics.read(tmp_path / "nowhere")


@pytest.mark.parametrize("by", ["record", "video", "phase", "provider", "model", "total"])
def test_csv_and_parquet_hold_the_same_rows_as_the_frame(tmp_path: Path, by: Any) -> None:
    batch = BatchMetrics.of([*a_batch(), director("c", "c1", 5.0, 200.0, estimated_cost=None)])
    frame = batch.frame(by)
    batch.write_csv(tmp_path / "b.csv", by)
    batch.write_parquet(tmp_path / "b.parquet", by)
    pd.testing.assert_frame_equal(pd.read_parquet(tmp_path / "b.parquet"), frame, check_dtype=False)
    read = pd.read_csv(tmp_path / "b.csv")
    assert list(read.columns) == list(frame.columns)
    assert len(read) == len(frame) > 0
    for name in frame.select_dtypes("number"):
        pd.testing.assert_series_equal(read[name], frame[name], check_dtype=False)


def test_a_metrics_file_is_a_frame_in_one_line(tmp_path: Path) -> None:
    for record in a_batch():
        append_record(tmp_path / "m.jsonl", record)
    frame = pd.read_json(tmp_path / "m.jsonl", lines=True)
    assert frame.groupby("phase").elapsed_seconds.sum()["phase1_ingest"] == 40.5
    assert frame.estimated_cost.sum() == BatchMetrics.read(tmp_path / "m.jsonl").total_estimated_cost


def test_tables_are_plain_rows_that_any_page_can_show() -> None:
    batch = BatchMetrics.of(a_batch(), {"a": "Team | talk"})
    for by in ("total", "video", "phase", "provider", "model", "record"):
        rows = batch.table(by)  # type: ignore[arg-type]
        assert rows
        assert json.loads(json.dumps(rows)) == rows
        assert len({tuple(row) for row in rows}) == 1
    assert "| Team \\| talk | 2 |" in batch.markdown()
