"""A run that was made slow, costly and rate-limited on purpose."""

from __future__ import annotations

from pathlib import Path

import pytest
from fake_services.faults import Fault
from fake_services.server import FakeServices
from fault_matrix import surround
from talk_kit import make_talk

from cutdown.cli import build_app, start
from cutdown.job import Job, Outcome
from cutdown.pipeline import here, optimize
from cutdown.settings import state_folder
from cutdown.store import Store

pytestmark = pytest.mark.slow

PRICES = """
usd_per_million_tokens:
  gpt-4o: {prompt: 9000.0, completion: 9000.0}
"""


def test_a_slow_costly_limited_run_gets_three_pieces_of_advice_and_no_other(
    fake: FakeServices, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    surround(monkeypatch, fake, tmp_path / "state")
    talk = make_talk(tmp_path / "talk.mp4", size=(960, 540))  # large enough to render slowly on any machine
    (tmp_path / "prices.yaml").write_text(PRICES)
    fake.delay = 1.0
    fake.script("elevenlabs.speech", [Fault.RATE_LIMIT_1S] * 15)
    outcomes: list[Outcome] = []

    def runner(job: Job) -> Outcome:
        store = Store(state_folder() / "store")
        outcomes.append(optimize(job, here(store), store))
        return outcomes[-1]

    dear = (
        "--transcriber", "openai", "--llm", "openai/gpt-4o", "--voice", "elevenlabs", "--narration", "full",
        "--engine", "moviepy", "--preset", "veryslow", "--prices", tmp_path / "prices.yaml",
    )  # fmt: skip
    out = tmp_path / "out"
    assert start(build_app(runner), [str(each) for each in ("optimize", talk, "--out", out, *dear)]) == 0
    (outcome,) = outcomes
    slow, costly, limited = outcome.advice
    assert "--engine pyav would save about" in slow
    assert "the language model cost $" in costly
    assert "--llm openai/gpt-4o-mini would save $" in costly
    assert "ElevenLabs refused 15 of" in limited
    assert "--voice openai/tts-1 would save about" in limited
    printed = capsys.readouterr().out
    assert [line.removeprefix("advice: ") for line in printed.splitlines() if line.startswith("advice:")] == [
        slow,
        costly,
        limited,
    ]
    page = (out / "report.html").read_text(encoding="utf-8")
    assert page.count('class="option"') == 3
    assert "3 settings would have helped" in page

    fake.calm()
    fake.delay = 0.0
    again = (*dear, "--out", out)
    assert start(build_app(runner), [str(each) for each in ("optimize", talk, *again)]) == 0
    assert outcomes[-1].advice == ()  # everything came from the cache: nothing would have helped
