"""Every piece of advice, followed: the work is done with the setting in force and with the one advised."""

from __future__ import annotations

import functools
import json
import subprocess
import sys
from fractions import Fraction
from pathlib import Path

import pytest
from fake_services.faults import Fault
from fake_services.server import FakeServices
from fault_matrix import surround
from talk_kit import LINES, make_talk

from benchmarks.rates import draw
from cutdown import phases
from cutdown.advice.rules import rule_book
from cutdown.metrics import ServiceRecord
from cutdown.pipeline import cast_of
from cutdown.plan import EditAction, EditPlan
from cutdown.products import Ingested
from cutdown.services.terms import Terms
from cutdown.settings import DirectorOptions, OptimizeOptions, SpeechOptions, VoiceOptions
from cutdown.store import Store

FOLLOWED = {  # rule, and the test below that follows it
    "smaller-whisper": "test_another_whisper_model_takes_less_time_and_so_does_a_service",
    "base-whisper": "test_base_takes_less_time_than_small",
    "smaller-whisper-for-memory": "test_a_smaller_whisper_needs_less_memory",
    "transcription-service": "test_another_whisper_model_takes_less_time_and_so_does_a_service",
    "transcription-here": "test_a_cheaper_provider_costs_less",
    "cheaper-director": "test_a_cheaper_provider_costs_less",
    "cheaper-voice": "test_a_cheaper_provider_costs_less",
    "another-transcriber": "test_a_provider_that_is_not_limited_keeps_nobody_waiting",
    "another-director": "test_a_provider_that_is_not_limited_keeps_nobody_waiting",
    "another-voice": "test_a_provider_that_is_not_limited_keeps_nobody_waiting",
    "faster-engine": "test_another_way_to_render_takes_less_time",
    "faster-preset": "test_another_way_to_render_takes_less_time",
    "fewer-lines": "test_fewer_lines_take_less_time",
}


def test_every_rule_is_followed_somewhere() -> None:
    assert {rule.name for rule in rule_book().rules} == set(FOLLOWED)
    assert set(FOLLOWED.values()) <= set(globals())


@pytest.fixture(scope="module")
def talk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_talk(tmp_path_factory.mktemp("talks") / "talk.mp4")


