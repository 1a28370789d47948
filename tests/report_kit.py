"""A small report with everything in it, and text that tries to break out of it."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from cutdown.advice import Advice, Finding
from cutdown.certificate import Certificate, Check, Measured
from cutdown.metrics import Cost, Forecast, PhaseForecast
from cutdown.narration import Narration, NarrationLine
from cutdown.plan import EditAction, EditPlan, Evidence
from cutdown.recording import AudioTrack, Picture, Recording
from cutdown.report import write_report
from cutdown.signals import ScreenSpan, Signals
from cutdown.store import Ref
from cutdown.timebase import Span
from cutdown.timeline import FitChoice, Segment, Timeline

HOSTILE = """</title><script>alert('x')</script>"&<img src=http://evil.example/x onerror=alert(1)>"""


def action(name: str, kind: str, start: int, end: int, **more: Any) -> EditAction:
    return EditAction(
        id=name, type=kind, start=start, end=end, reason=more.pop("reason", f"because of {name}"), **more
    )  # type: ignore[arg-type]


ACTIONS = (
    action("a1", "keep", 0, 10, quote=HOSTILE),
    action("a2", "cut", 10, 20, evidence=(Evidence(kind="silence", note=HOSTILE),), confidence=0.7),
    action("a3", "speedup", 20, 40, factor=4, reason=HOSTILE, activity="waiting"),
    action("a4", "rewrite", 40, 50, narration=HOSTILE, quote="um so"),
)


TRACE = {"step_seconds": 0.5, "cpu_percent": [40, 190.5, 160, 20], "memory_mb": [200, 700.5, 720, 640]}
FORECAST = Forecast(
    video_seconds=50,
    prices_as_of="2025-12-01",
    phases=tuple(
        PhaseForecast(
            phase=phase, seconds=seconds, basis="median of earlier runs here", low=low, high=high,
            cost=Cost(usd=usd, arithmetic=f"{HOSTILE}, 3 min x $0.1"),
        )
        for phase, seconds, low, usd, high in (
            ("phase1_ingest", 2.5, 0.0, 0.0, 0.0),
            ("phase2_director", 1.5, 0.21, 0.33, 0.55),
            ("phase3_voice", 4.0, None, None, None),
        )
    ),
)  # fmt: skip
FINDINGS = (
    Finding(
        trouble="slow",
        finding="Slow: 312 s for 60 s of video",
        advice=Advice(
            rule="smaller-whisper", evidence="transcription took 61 % of 312 s", recommend="--whisper-model tiny.en",
            gain=120, unit="s", gives_up=HOSTILE, source="measured",
        ),
    ),
    Finding(trouble="busy", finding="All 2 cores were busy", same_as="slow"),
    Finding(trouble="memory", finding="Short of memory"),
)  # fmt: skip


def report(*, passed: bool = True, picture: bool = True, title: str = HOSTILE, **more: Any) -> str:
    rate = Fraction(30)
    segments = (
        Segment(action="a1", type="keep", first_frame=0, frames=300, source_frame=0, speed=Fraction(1)),
        Segment(
            action="a3", type="speedup", first_frame=300, frames=150, source_frame=600, speed=Fraction(4)
        ),
        Segment(
            action="a4", type="rewrite", first_frame=450, frames=300, source_frame=1200, speed=Fraction(1)
        ),
    )
    checks = (
        Check(name="structure", passed=True, limit="all", note=HOSTILE),
        Check(
            name="sync",
            passed=passed,
            values=(Measured(name="largest", value=3.25, unit="ms"), Measured(name="p95", value=None)),
            limit="33.3 ms",
            note="apart",
        ),
        Check(name="words", passed=True, measured=False, limit="5 %", note="nothing is spoken"),
    )
    shown = Picture(
        stream_index=0, codec="h264", pixel_format="yuv420p", width=640, height=360, display_width=640,
        display_height=360, pixel_aspect=Fraction(1), rate=rate, variable_rate=False, frames=1500, start=Fraction(0),
    )  # fmt: skip
    given: dict[str, Any] = {
        "title": title,
        "before": f"../{HOSTILE}.mp4",
        "after": f"{HOSTILE}.mp4",
        "recording": Recording(
            sha256="a" * 64, name=HOSTILE, size_bytes=12_345_678, container="mp4", duration=Fraction(50),
            picture=shown if picture else None,
            audio=(AudioTrack(order=0, stream_index=1, codec="aac", sample_rate=48000, channels=2, start=Fraction(0)),),
        ),
        "signals": Signals(
            duration=Fraction(50), noise_floor_db=-60, speech_level_db=-20, silences=(),
            speech=(Span(start=Fraction(1), end=Fraction(9)),),
            screen=(
                ScreenSpan(start=Fraction(0), end=Fraction(20), still=True, changed=0),
                ScreenSpan(start=Fraction(20), end=Fraction(50), still=False, changed=0.4),
            ),
        ),
        "plan": EditPlan(recording_sha256="a" * 64, duration=Fraction(50), director="offline/2", actions=ACTIONS),
        "narration": Narration(
            provider="hibari", voice="heart", language="en",
            lines=(
                NarrationLine(
                    actions=("a4",), text=HOSTILE, spoken="said " + HOSTILE, sound=Ref(sha256="b" * 64, size=9),
                    samples=96_000,
                ),
            ),
        ),
        "timeline": Timeline(
            recording_sha256="a" * 64, rate=rate, segments=segments, sounds=(),
            fits=(FitChoice(action="a4", lever="flag", seconds=Fraction(1, 2), note=HOSTILE),),
        ),
        "certificate": Certificate(output="x.mp4", sha256="c" * 64, passed=passed, checks=checks),
        "records": [
            {"phase": "phase1_ingest", "elapsed_seconds": 3.0, "cpu_seconds": 4.5, "peak_memory_mb": 300.4,
             "whisper_model": HOSTILE, "transcription_method": "local", "trace": TRACE},
            {"phase": "phase2_director", "elapsed_seconds": 1.0, "estimated_cost": 0.32, "cached": True,
             "tokens_used": {"prompt": 10, "completion": 5, "total": 15}},
            {"phase": "phase3_voice", "elapsed_seconds": 2.0, "estimated_cost": None, "trace": TRACE,
             "downgrades": [{"wanted": "elevenlabs", "used": "hibari", "why": HOSTILE}]},
        ],
        "peaks": (0.1, 0.9, 0.0, 1.0),
        "forecast": FORECAST,
        "findings": FINDINGS,
    }  # fmt: skip
    return write_report(**(given | more))
