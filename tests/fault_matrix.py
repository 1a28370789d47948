"""Every provider against every fault, through the real SDKs: ``just faults`` prints what came of each.

Each cell asks for one thing of one provider while a fault holds, for a while or for good. It ends in one of three
ways: it recovered, another provider went on, or there was one clear error. The clock of pauses is counted, not waited for.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any, Final

import numpy as np
import pytest
from director_kit import Script
from fake_services.faults import Fault
from fake_services.server import FakeServices
from fake_services.sound import as_wav, spoken
from llm_kit import think
from rich.console import Console
from rich.table import Table

from cutdown.director import FirstDirector
from cutdown.errors import CutdownError
from cutdown.plan import EditAction, EditPlan
from cutdown.progress import unheard
from cutdown.services import connections
from cutdown.services.account import Account, Spending
from cutdown.services.choices import Choice
from cutdown.services.clock import timed_by
from cutdown.services.connections import Connection, Surroundings, reached_through
from cutdown.services.ledger import Ledger
from cutdown.services.terms import Terms
from cutdown.services.used import Used
from cutdown.settings import DirectorOptions, SpeechOptions, VoiceOptions
from cutdown.speech import FirstTranscriber
from cutdown.store import Store
from cutdown.voice.speak import speak

DEADLINE: Final = 1.0  # seconds for a request here; a drip and a silence last longer
UNHURRIED: Final = (
    60.0  # seconds where nobody should come too late, so that a busy machine is not taken for a fault
)
_SLOW: Final = frozenset({Fault.DRIP, Fault.NEVER})
SLACK: Final = 6.0  # seconds of work beside the requests, on a busy machine


class CountingClock:
    """Pauses take no time; they are added up."""

    def __init__(self) -> None:
        self.paused = 0.0
        self._real = time.monotonic

    def now(self) -> float:
        return self._real() + self.paused

    async def sleep(self, seconds: float) -> None:
        self.paused += seconds


class Hasty:
    """The environment's connections with a short deadline."""

    def __init__(self, deadline: float = DEADLINE, at_once: int = connections.AT_ONCE) -> None:
        self._changes = {"deadline": deadline, "at_once": at_once}

    def find(self, provider: str) -> Connection | None:
        found = Surroundings().find(provider)
        return found and found.model_copy(update=self._changes)

    def place(self, provider: str) -> str:
        return Surroundings().place(provider)


@dataclass(frozen=True)
class Row:
    """One use of one provider: how it is asked, and who goes on for it."""

    name: str
    endpoint: str
    choice: Choice
    stand_in: Choice
    ask: Callable[[tuple[Choice, ...], Account, Store, Path], Any]
    faults: tuple[Fault, ...]


_EVERY: Final = (
    Fault.RATE_LIMIT, Fault.RATE_LIMIT_1S, Fault.RATE_LIMIT_1H, Fault.SERVER_ERROR, Fault.OVERLOADED, Fault.DRIP, Fault.NEVER,
    Fault.CUT_BODY, Fault.CUT_STREAM, Fault.HTML_200, Fault.MALFORMED_JSON, Fault.WRONG_SCHEMA, Fault.TRUNCATED, Fault.QUOTA,
    Fault.REVOKED, Fault.BAD_REQUEST, Fault.REDIRECT,
)  # fmt: skip
_OF_SOUND: Final = (Fault.EMPTY_AUDIO, Fault.WRONG_AUDIO)
LINE: Final = "The settings page shows every option of the project."
_SCRIPT: Final = (
    Script()
    .say("This is the settings page.", 800)
    .say("Can you see my screen?", 900)
    .say("It shows the options.", 400)
)


def _say(choices: tuple[Choice, ...], account: Account, store: Store, _folder: Path) -> Any:
    return speak(plan_of([LINE]), VoiceOptions(), store, choices=choices, account=account)


def _direct(choices: tuple[Choice, ...], account: Account, _store: Store, _folder: Path) -> Any:
    recording, transcript, signals = _SCRIPT.recording(), _SCRIPT.transcript(), _SCRIPT.signals()
    return FirstDirector(choices, account).plan(
        recording, transcript, signals, DirectorOptions(narration="none")
    )


