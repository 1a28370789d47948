"""Records as phases write them, with round figures, for tests that add them up."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from cutdown.metrics import (
    AssemblyRecord,
    DirectorRecord,
    IngestRecord,
    PhaseRecord,
    Replaced,
    TokensUsed,
    VoiceRecord,
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
