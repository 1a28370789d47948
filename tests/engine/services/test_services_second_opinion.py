"""The same requests against a mock that others wrote: what we take for the providers' ways is not ours alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from service_kit import an_account, chosen

from cutdown.director.llm.compatible_model import CompatibleModel
from cutdown.director.llm.forms import Overview
from cutdown.director.llm.model import Prompt
from cutdown.director.llm.openai_model import OpenAIModel
from cutdown.errors import ProviderError

PROMPT = Prompt(stable="You are an editor.", shared="A recording.", fresh="What is it about?")


@pytest.fixture(autouse=True)
def found(llmock: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("CUTDOWN_HOME", str(tmp_path))
    monkeypatch.setenv("OPENAI_API_KEY", "sk-somebody")
    for name in ("COMPATIBLE_BASE_URL", "OPENAI_BASE_URL"):
        monkeypatch.setenv(name, llmock.base_url("openai"))


@pytest.mark.parametrize("kind", [OpenAIModel, CompatibleModel])
def test_a_structured_answer_and_its_tokens_are_understood(tmp_path: Path, kind: Any) -> None:
    with an_account(tmp_path) as account:
        model = kind.opened(chosen(kind.provider, "llm", model="gpt-4o-mini"), account)
        answer = model.answer(PROMPT, Overview, most_tokens=500)
        assert isinstance(answer, Overview)
        assert account.spending.calls == 1
        assert account.spending.used.completion_tokens > 0


def test_it_finds_nothing_wrong_with_how_a_rate_limit_is_met(tmp_path: Path, llmock: Any) -> None:
    llmock.rate_limit(times=1, retry_after=0.2)
    with an_account(tmp_path) as account:
        model = OpenAIModel.opened(chosen("openai", "llm"), account)
        model.answer(PROMPT, Overview, most_tokens=500)
        assert account.spending.rate_limited == 1
        assert account.spending.waited_seconds >= 0.2
    llmock.assert_resilient()


def test_a_refused_request_is_not_repeated(tmp_path: Path, llmock: Any) -> None:
    llmock.fail(400)
    with an_account(tmp_path) as account:
        model = OpenAIModel.opened(chosen("openai", "llm"), account)
        with pytest.raises(ProviderError, match="refuses the request"):
            model.answer(PROMPT, Overview, most_tokens=500)
        assert account.spending.tries == 1
    llmock.assert_resilient()