def _listen(choices: tuple[Choice, ...], account: Account, _store: Store, folder: Path) -> Any:
    sound = folder / "speech.wav"
    seconds = write_speech(sound, LINE)
    return FirstTranscriber(choices, account).transcribe(
        sound, SpeechOptions(whisper_model="tiny.en", language="en"), duration=seconds, progress=unheard
    )


def write_speech(path: Path, *lines: str) -> Fraction:
    """A WAV as transcribers get it, and its length in seconds."""
    import wave

    import soxr

    gap = np.zeros(24_000, np.int16)
    samples = np.concatenate([part for line in lines for part in (gap, spoken(line))] + [gap])
    samples = soxr.resample(samples, 24_000, 16_000)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(16_000)
        file.writeframes(samples.astype("<i2").tobytes())
    return Fraction(len(samples), 16_000)


def warm_up(fake: FakeServices) -> None:
    """Do everything once, so that no cell pays for loading a model or a library."""
    fake.ears(as_wav(spoken(LINE)))
    for row in ROWS:
        cell(fake, row, Fault.SERVER_ERROR, lasting=False)
    fake.calm()


def plan_of(lines: list[str]) -> EditPlan:
    """A plan that speaks these lines, each over ten seconds, with something kept between them."""
    actions = []
    for index, line in enumerate(lines):
        at = Fraction(12 * index)
        actions.append(
            EditAction(id=f"a{index}", type="rewrite", start=at, end=at + 10, narration=line, reason="-")
        )
        actions.append(EditAction(id=f"k{index}", type="keep", start=at + 10, end=at + 12, reason="-"))
    return EditPlan(
        recording_sha256="0" * 64,
        duration=actions[-1].end,
        language="en",
        director="person",
        actions=tuple(actions),
    )


_OFFLINE: Final = Choice(provider="offline")
_HIBARI: Final = Choice(provider="hibari")
ROWS: Final = (
    Row("openai speech to text", "openai.transcription", Choice(provider="openai", model="whisper-1"),
        Choice(provider="local"), _listen, _EVERY),
    Row("openai speech by tokens", "openai.transcription", Choice(provider="openai", model="gpt-4o-transcribe"),
        Choice(provider="local"), _listen, _EVERY),
    Row("openai director", "openai.responses", Choice(provider="openai", model="gpt-4o-mini"), _OFFLINE, _direct, _EVERY),
    Row("anthropic director", "anthropic.messages", Choice(provider="anthropic", model="claude-haiku-5-5"), _OFFLINE,
        _direct, _EVERY),
    Row("compatible director", "openai.chat", Choice(provider="compatible", model="gpt-4o-mini", base_url="remote"), _OFFLINE,
        _direct, _EVERY),
    Row("openai voice", "openai.speech", Choice(provider="openai", model="tts-1", voice="nova"), _HIBARI, _say,
        tuple(fault for fault in _EVERY if fault is not Fault.MALFORMED_JSON) + _OF_SOUND),
    Row("openai voice by tokens", "openai.speech", Choice(provider="openai", model="gpt-4o-mini-tts", voice="nova"), _HIBARI, _say,
        _EVERY + _OF_SOUND),
    Row("elevenlabs voice", "elevenlabs.speech",
        Choice(provider="elevenlabs", model="eleven_multilingual_v2", voice="21m00Tcm4TlvDq8ikWAM"), _HIBARI, _say,
        _EVERY + _OF_SOUND),
)  # fmt: skip


@dataclass
class Cell:
    """What came of one fault."""

    row: str
    fault: str
    lasting: bool
    outcome: str
    tries: int
    paused: float
    took: float
    booked: float
    at_risk: float
    charged: float
    detail: str = ""
    spending: Spending = field(default_factory=Spending)


