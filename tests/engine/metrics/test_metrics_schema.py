"""The published schema of the records: current, strict where fields are promised, open where it has to be."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from metrics_kit import a_batch, director

from cutdown.cli import build_app, start
from cutdown.metrics import PhaseRecord
from cutdown.metrics.schema import metrics_schema, unit_of

SCHEMA = Path(__file__).resolve().parents[3] / "docs" / "schemas" / "metrics.schema.json"
PROMISED = {
    "phase1_ingest": {
        "video_duration_seconds", "audio_extraction_time", "transcription_time", "transcription_method",
        "whisper_model", "total_time", "segments_generated",
    },
    "phase2_director": {
        "transcript_segments", "transcript_tokens", "llm_provider", "llm_model", "api_call_time", "tokens_used",
        "estimated_cost", "actions_generated", "total_time",
    },
    "phase3_voice": {
        "narration_segments", "total_narration_duration", "tts_provider", "voice_id", "api_calls", "total_api_time",
        "estimated_cost", "pronunciation_fixes_applied", "total_time",
    },
    "phase4_assembly": {
        "input_video_duration", "input_video_size_mb", "cfr_conversion_time", "clip_creation_time", "rendering_time",
        "output_video_duration", "output_video_size_mb", "compression_ratio", "fps", "resolution", "total_time",
    },
}  # fmt: skip
HEAD = {"phase", "timestamp", "video_id", "run_id", "elapsed_seconds"}


@pytest.fixture(scope="module")
def validator() -> jsonschema.Draft202012Validator:
    schema = json.loads(SCHEMA.read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


def written(record: PhaseRecord) -> dict[str, Any]:
    line: dict[str, Any] = json.loads(record.model_dump_json())
    return line


def test_the_published_schema_is_current(capsys: pytest.CaptureFixture[str]) -> None:
    assert start(build_app(lambda _job: pytest.fail("ran")), ["schema", "metrics"]) == 0
    printed = capsys.readouterr().out
    assert SCHEMA.read_text(encoding="utf-8") == printed, "write it anew with: just schema"


@pytest.mark.parametrize("record", a_batch()[:4], ids=lambda record: record.phase)
def test_a_record_passes_and_none_of_its_promised_fields_may_be_missing(
    validator: jsonschema.Draft202012Validator, record: PhaseRecord
) -> None:
    line = written(record)
    validator.validate(line)
    for field in PROMISED[record.phase] | HEAD:
        without = {name: value for name, value in line.items() if name != field}
        assert not validator.is_valid(without), field


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("total_time", -1),
        ("total_time", "3 s"),
        ("estimated_cost", -0.5),
        ("tokens_used", {"prompt": 1, "completion": 2}),
        ("tokens_used", {"prompt": 1.5, "completion": 2, "total": 3.5}),
        ("actions_generated", None),
        ("timestamp", 1_700_000_000),
        ("peak_memory_mb", None),
        ("steps", {"asking": {"seconds": -1}}),
    ],
)
def test_a_wrong_value_is_refused(
    validator: jsonschema.Draft202012Validator, field: str, value: object
) -> None:
    assert not validator.is_valid(written(director("a", "r", 1.0, 1.0)) | {field: value})


def test_no_price_fields_of_later_versions_and_other_phases_pass(
    validator: jsonschema.Draft202012Validator,
) -> None:
    line = written(director("a", "r", 1.0, 1.0, estimated_cost=None))
    validator.validate(line | {"mood": "calm"})
    validator.validate(line | {"phase": "phase9_polish"})
    earlier = {name: value for name, value in line.items() if name not in ("steps", "disk_free_low_mb")}
    validator.validate(earlier)


def numbers(part: object, place: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    if isinstance(part, dict):
        if part.get("type") in ("number", "integer"):
            yield place, part
        for name, inner in part.items():
            yield from numbers(inner, f"{place}/{name}")
    elif isinstance(part, list):
        for inner in part:
            yield from numbers(inner, place)


def test_every_number_has_a_unit() -> None:
    found = list(numbers(metrics_schema()))
    assert len(found) > 60
    assert [place for place, number in found if not number.get("unit")] == []
    units = {place.split("/")[-1]: number["unit"] for place, number in found}
    assert units["total_time"] == "s"
    assert units["segments_generated"] == "count"
    with pytest.raises(LookupError, match="'shine' tells no unit"):
        unit_of("shine")
