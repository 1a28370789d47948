"""Where keys are looked for, in which order, and that a missing one is told with every place."""

from __future__ import annotations

import traceback
from pathlib import Path

import pytest
from pydantic import SecretStr

from cutdown.errors import MissingKeyError, UsageError
from cutdown.services.choices import Choice, completed, parse_choices
from cutdown.services.connections import (
    Connection,
    connection_to,
    is_own_machine,
    providers,
    reached_through,
)
from cutdown.services.faults import of_status, retry_after


class Brought:
    """A source that knows one key."""

    def find(self, provider: str) -> Connection | None:
        return Connection(key=SecretStr("from-block"), model="own-model") if provider == "openai" else None

    def place(self, provider: str) -> str:
        return f"the block '{provider}/x'"


@pytest.fixture(autouse=True)
def nowhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for provider in providers().values():
        monkeypatch.delenv(provider.key, raising=False)
        monkeypatch.delenv(provider.address, raising=False)
    monkeypatch.chdir(tmp_path)


def key(provider: str = "openai") -> str:
    found = connection_to(provider).key
    assert found is not None
    return found.get_secret_value()


def test_a_block_comes_before_the_environment_and_that_before_the_file(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / ".env").write_text("OPENAI_API_KEY=from-file\n")
    assert key() == "from-file"
    monkeypatch.setenv("OPENAI_API_KEY", "from-environment")
    assert key() == "from-environment"
    with reached_through(Brought()):
        assert key() == "from-block"
        assert completed((Choice(provider="openai"),), "llm")[0].model == "own-model"
    assert key() == "from-environment"


