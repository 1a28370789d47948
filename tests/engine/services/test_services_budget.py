"""Money is written down before it is spent, and a budget stops the request that would break it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import anyio
import anyio.from_thread
import pytest
from fake_services.faults import Fault
from fake_services.server import FakeServices
from fault_matrix import UNHURRIED, CountingClock, Hasty, plan_of, surround
from service_kit import an_account, chosen

from cutdown.errors import BudgetError, ProviderError, UsageError
from cutdown.services.account import Account
from cutdown.services.choices import price_book
from cutdown.services.clock import timed_by
from cutdown.services.connections import Connection, Surroundings, reached_through
from cutdown.services.ledger import Entry, Ledger
from cutdown.services.prices import PriceBook
from cutdown.services.used import Used
from cutdown.settings import VoiceOptions
from cutdown.store import Store
from cutdown.voice.speak import speak

LINES = [
    f"This is line number {name} of the talk." for name in ("one", "two", "three", "four", "five", "six")
]


@pytest.fixture(autouse=True)
def found(fake: FakeServices, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    surround(monkeypatch, fake, tmp_path)


def cost(lines: list[str]) -> float:
    """US dollars by hand: 300 for a million characters."""
    return sum(map(len, lines)) * 300 / 1_000_000


def narrate(folder: Path, budget: float | None) -> float:
    with (
        timed_by(CountingClock()),
        reached_through(Hasty(UNHURRIED, 2)),
        an_account(folder, store=Store(folder / "store"), budget=budget) as account,
    ):
        choice = chosen("elevenlabs", "voice", voice="21m00Tcm4TlvDq8ikWAM")
        try:
            speak(plan_of(LINES), VoiceOptions(), Store(folder / "store"), choices=(choice,), account=account)
        finally:
            spent = account.spending.usd or 0.0
        return spent


def test_a_run_stops_before_the_call_that_would_break_the_budget_and_goes_on_later(
    fake: FakeServices, tmp_path: Path
) -> None:
    budget = cost(LINES[:4]) + cost(LINES[:1]) / 2
    with pytest.raises(BudgetError, match="higher --budget") as stopped:
        narrate(tmp_path, budget)
    assert stopped.value.exit_code == 4
    asked = len(fake.asked("elevenlabs.speech"))
    ledger = Ledger(tmp_path / "ledger.jsonl")
    assert asked == 4
    assert ledger.unfinished("v").total == pytest.approx(cost(LINES[:4]), abs=1e-4)
    assert ledger.unfinished("v").total <= budget

    with pytest.raises(BudgetError):  # the same budget is still used up
        narrate(tmp_path, budget)
    assert len(fake.asked("elevenlabs.speech")) == asked

    narrate(tmp_path, cost(LINES) + 0.001)
    assert len(fake.asked("elevenlabs.speech")) == len(LINES)  # nothing was said twice
    assert ledger.unfinished("v").total == pytest.approx(cost(LINES))
    ledger.finish("v", "run")
    assert ledger.unfinished("v").total == 0


def test_what_may_have_been_charged_counts_against_the_budget(fake: FakeServices, tmp_path: Path) -> None:
    fake.script("elevenlabs.speech", [Fault.CUT_BODY, Fault.CUT_BODY])
    with pytest.raises(BudgetError):
        narrate(tmp_path, cost(LINES) + cost(LINES[:1]) / 2)
    assert Ledger(tmp_path / "ledger.jsonl").unfinished("v").at_risk > 0


def test_a_process_that_died_in_the_middle_left_its_promise_in_the_ledger(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "ledger.jsonl")

    async def promise() -> None:
        with an_account(tmp_path) as account:
            await account.reserve("elevenlabs", "eleven_multilingual_v2", Used(characters=1000))

    anyio.run(promise)  # and no word of what became of it
    assert ledger.unfinished("v").at_risk == pytest.approx(0.30)
    assert ledger.unfinished("another").total == 0
    with pytest.raises(BudgetError, match=r"\$0\.3000 is spent"):
        narrate(tmp_path, 0.30)


def test_a_torn_line_hides_no_other(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "ledger.jsonl")
    ledger.append(Entry(event="reserve", id="1", video_id="v", usd=0.5))
    with ledger.path.open("a") as file:
        file.write('{"event": "res')  # the power went here
    ledger.append(Entry(event="settle", id="1", video_id="v", usd=0.25))
    assert ledger.unfinished("v").settled == 0.25
    assert ledger.path.stat().st_mode & 0o077 == 0
    assert len(ledger.path.read_text().splitlines()) == 3


def test_an_entry_that_fits_in_part_only_is_not_written_down(tmp_path: Path) -> None:
    script = """