@pytest.fixture
def found(fake: FakeServices, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> FakeServices:
    surround(monkeypatch, fake, tmp_path / "state")
    return fake


def listened(talk: Path, store: Store, *, model: str = "tiny.en", transcriber: str = "local") -> Ingested:
    speech = SpeechOptions(transcriber=transcriber, whisper_model=model, language="en")
    return phases.ingest(
        store,
        source=talk,
        recording=phases.examine(store, talk),
        options=speech.model_copy(update={"transcriber": ""}),
        choices=cast_of(OptimizeOptions(speech=speech)).transcribers,
        terms=Terms(),
    )


def directed(talk: Path, store: Store, llm: str) -> ServiceRecord:
    heard = listened(talk, Store(store.root.parent / "heard"))
    options = DirectorOptions(llm=llm)
    kept = Store(store.root.parent / "heard")
    return phases.direct(
        kept,
        recording=phases.examine(kept, talk),
        transcript=heard.transcript,
        signals=heard.signals,
        options=options.model_copy(update={"llm": ""}),
        choices=cast_of(OptimizeOptions(director=options)).directors,
        prompts=llm,
        examples=None,
        terms=Terms(),
    ).record


def spoken(store: Store, voice: str) -> ServiceRecord:
    rewrites = tuple(
        EditAction(id=f"a{at}", type="rewrite", start=4 * at, end=4 * at + 4, reason="new", narration=line)
        for at, line in enumerate(LINES)
    )
    plan = EditPlan(recording_sha256="a" * 64, duration=Fraction(12), director="by-hand/1", actions=rewrites)
    options = VoiceOptions(voice=voice)
    return phases.speak(
        store,
        plan=store.put_text(plan.to_json()),
        dictionary=None,
        options=options.model_copy(update={"voice": ""}),
        choices=cast_of(OptimizeOptions(voice=options)).voices,
        terms=Terms(),
    ).record


def test_another_whisper_model_takes_less_time_and_so_does_a_service(
    talk: Path, tmp_path: Path, found: FakeServices, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = listened(talk, Store(tmp_path / "here"), model="base").record
    tiny = listened(talk, Store(tmp_path / "tiny"), model="tiny.en").record
    assert tiny.cpu_seconds < here.cpu_seconds
    # The stand-in listens with Whisper on this machine too: what it heard once it answers at once.
    monkeypatch.setattr(found, "ears", functools.cache(found.ears))
    listened(talk, Store(tmp_path / "first"), transcriber="openai")
    found.delay = 12 * rule_book().rates["openai transcription"].saves["seconds per second"]  # as for 12 s
    there = listened(talk, Store(tmp_path / "there"), transcriber="openai").record
    assert there.transcription_time < here.transcription_time
    assert there.estimated_cost
    assert there.estimated_cost > 0


def test_base_takes_less_time_than_small(talk: Path, tmp_path: Path) -> None:
    from faster_whisper.utils import download_model

    try:
        small = download_model("small", local_files_only=True)
    except Exception as error:  # noqa: BLE001  # whatever the hub's client raises where it was not fetched
        pytest.skip(f"needs Whisper's model small, which was not fetched here: {type(error).__name__}")
    old = listened(talk, Store(tmp_path / "old"), model=small).record
    new = listened(talk, Store(tmp_path / "new"), model="base").record
    assert new.cpu_seconds < old.cpu_seconds


def alone(kind: str, path: Path, given: object) -> dict[str, float]:
    """One case of the benchmark that the rates come from, in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.rates", "--case", kind, str(path), json.dumps(given)],
        check=True,
        capture_output=True,
        text=True,
        cwd=Path(__file__).resolve().parents[3],
    )
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def test_another_way_to_render_takes_less_time(talk: Path) -> None:
    usual = draw(talk, {})["cpu"]
    assert usual < draw(talk, {"engine": "moviepy"})["cpu"]
    assert usual < draw(talk, {"preset": "slower"})["cpu"]


def test_fewer_lines_take_less_time(tmp_path: Path) -> None:
    large = make_talk(tmp_path / "large.mp4", LINES[:1], size=(2560, 1440), fps=10)
    assert draw(large, {"resolution": "720p"})["cpu"] < draw(large, {})["cpu"]


def test_a_smaller_whisper_needs_less_memory(talk: Path) -> None:
    talk.with_suffix(".ref.txt").write_text(" ".join(LINES), encoding="utf-8")
    assert alone("listen", talk, "tiny.en")["memory"] < alone("listen", talk, "base")["memory"]


def test_a_cheaper_provider_costs_less(talk: Path, tmp_path: Path, found: FakeServices) -> None:
    paid = listened(talk, Store(tmp_path / "there"), transcriber="openai").record.estimated_cost
    assert paid
    assert listened(talk, Store(tmp_path / "here")).record.estimated_cost == 0
    store = Store(tmp_path / "store")
    costs = [
        directed(talk, store, llm).estimated_cost
        for llm in ("openai/gpt-4o", "openai/gpt-4o-mini", "offline")
    ]
    assert costs == sorted(costs, reverse=True)
    assert len(set(costs)) == 3
    voices = ("elevenlabs/eleven_multilingual_v2", "openai/tts-1", "hibari")
    costs = [spoken(Store(tmp_path / name[:4]), name).estimated_cost for name in voices]
    assert costs == sorted(costs, reverse=True)
    assert len(set(costs)) == 3


def test_a_provider_that_is_not_limited_keeps_nobody_waiting(
    talk: Path, tmp_path: Path, found: FakeServices
) -> None:
    limits = [Fault.RATE_LIMIT_1S]
    for endpoint in ("openai.transcription", "openai.responses", "elevenlabs.speech"):
        found.script(endpoint, limits)
    store = Store(tmp_path / "store")
    pairs = [
        (
            listened(talk, Store(tmp_path / "limited"), transcriber="openai").record,
            listened(talk, Store(tmp_path / "free")).record,
        ),
        (directed(talk, store, "openai"), directed(talk, store, "anthropic")),
        (spoken(Store(tmp_path / "eleven"), "elevenlabs"), spoken(Store(tmp_path / "open"), "openai")),
    ]
    for limited, free in pairs:
        assert limited.rate_limited == 1
        assert limited.waited_seconds >= 1
        assert free.rate_limited == 0
        assert free.waited_seconds == 0
        # The pauses themselves, not the phases' times: an SDK's first import may take longer than a pause.
