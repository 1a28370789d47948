"""A narration of forty lines through a provider that refuses and breaks off: all there, once, never too many at a time."""

from __future__ import annotations

from pathlib import Path

import pytest
from fake_services.faults import Fault
from fake_services.server import FakeServices
from fault_matrix import UNHURRIED, CountingClock, Hasty, plan_of, surround
from service_kit import an_account, chosen

from cutdown.services.clock import timed_by
from cutdown.services.connections import reached_through
from cutdown.services.ledger import Ledger
from cutdown.services.loop import side_by_side
from cutdown.settings import VoiceOptions
from cutdown.shared_store import SharedStore
from cutdown.storage import FolderPlace
from cutdown.store import Store
from cutdown.voice.speak import speak

THINGS = ("settings", "page", "editor", "colour", "window", "folder", "search", "button")
LINES = [
    f"Step {number} opens the {THINGS[number % 8]} beside the {THINGS[number // 8]}."
    for number in range(1, 41)
]


@pytest.mark.parametrize("provider", ["elevenlabs", "openai"])
@pytest.mark.parametrize("seed", [1, 2])
def test_forty_lines_through_bad_weather(
    fake: FakeServices, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, provider: str, seed: int
) -> None:
    surround(monkeypatch, fake, tmp_path)
    endpoint = f"{provider}.speech"
    fake.delay = 0.02
    fake.chance(endpoint, {Fault.RATE_LIMIT: 0.3, Fault.CUT_BODY: 0.05}, seed)
    store = Store(tmp_path / "store")
    at_once = 6
    with timed_by(CountingClock()), reached_through(Hasty(UNHURRIED, at_once)):
        with an_account(tmp_path, store=store) as account:
            choice = chosen(provider, "voice")
            narration = speak(plan_of(LINES), VoiceOptions(), store, choices=(choice,), account=account)
        spending = account.spending
    spoken = fake.asked(endpoint)
    texts = [
        exchange.body.get("text") or exchange.body["input"] for exchange in spoken if exchange.status == 200
    ]
    cut = [exchange for exchange in spoken if exchange.fault == Fault.CUT_BODY]
    refused = [exchange for exchange in spoken if exchange.status == 429]

    assert [line.text for line in narration.lines] == LINES
    assert len({line.sound.sha256 for line in narration.lines}) == len(LINES)
    assert narration.calls == len(LINES)
    assert len(texts) == len(LINES) + len(cut)  # paid for once, but for what was lost on the way
    assert len(refused) > 5
    assert spending.rate_limited == len(refused)
    assert fake.most_in_flight(provider) <= at_once
    price = {"elevenlabs": 300.0, "openai": 15.0}[provider]
    assert spending.usd == pytest.approx(sum(map(len, LINES)) * price / 1e6)
    lost = sum(len(exchange.body.get("text") or exchange.body["input"]) for exchange in cut)
    assert spending.at_risk_usd == pytest.approx(lost * price / 1e6)
    assert Ledger(tmp_path / "ledger.jsonl").unfinished("v").total == pytest.approx(
        spending.usd + spending.at_risk_usd
    )


def test_two_videos_at_once_pay_for_a_phrase_once(
    fake: FakeServices, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    surround(monkeypatch, fake, tmp_path)
    fake.delay = 0.2
    lines = LINES[:4]

    def narrate(video: str) -> tuple[float, list[str]]:
        store = Store(tmp_path / "store")
        with an_account(tmp_path, store=store, video_id=video) as account:
            choice = chosen("openai", "voice")
            made = speak(plan_of(lines), VoiceOptions(), store, choices=(choice,), account=account)
        return account.spending.usd or 0.0, [line.sound.sha256 for line in made.lines]

    (one, first), (other, second) = side_by_side(narrate, ("one", "other"), width=2)
    assert first == second
    assert len(fake.asked("openai.speech")) == len(lines)
    assert one + other == pytest.approx(sum(map(len, lines)) * 15 / 1e6)


def test_a_phrase_is_never_spoken_twice_whatever_the_video(
    fake: FakeServices, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    surround(monkeypatch, fake, tmp_path)
    store = Store(tmp_path / "store")
    choice = chosen("openai", "voice")
    for lines in (["Open the file.", "Close it, please."], ["Close it, please.", "Open the file."]):
        with an_account(tmp_path, store=store) as account:
            speak(plan_of(lines), VoiceOptions(), store, choices=(choice,), account=account)
    assert len(fake.asked("openai.speech")) == 2
    assert account.spending.usd == 0
    with an_account(tmp_path, store=store) as account:
        other = chosen("openai", "voice", voice="onyx")
        speak(plan_of(["Open the file."]), VoiceOptions(), store, choices=(other,), account=account)
    assert len(fake.asked("openai.speech")) == 3


def test_what_one_machine_paid_for_another_that_shares_the_store_does_not_pay_for_again(
    fake: FakeServices, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    surround(monkeypatch, fake, tmp_path)
    choice = chosen("openai", "voice")
    made = []
    for machine, lines in (("one", ["Open the file."]), ("other", ["Open the file.", "Close it, please."])):
        store = SharedStore(tmp_path / machine, FolderPlace(tmp_path / "shared"))
        with an_account(tmp_path / machine, store=store) as account:
            made.append(speak(plan_of(lines), VoiceOptions(), store, choices=(choice,), account=account))
        assert all(store.path(line.sound).exists() for line in made[-1].lines)
    assert made[0].lines[0].sound == made[1].lines[0].sound
    assert [narration.calls for narration in made] == [1, 1]
    assert len(fake.asked("openai.speech")) == 2
