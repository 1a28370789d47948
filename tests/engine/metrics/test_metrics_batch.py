"""Batches: sums against arithmetic by hand, files against what pandas reads back."""

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from metrics_kit import a_batch, assembly, director
from prometheus_client.parser import text_string_to_metric_families
from s3_kit import S3Server

from cutdown.cli import build_app, start
from cutdown.errors import UsageError
from cutdown.metrics import BatchMetrics, append_record


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


def test_a_video_is_told_as_its_last_run_left_it_in_whatever_order_the_files_are_found() -> None:
    earlier = assembly("a", "r1", 40.0, 50, output_video_duration=200.0)
    later = assembly("a", "r2", 40.0, 500, output_video_duration=120.0)
    for records in ([earlier, later], [later, earlier]):
        assert BatchMetrics.of(records).videos[0].output_seconds == 120


def test_what_a_batch_left_is_called_after_its_recordings(tmp_path: Path) -> None:
    for record in a_batch():
        folder = {"a": "day/talk.mp4/3fa9c1d20e44", "b": "demo.mov/0b1c2d3e4f50.2"}[record.video_id]
        append_record(tmp_path / folder / "metrics.jsonl", record)
        append_record(tmp_path / f"batches/20260504-013000-8d2{record.video_id}" / "metrics.jsonl", record)
    batch = BatchMetrics.read(tmp_path)
    assert {video.video_id: video.name for video in batch.videos} == {"a": "talk.mp4", "b": "demo.mov"}
    assert len(batch.records) == len(a_batch())


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


def test_a_field_of_a_later_version_may_hold_anything(tmp_path: Path) -> None:
    shines: tuple[Any, ...] = (3, "very", None, 2.5)
    for record, shine in zip(a_batch(), shines, strict=False):
        with (tmp_path / "m.jsonl").open("a") as file:
            file.write(json.dumps({**json.loads(record.model_dump_json()), "shine": shine}) + "\n")
    batch = BatchMetrics.read(tmp_path / "m.jsonl")
    batch.write_parquet(tmp_path / "b.parquet")
    read = pd.read_parquet(tmp_path / "b.parquet").shine
    assert read.dropna().tolist() == ["3", "very", "2.5"]
    assert read.isna().sum() == 1


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


def report(*arguments: str | Path) -> int:
    app = build_app(lambda _job: pytest.fail("nothing is to be run"))
    return start(app, ["report", *map(str, arguments)])


def test_the_verb_report_prints_every_table_and_writes_files(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for record in a_batch():
        append_record(tmp_path / f"talk {record.video_id}.cutdown" / "metrics.jsonl", record)
    out = tmp_path / "figures"
    assert report(tmp_path, "--out", out, "--prometheus", tmp_path / "prom" / "b.prom") == 0
    printed = capsys.readouterr().out
    for part in ("In all", "By video", "talk a", "By phase", "By provider", "By model", "gpt-4o-mini"):
        assert part in printed
    told = json.loads((out / "batch.json").read_text())
    assert told["total_processing_time"] == 100
    assert told["providers"][1]["money"]["estimated_cost"] == 1.25
    assert sorted(path.name for path in out.iterdir()) == [
        "batch.json", "batch.md", "records.csv", "records.parquet", "videos.csv", "videos.parquet",
    ]  # fmt: skip
    assert pd.read_csv(out / "videos.csv").name.tolist() == ["talk a", "talk b"]


def test_prometheus_reads_the_figures_and_no_price_is_no_sample(tmp_path: Path) -> None:
    path = tmp_path / "m.jsonl"
    for record in [*a_batch(), director("c", "c1", 5.0, 200.0, llm_model="new", estimated_cost=None)]:
        append_record(path, record)
    assert report(path, "--prometheus", tmp_path / "b.prom") == 0
    samples = {
        (sample.name, tuple(sorted(sample.labels.values()))): sample.value
        for family in text_string_to_metric_families((tmp_path / "b.prom").read_text())
        for sample in family.samples
    }
    assert samples["cutdown_batch_videos", ()] == 3
    assert samples["cutdown_batch_phase_seconds", ("phase4_assembly",)] == 39
    assert samples["cutdown_batch_phase_work_seconds", ("0.5", "phase1_ingest")] == 20
    assert samples["cutdown_batch_cost_known_usd", ()] == 2.25
    assert samples["cutdown_batch_unpriced_records", ()] == 1
    assert ("cutdown_batch_cost_usd", ()) not in samples
    cost = "cutdown_batch_service_cost_usd"
    assert samples[cost, ("gpt-4o", "openai", "phase2_director")] == 1
    assert (cost, ("new", "openai", "phase2_director")) not in samples


def test_a_report_that_cannot_be_made_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert report(tmp_path) == 2
    assert "give the folder that a run left its results in" in " ".join(capsys.readouterr().err.split())
    broken = tmp_path / "talk.cutdown" / "metrics.jsonl"
    broken.parent.mkdir()
    broken.write_text("{}\n")
    assert report(tmp_path) == 2
    assert f"'{broken}' line 1 is not a metrics record" in capsys.readouterr().err  # one of many of that name
    broken.unlink()
    append_record(tmp_path / "metrics.jsonl", a_batch()[0])
    (tmp_path / "file").write_text("")
    assert report(tmp_path, "--out", tmp_path / "file") == 2
    assert "choose another --out" in " ".join(capsys.readouterr().err.split())
    assert report(tmp_path, "--prometheus", tmp_path / "file" / "b.prom") == 2
    assert "choose another file" in " ".join(capsys.readouterr().err.split())


def test_a_buckets_prefix_is_searched_as_a_folder_is(
    tmp_path: Path,
    s3: S3Server,
    bucket: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    for name, value in s3.environment().items():
        monkeypatch.setenv(name, value)
    place = s3.place(bucket, "results")
    for record in a_batch():
        append_record(tmp_path / f"talk {record.video_id}" / "metrics.jsonl", record)
    for video in "ab":
        place.publish(tmp_path / f"talk {video}" / "metrics.jsonl", f"spring/talk {video}/metrics.jsonl")
    batch = BatchMetrics.read(f"s3://{bucket}/results")
    assert batch.records == BatchMetrics.read(tmp_path).records
    assert [video.name for video in batch.videos] == ["talk a", "talk b"]
    alone = BatchMetrics.read(f"s3://{bucket}/results/spring/talk b/metrics.jsonl")
    assert [(video.video_id, video.name) for video in alone.videos] == [("b", "talk b")]
    assert report(f"s3://{bucket}/elsewhere") == 2
    assert f"no metrics.jsonl in 's3://{bucket}/elsewhere'" in " ".join(capsys.readouterr().err.split())
