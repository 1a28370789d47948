"""New narration is planned only where a chosen voice can speak it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from director_kit import Script

from cutdown.current_run import running
from cutdown.job import Job
from cutdown.pipeline import Phases, _results
from cutdown.products import Ingested
from cutdown.settings import DirectorOptions, NarrationMode, OptimizeOptions, VoiceOptions
from cutdown.store import Store
from cutdown.voice import speaks


class EnoughError(Exception):
    """The director was asked; what comes after it is not looked at."""


def asked_for(tmp_path: Path, language: str, narration: NarrationMode, voice: str = "hibari") -> str:
    """The narration that the director is asked for, where a talk in a language was heard."""
    store = Store(tmp_path / "store")
    script = Script().say("Menschen, die die Software nutzen.", 300)
    heard = Ingested.model_construct(
        transcript=store.put_text(script.transcript(language).model_dump_json()),
        signals=store.put_text(script.signals().model_dump_json()),
        waveform=store.put_text("[]"),
        record=None,
    )
    modes: list[str] = []

    def direct(**inputs: Any) -> Any:
        modes.append(inputs["options"].narration)
        raise EnoughError

    def never(**_inputs: Any) -> Any:
        raise AssertionError

    options = OptimizeOptions(director=DirectorOptions(narration=narration), voice=VoiceOptions(voice=voice))
    job = Job(source=tmp_path / "talk.mp4", options=options)
    do = Phases(lambda **_: (heard, True), direct, never, never, never)
    with running(folder=tmp_path), pytest.raises(EnoughError):
        _results(job, script.recording(), do, store)
    (mode,) = modes
    return mode


@pytest.mark.parametrize(
    ("language", "narration", "planned"),
    [
        ("en", "clean", "clean"),
        ("de", "clean", "none"),
        ("de", "bridges", "none"),
        ("de", "full", "full"),  # asked for in so many words: the voice tells what it speaks
    ],
)
def test_narration_that_no_chosen_voice_speaks_is_not_planned(
    tmp_path: Path, language: str, narration: NarrationMode, planned: str
) -> None:
    assert asked_for(tmp_path, language, narration) == planned


def test_a_voice_of_many_languages_is_asked_for_narration_in_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "none")
    assert asked_for(tmp_path, "de", "clean", "hibari,openai:alloy/tts-1") == "clean"
    assert speaks("openai", "de-AT")
    assert not speaks("hibari", "de")
