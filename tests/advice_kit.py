"""Runs to draw advice from, as records say them."""

from __future__ import annotations

from typing import Any

from cutdown.advice import Case, Machine
from cutdown.metrics import AssemblyRecord, DirectorRecord, IngestRecord, PhaseRecord, TokensUsed, VoiceRecord
from cutdown.services.choices import Choice
from cutdown.services.prices import PriceBook
from cutdown.settings import RenderOptions

_MACHINE: dict[str, Any] = {
    "video_id": "v", "run_id": "r", "cpu_seconds": 1, "cpu_percent_mean": 50, "cpu_percent_max": 100,
    "peak_memory_mb": 900, "disk_read_mb": 1, "disk_written_mb": 1,
}  # fmt: skip


def ingest(seconds: float = 40, **more: Any) -> IngestRecord:
    given = {
        "elapsed_seconds": seconds, "video_duration_seconds": 600, "audio_extraction_time": 1,
        "transcription_time": 0.9 * seconds, "transcription_method": "local", "whisper_model": "base",
        "total_time": seconds, "segments_generated": 9,
    }  # fmt: skip
    return IngestRecord.model_validate(_MACHINE | given | more)


def direct(seconds: float = 2, **more: Any) -> DirectorRecord:
    given = {
        "elapsed_seconds": seconds, "transcript_segments": 9, "transcript_tokens": 900, "llm_provider": "none",
        "llm_model": "offline/2", "api_call_time": 0, "tokens_used": TokensUsed(), "actions_generated": 5,
        "total_time": seconds,
    }  # fmt: skip
    return DirectorRecord.model_validate(_MACHINE | given | more)


def voice(seconds: float = 2, **more: Any) -> VoiceRecord:
    given = {
        "elapsed_seconds": seconds, "narration_segments": 3, "total_narration_duration": 20, "tts_provider": "hibari",
        "voice_id": "heart", "api_calls": 3, "total_api_time": seconds, "pronunciation_fixes_applied": 0,
        "total_time": seconds,
    }  # fmt: skip
    return VoiceRecord.model_validate(_MACHINE | given | more)


def assembly(seconds: float = 60, **more: Any) -> AssemblyRecord:
    given = {
        "elapsed_seconds": seconds, "input_video_duration": 600, "input_video_size_mb": 50, "cfr_conversion_time": 0,
        "clip_creation_time": 0.1 * seconds, "rendering_time": 0.6 * seconds, "output_video_duration": 200,
        "output_video_size_mb": 9, "compression_ratio": 0.6, "fps": 30, "resolution": "1280x720",
        "verification_time": 0.3 * seconds, "total_time": seconds,
    }  # fmt: skip
    return AssemblyRecord.model_validate(_MACHINE | given | more)


def a_case(*records: PhaseRecord, services: tuple[str, ...] = (), cores: int = 2, **more: Any) -> Case:
    """A run of ten minutes of video, with the usual phases where none of the kind are given."""
    usual = {
        "phase1_ingest": ingest(),
        "phase2_director": direct(),
        "phase3_voice": voice(),
        "phase4_assembly": assembly(),
    }
    given = {record.phase: record for record in records}
    fields: dict[str, Any] = {
        "records": tuple((usual | given).values()),
        "video_seconds": 600.0,
        "language": "en",
        "render": RenderOptions(),
        "transcribers": (Choice(provider="local"),),
        "directors": (Choice(provider="offline"),),
        "voices": (Choice(provider="hibari"),),
        "prices": PriceBook.read(),
        "machine": Machine(cores=cores, memory_mb=16_000, services=frozenset(services)),
    }
    return Case(**(fields | more))
