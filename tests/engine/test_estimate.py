"""What a forecast knows of a recording before anybody has listened to it."""

from __future__ import annotations

from pathlib import Path

import pytest
from media_kit import make_recording

from cutdown.estimate import estimate
from cutdown.job import Job
from cutdown.settings import HOME_VARIABLE, DirectorOptions, OptimizeOptions, SpeechOptions, VoiceOptions
from cutdown.store import Store

PAID = OptimizeOptions(
    speech=SpeechOptions(transcriber="openai"),
    director=DirectorOptions(llm="openai/gpt-4o"),
    voice=VoiceOptions(voice="elevenlabs"),
)


@pytest.mark.parametrize("sound", [True, False])
def test_services_have_nothing_to_do_where_there_is_no_sound(
    sound: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(HOME_VARIABLE, str(tmp_path / "state"))
    recording = make_recording(tmp_path / "talk.mp4", sound=sound)
    forecast = estimate(Job(source=recording, options=PAID), Store(tmp_path / "store"))
    asked = [phase.cost.usd for phase in forecast.phases[:3]]
    assert [bool(usd) for usd in asked] == [sound] * 3, asked
    assert None not in asked
