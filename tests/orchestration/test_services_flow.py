"""Services under Prefect: keys from blocks, shared limits, and nothing secret in what Prefect keeps."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from fake_services.server import FakeServices
from llm_kit import think
from pydantic import SecretStr

from cutdown.demo import make_demo
from cutdown.errors import MissingKeyError
from cutdown.services.connections import connection_to, providers, reached_through
from cutdown.services.terms import Terms
from cutdown.settings import DirectorOptions, OptimizeOptions, RenderOptions, SpeechOptions, VoiceOptions


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[FakeServices]:
    for provider in providers().values():
        monkeypatch.delenv(provider.key, raising=False)
        monkeypatch.delenv(provider.address, raising=False)
    monkeypatch.chdir(tmp_path)
    with FakeServices(brain=think) as server:
        yield server


def database_files() -> list[Path]:
    """Prefect's own database, with what it has not yet taken in."""
    from prefect.settings import PREFECT_API_DATABASE_CONNECTION_URL

    path = Path(str(PREFECT_API_DATABASE_CONNECTION_URL.value()).partition("///")[2])
    return sorted(path.parent.glob(f"{path.name}*"))


def save_blocks(fake: FakeServices) -> None:
    from blocks import AnthropicCredentials, ElevenLabsCredentials, OpenAICredentials

    for kind, provider, address in (
        (OpenAICredentials, "openai", fake.openai_url),
        (AnthropicCredentials, "anthropic", fake.anthropic_url),
        (ElevenLabsCredentials, "elevenlabs", fake.elevenlabs_url),
    ):
        block = kind(api_key=SecretStr(fake.keys[provider]), base_url=address, requests_at_once=2)
        block.save("cutdown", overwrite=True, _sync=True)


def test_a_run_takes_its_keys_from_blocks_and_leaves_none_behind(
    state: Path, fake: FakeServices, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    from flows.optimize import optimize_video

    save_blocks(fake)
    recording = tmp_path / "talk.mp4"
    make_demo(recording)
    outcome = optimize_video(
        source=recording,
        out=tmp_path / "out",
        options=OptimizeOptions(
            speech=SpeechOptions(transcriber="openai"),
            director=DirectorOptions(llm="anthropic", narration="full"),
            voice=VoiceOptions(voice="elevenlabs"),
            render=RenderOptions(preset="ultrafast", resolution="320x180"),
        ),
        terms=Terms(budget=2.0),
    )
    assert outcome.passed
    assert outcome.downgrades == ()
    assert (outcome.cost() or 0) > 0
    assert fake.most_in_flight("elevenlabs") <= 2
    assert fake.asked("openai.transcription")
    assert fake.asked("anthropic.messages")
    assert {exchange.headers.get("x-request-id") for exchange in fake.journal} == {outcome.run_id}
    kept = [path for path in tmp_path.rglob("*") if path.is_file()]
    kept += database_files()
    assert any(path.suffix == ".db" for path in kept)
    for canary in fake.keys.values():
        assert canary not in caplog.text
        for path in kept:
            assert canary.encode() not in path.read_bytes(), path


def test_a_missing_key_names_the_block_first(state: Path, fake: FakeServices) -> None:
    from blocks.providers import BlockSource

    with reached_through(BlockSource("nobody")), pytest.raises(MissingKeyError) as told:
        connection_to("elevenlabs")
    message = str(told.value)
    assert message.index("the block 'cutdown-elevenlabs/nobody'") < message.index("ELEVENLABS_API_KEY")


def test_every_provider_has_its_block_with_descriptions() -> None:
    from blocks.providers import BLOCKS

    assert set(BLOCKS) == set(providers())
    for kind in BLOCKS.values():
        assert kind._block_type_name
        assert kind._description
        for name, field in kind.model_fields.items():
            assert field.description, f"{kind.__name__}.{name}"
            assert field.title, f"{kind.__name__}.{name}"
        assert kind.model_fields["api_key"].annotation == SecretStr | None


def test_a_shared_limit_is_passed_by_every_request(state: Path, fake: FakeServices, tmp_path: Path) -> None:
    from fault_matrix import plan_of
    from prefect.client.orchestration import get_client
    from prefect.client.schemas.actions import GlobalConcurrencyLimitCreate
    from service_kit import an_account, chosen

    from cutdown.store import Store
    from cutdown.voice.speak import speak
    from tasks.services import services_within_reach

    save_blocks(fake)
    with get_client(sync_client=True) as client:
        client.create_global_concurrency_limit(GlobalConcurrencyLimitCreate(name="cutdown-openai", limit=1))
    fake.delay = 0.05
    try:
        with services_within_reach(), an_account(tmp_path) as account:
            lines = ["Open the first file.", "Close the window.", "Save the page."]
            speak(
                plan_of(lines),
                VoiceOptions(),
                Store(tmp_path / "s"),
                choices=(chosen("openai", "voice"),),
                account=account,
            )
    finally:
        with get_client(sync_client=True) as client:
            client.delete_global_concurrency_limit_by_name("cutdown-openai")
    assert len(fake.asked("openai.speech")) == 3
    assert fake.most_in_flight("openai") == 1