def test_a_file_of_settings_that_cannot_be_read_is_named_and_not_shown(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    file = tmp_path / ".env"
    file.write_bytes(b"# caf\xe9\nOPENAI_API_KEY=sk-canary\n")
    inner = tmp_path / "inner"
    inner.mkdir()
    monkeypatch.chdir(inner)
    with pytest.raises(
        UsageError, match=r"\.env', where settings are looked for: it is not UTF-8 text"
    ) as told:
        connection_to("openai")
    assert str(file) in str(told.value)
    assert "canary" not in "".join(traceback.format_exception(told.value))
    (inner / ".env").write_bytes(b"\xef\xbb\xbfOPENAI_API_KEY=sk-of-an-editor-that-marks-its-files\n")
    assert key() == "sk-of-an-editor-that-marks-its-files"


def test_a_missing_key_names_every_place_that_was_searched() -> None:
    with reached_through(Brought()), pytest.raises(MissingKeyError) as told:
        connection_to("anthropic")
    message = str(told.value)
    assert "the block 'anthropic/x'" in message
    assert "ANTHROPIC_API_KEY in the environment" in message
    assert ".env" in message
    with pytest.raises(MissingKeyError, match=r"COMPATIBLE_BASE_URL"):
        connection_to("compatible")


def test_a_key_shows_in_no_text_of_a_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-canary")
    connection = connection_to("openai")
    assert "sk-canary" not in f"{connection} {connection!r} {connection.model_dump_json()}"


@pytest.mark.parametrize(
    "address",
    [
        "localhost:1234/v1",
        "127.0.0.1:1234",
        "/v1",
        "http://",
        "http://host:port/v1",
        "ftp://host/v1",
        "http://ho st/v1",
        "http://host/v1\t/x",
    ],
)
def test_an_address_that_is_none_is_told_before_any_work(
    monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    monkeypatch.setenv("COMPATIBLE_BASE_URL", address)
    with pytest.raises(
        UsageError, match=r"OpenAI-compatible server is no address; write it as http://HOST:PORT/v1"
    ) as told:
        connection_to("compatible")
    assert "COMPATIBLE_BASE_URL" in str(told.value)


def test_each_provider_is_shown_how_its_own_address_reads(monkeypatch: pytest.MonkeyPatch) -> None:
    for provider in ("anthropic", "elevenlabs"):
        monkeypatch.setenv(providers()[provider].key, "key")
        monkeypatch.setenv(providers()[provider].address, "nowhere")
        with pytest.raises(UsageError, match=f"write it like {providers()[provider].home} "):
            connection_to(provider)


def test_line_breaks_around_a_key_and_an_address_are_no_part_of_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", " sk-somebody\r\n")
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:1/v1/\n")
    assert key() == "sk-somebody"
    assert connection_to("openai").base_url == "http://127.0.0.1:1/v1"
    monkeypatch.setenv("OPENAI_API_KEY", " \n")
    with pytest.raises(MissingKeyError):
        connection_to("openai")


@pytest.mark.parametrize("wrong", ["sk-canary two", "sk-canary\nsk-canary", "sk-canary…", "sk-canár"])
@pytest.mark.parametrize("provider", ["openai", "anthropic", "elevenlabs"])
def test_a_key_that_cannot_be_sent_is_told_before_any_work_and_not_shown(
    monkeypatch: pytest.MonkeyPatch, provider: str, wrong: str
) -> None:
    name = providers()[provider].key
    monkeypatch.setenv(name, wrong)
    with pytest.raises(UsageError, match=f"holds a sign that no key has.*{name}") as told:
        connection_to(provider)
    assert "canar" not in str(told.value)


def test_choices_are_read_as_they_are_written() -> None:
    names = ("openai", "elevenlabs", "hibari", "compatible")
    choices = parse_choices("elevenlabs:Rachel/eleven_flash_v2_5, openai:nova,hibari", "voice", names)
    assert [(c.provider, c.voice, c.model) for c in choices] == [
        ("elevenlabs", "Rachel", "eleven_flash_v2_5"),
        ("openai", "nova", ""),
        ("hibari", "", ""),
    ]
    (local,) = parse_choices("compatible/meta/llama-3:8b", "llm", names)
    assert local.model == "meta/llama-3:8b"
    assert str(local) == "compatible/meta/llama-3:8b"
    for text, told in (
        ("openai,hal", "no provider named 'hal'"),
        ("", "no provider named ''"),
        ("openai,openai", "named twice"),
    ):
        with pytest.raises(UsageError, match=told):
            parse_choices(text, "llm", names)
    with pytest.raises(UsageError, match="'openai/gpt-4o'"):
        parse_choices("openai:gpt-4o", "llm", names)


def test_what_is_left_open_is_filled_in_and_a_forecast_needs_no_key(monkeypatch: pytest.MonkeyPatch) -> None:
    (choice,) = completed((Choice(provider="elevenlabs"),), "voice", keys=False)
    assert choice.model
    assert choice.voice
    with pytest.raises(MissingKeyError):
        completed((Choice(provider="elevenlabs"),), "voice")
    monkeypatch.setenv("COMPATIBLE_BASE_URL", "http://127.0.0.1:8000/v1/")
    with pytest.raises(UsageError, match=r"'compatible/NAME'"):
        completed((Choice(provider="compatible"),), "llm")
    (local,) = completed((Choice(provider="compatible", model="llama"),), "llm")
    assert local.base_url == "http://127.0.0.1:8000/v1"  # another server gives other answers


@pytest.mark.parametrize(
    ("address", "own"),
    [
        ("http://127.0.0.1:8080/v1", True), ("http://localhost/v1", True), ("http://192.168.1.4:11434", True),
        ("http://[::1]:1/", True), ("http://box.local/v1", True), ("http://ollama:11434/v1", True), ("https://api.example.com/v1", False), ("", False),
    ],
)  # fmt: skip
def test_only_a_server_of_ones_own_is_free(address: str, own: bool) -> None:
    assert is_own_machine(address) is own


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [({"Retry-After": "7"}, 7), ({"retry-after": "0.5"}, 0.5), ({}, None), ({"retry-after": "soon"}, None),
     ({"retry-after": "Wed, 21 Oct 2015 07:28:00 GMT"}, 0), ({"retry-after": "Wed, 21 Oct 2015 07:28:00"}, 0)],
)  # fmt: skip
def test_the_wait_that_a_service_asks_for_is_read(headers: dict[str, str], seconds: float | None) -> None:
    assert retry_after(headers) == seconds


def test_a_demand_for_payment_is_a_matter_of_credit_whatever_it_is_called() -> None:
    refused = of_status("A gateway", 402, {}, code="insufficient_balance")
    assert (refused.fault, refused.retryable) == ("quota", False)
    assert "credit is used up (insufficient_balance)" in str(refused)