import resource, sys
from pathlib import Path
from cutdown.errors import UsageError
from cutdown.services.ledger import Entry, Ledger

ledger = Ledger(Path(sys.argv[1]))
ledger.append(Entry(event="reserve", id="1", video_id="v", usd=0.5))
room = ledger.path.stat().st_size + 20  # as where a disk is nearly full
resource.setrlimit(resource.RLIMIT_FSIZE, (room, room))
try:
    ledger.append(Entry(event="settle", id="1", video_id="v", usd=0.25))
except UsageError as error:
    print(error)
"""
    path = tmp_path / "ledger.jsonl"
    told = subprocess.run(
        [sys.executable, "-c", script, str(path)], capture_output=True, text=True, check=True
    )
    assert "no provider is asked without it" in told.stdout
    assert Ledger(path).unfinished("v").at_risk == 0.5


def test_what_a_service_does_not_tell_is_booked_at_the_most(tmp_path: Path) -> None:
    with an_account(tmp_path, budget=1.0) as account:
        promised = anyio.run(
            account.reserve, "openai", "gpt-4o", Used(prompt_tokens=1000, completion_tokens=100)
        )
        account.settle(promised, Used())
    assert account.spending.usd == pytest.approx(0.0035)


@pytest.mark.parametrize("model", ["whisper-1", "tts-1"])
def test_units_that_a_model_is_not_charged_by_are_unpriced_and_not_free(tmp_path: Path, model: str) -> None:
    with an_account(tmp_path) as account:
        cost = account.prices.cost("openai", model, Used(prompt_tokens=1000, completion_tokens=100))
    assert cost.usd is None


@pytest.mark.parametrize(
    "text", ["as_of: 2026-13-01", "free: [", "usd_per_minute_of_audio: {whisper-1: free}"]
)
def test_prices_that_cannot_be_read_are_told_by_their_file(tmp_path: Path, text: str) -> None:
    (tmp_path / "own.yaml").write_text(text)
    with pytest.raises(UsageError, match=r"the prices 'own\.yaml'"):
        PriceBook.read(tmp_path / "own.yaml")


class Agreed(Surroundings):
    """The environment's connections, with prices of their own."""

    def __init__(self, prices: dict[str, Any]) -> None:
        self._prices = prices

    def find(self, provider: str) -> Connection | None:
        found = super().find(provider)
        return found and found.model_copy(update={"prices": self._prices})