def cell(
    fake: FakeServices,
    row: Row,
    fault: Fault,
    *,
    lasting: bool,
    strict: bool = False,
    deadline: float | None = None,
) -> Cell:
    """Ask once while a fault holds: for the first request alone, or for every one."""
    if deadline is None:
        deadline = DEADLINE if fault in _SLOW else UNHURRIED
    fake.calm()
    fake.billed.clear()
    fake.journal.clear()
    if lasting:
        fake.always(row.endpoint, fault)
    else:
        fake.script(row.endpoint, [fault])
    clock = CountingClock()
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder, timed_by(clock), reached_through(Hasty(deadline)):
        store = Store(Path(folder, "store"))
        account = Account(
            Terms(strict=strict),
            video_id="v",
            phase="p",
            store=store,
            ledger=Ledger(Path(folder, "ledger.jsonl")),
        )
        outcome, detail = "recovered", ""
        with account:
            try:
                row.ask((row.choice, row.stand_in), account, store, Path(folder))
            except CutdownError as error:
                outcome, detail = "error", str(error)
        spending = account.spending
        if spending.downgrades:
            outcome, detail = "fell back", spending.downgrades[0].why
        left = Ledger(Path(folder, "ledger.jsonl")).unfinished("v")
    assert left.settled == pytest.approx(spending.usd or 0.0)
    assert left.at_risk == pytest.approx(spending.at_risk_usd)
    return Cell(
        row.name, str(fault), lasting, outcome, spending.tries, clock.paused, time.monotonic() - began,
        spending.usd or 0.0, spending.at_risk_usd, _charged(fake, row, account), detail, spending,
    )  # fmt: skip


def _charged(fake: FakeServices, row: Row, account: Account) -> float:
    """What the provider would really charge, by its own counts; a server on this machine charges nothing."""
    total = 0.0
    if row.choice.provider == "compatible":
        return total
    for bill in fake.billed:
        used = Used(
            prompt_tokens=bill.input_tokens, cached_tokens=bill.cached_tokens, completion_tokens=bill.output_tokens,
            audio_tokens=bill.input_tokens if bill.audio_seconds else 0, seconds=bill.audio_seconds, characters=bill.characters,
        )  # fmt: skip
        cost = account.prices.cost(bill.provider, bill.model, used).usd
        total += cost or 0.0
    return total


def cells(fake: FakeServices) -> Iterator[Cell]:
    """The whole matrix."""
    for row in ROWS:
        for fault in row.faults:
            for lasting in (False, True):
                yield cell(fake, row, fault, lasting=lasting)


def main() -> int:
    """Print the matrix."""
    console = Console(width=150)
    table = Table(title="Providers and their faults", header_style="bold")
    for heading in (
        "provider",
        "fault",
        "lasts",
        "outcome",
        "tries",
        "pauses",
        "took",
        "booked",
        "at risk",
        "charged",
    ):
        table.add_column(
            heading, justify="left" if heading in ("provider", "fault", "lasts", "outcome") else "right"
        )
    bad: list[Cell] = []
    outcomes: Counter[str] = Counter()
    with (
        tempfile.TemporaryDirectory() as home,
        pytest.MonkeyPatch.context() as patch,
        FakeServices(brain=think) as fake,
    ):
        surround(patch, fake, Path(home))
        warm_up(fake)
        for one in cells(fake):
            outcomes[one.outcome] += 1
            if not honest(one):
                bad.append(one)
            table.add_row(
                    one.row, one.fault, "always" if one.lasting else "once", one.outcome, str(one.tries), f"{one.paused:.1f} s",
                    f"{one.took:.1f} s", f"${one.booked:.5f}", f"${one.at_risk:.5f}", f"${one.charged:.5f}",
                )  # fmt: skip
    console.print(table)
    console.print(
        "pauses are counted, not waited for; took is real time; charged is what the provider counted"
    )
    told = ", ".join(f"{count} {outcome}" for outcome, count in sorted(outcomes.items()))
    console.print(f"{outcomes.total()} cells: {told}")
    for one in bad:
        console.print(f"not as it should be: {one}")
    return 1 if bad else 0


def surround(patch: pytest.MonkeyPatch, fake: FakeServices, home: Path) -> None:
    """Let the program find the fake services, and nothing else."""
    patch.setenv("CUTDOWN_HOME", str(home))
    for name, value in fake.environment().items():
        patch.setenv(name, value)


def honest(one: Cell) -> bool:
    """Whether a cell ends well: in time, in one of the three ways, with every charge in the books once."""
    in_time = one.took <= max(1, one.tries) * DEADLINE + SLACK
    ended = one.outcome in ("recovered", "fell back") or bool(one.detail)
    known = one.booked <= one.charged + 1e-9 <= one.booked + one.at_risk + 2e-9
    return in_time and ended and known


if __name__ == "__main__":
    sys.exit(main())