def test_what_was_agreed_with_a_provider_counts_and_the_users_own_file_counts_more(tmp_path: Path) -> None:
    agreed = {"usd_per_million_characters": {"tts-1": 7.0, "our-voice": 5.0}, "free": ["our-toy"]}
    own = tmp_path / "own.yaml"
    own.write_text("usd_per_million_characters: {tts-1: 3}")
    used = Used(characters=1_000_000)
    choice = chosen("openai", "voice")
    with reached_through(Agreed(agreed)):
        for file, usd in ((None, 7.0), (own, 3.0)):
            with an_account(tmp_path, prices=file) as account:
                account.door("openai")
            for book in (account.prices, price_book(file, (choice,))):
                prices = [
                    book.cost("openai", m, used).usd for m in ("tts-1", "our-voice", "tts-1-hd", "our-toy")
                ]
                assert prices == [usd, 5.0, 30.0, 0.0]
                assert book.cost("hibari", "hibari", used).usd == 0  # what else is free stays so
        with an_account(tmp_path, budget=1.0) as account:
            speak(plan_of(LINES[:1]), VoiceOptions(), Store(tmp_path), choices=(choice,), account=account)
            assert account.spending.usd == pytest.approx(len(LINES[0]) * 7 / 1_000_000)
    wrong = Agreed({"usd_per_million_characters": {"tts-1": "cheap"}})
    with reached_through(wrong), pytest.raises(UsageError, match="the prices 'agreed with openai': usd_per"):
        price_book(None, (choice,))


def test_a_budget_needs_a_price(tmp_path: Path, fake: FakeServices) -> None:
    with an_account(tmp_path, budget=1.0) as account:
        choice = chosen("openai", "voice", model="tts-99")
        with pytest.raises(UsageError, match=r"openai/tts-99 has no price; give one with --prices"):
            speak(plan_of(LINES), VoiceOptions(), Store(tmp_path), choices=(choice,), account=account)
    assert fake.journal == []


def test_an_unpriced_model_without_a_budget_is_used_and_told_as_unpriced(tmp_path: Path) -> None:
    with an_account(tmp_path) as account:
        choice = chosen("openai", "voice", model="tts-99")
        speak(plan_of(LINES[:1]), VoiceOptions(), Store(tmp_path), choices=(choice,), account=account)
        assert account.spending.usd is None
        assert account.spending.calls == 1
    entries = [json.loads(line) for line in (tmp_path / "ledger.jsonl").read_text().splitlines()]
    assert "usd" not in entries[-1]


def test_a_key_that_is_revoked_in_mid_run_ends_it_with_what_was_made_kept(
    fake: FakeServices, tmp_path: Path
) -> None:
    fake.revoke("elevenlabs", after=3)
    with pytest.raises(ProviderError, match="does not accept the key"):
        narrate(tmp_path, None)
    made = len([exchange for exchange in fake.asked("elevenlabs.speech") if exchange.status == 200])
    assert made == 3
    fake.calm()
    narrate(tmp_path, None)
    assert len([exchange for exchange in fake.asked("elevenlabs.speech") if exchange.status == 200]) == len(
        LINES
    )


def test_nobody_waits_for_ever_for_money_whose_entry_could_not_be_written(tmp_path: Path) -> None:
    story: list[str] = []

    async def ask(account: Account) -> None:
        try:
            await account.reserve("elevenlabs", "eleven_multilingual_v2", Used(characters=1000))
        except UsageError as error:
            story.append(str(error))

    async def two_at_once() -> None:
        with an_account(tmp_path, budget=0.40) as account:
            first = await account.reserve("elevenlabs", "eleven_multilingual_v2", Used(characters=1000))
            async with anyio.create_task_group() as group:
                group.start_soon(ask, account)
                await anyio.wait_all_tasks_blocked()
                assert story == []  # it waits for what the first one comes to
                account._ledger = Ledger(tmp_path)  # a folder cannot be written to
                with pytest.raises(UsageError, match="cannot write the ledger"):
                    account.settle(first, Used(characters=1))

    with anyio.from_thread.start_blocking_portal() as portal:
        portal.start_task_soon(two_at_once).result(timeout=10)
    assert len(story) == 1
    assert "cannot write the ledger" in story[0]


def test_tokens_that_a_server_counts_twice_cost_no_less_than_nothing(tmp_path: Path) -> None:
    with an_account(tmp_path) as account:
        cost = account.prices.cost(
            "openai", "gpt-4o", Used(prompt_tokens=10, cached_tokens=9, audio_tokens=9)
        )
    assert cost.usd == pytest.approx(9 * 1.25e-6 + 9 * 2.5e-6)
