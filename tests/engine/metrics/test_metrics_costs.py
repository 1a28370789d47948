from pathlib import Path

import pytest

from cutdown.errors import UsageError
from cutdown.metrics import CostEstimator, PhaseRecord, PriceBook, Providers
from cutdown.metrics.records import RECORD_OF_PHASE
from cutdown.services.choices import Choice
from cutdown.services.used import Used

PAID = Providers(
    transcription=Choice(provider="openai", model="whisper-1"),
    language_model=Choice(provider="openai", model="gpt-4o"),
    voice=Choice(provider="elevenlabs", model="eleven_multilingual_v2", voice="Rachel"),
)
HALF_HOUR = 1800


def run(video: str, phase: str, seconds: float, *, cached: bool = False, length: float = 100) -> PhaseRecord:
    fields = {"video_id": video, "elapsed_seconds": seconds, "cached": cached, "phase": phase}
    if phase == "phase1_ingest":
        fields["video_duration_seconds"] = length
    return RECORD_OF_PHASE[phase].model_construct(**fields)


def test_the_prices_are_those_of_december_2025() -> None:
    book = PriceBook.read()
    assert (book.as_of.year, book.as_of.month) == (2025, 12)
    million = 1_000_000
    for provider, model, used, usd in (
        ("openai", "whisper-1", Used(seconds=HALF_HOUR), 0.18),
        ("openai", "gpt-4o", Used(prompt_tokens=million), 2.50),
        ("openai", "gpt-4o", Used(completion_tokens=million), 10.00),
        ("openai", "gpt-4o-mini", Used(prompt_tokens=million, completion_tokens=million), 0.75),
        ("elevenlabs", "eleven_multilingual_v2", Used(characters=1000), 0.30),
        ("elevenlabs", "eleven_flash_v2_5", Used(characters=1000, credits=500), 0.15),
        ("openai", "tts-1", Used(characters=million), 15.00),
    ):
        assert book.cost(provider, model, used).usd == pytest.approx(usd), model


@pytest.mark.parametrize("name", ["local", "offline", "hibari", "kokoro"])
def test_work_on_this_machine_costs_nothing(name: str) -> None:
    book = PriceBook.read()
    for used in (Used(seconds=60), Used(prompt_tokens=9), Used(characters=9)):
        assert book.cost(name, name, used).usd == 0


def test_what_has_no_price_is_unpriced_and_never_free() -> None:
    book = PriceBook.read()
    for used in (Used(seconds=60), Used(prompt_tokens=1, completion_tokens=1), Used(characters=1), Used()):
        cost = book.cost("openai", "gpt-9", used)
        assert cost.usd is None
        assert cost.arithmetic == "gpt-9 is unpriced: no price of it as of 2025-12-01"
    forecast = CostEstimator(book).forecast(
        60, Providers(voice=Choice(provider="openai", model="gpt-9", voice="nova"))
    )
    assert forecast.total_usd is None
    assert forecast.total_seconds > 0


def test_a_forecast_shows_its_arithmetic() -> None:
    forecast = CostEstimator().forecast(HALF_HOUR, PAID)
    costs = {phase.phase: phase.cost for phase in forecast.phases}
    assert costs["phase1_ingest"].arithmetic == "whisper-1, 30.0 min x $0.006"
    assert costs["phase3_voice"].arithmetic == "eleven_multilingual_v2, 3,240 characters x $300.00 a million"
    assert costs["phase3_voice"].usd == pytest.approx(1800 * 1.5 * 4 * 0.3 * 0.30 / 1000)
    assert forecast.total_usd == pytest.approx(sum(cost.usd or 0 for cost in costs.values()))
    assert forecast.prices_as_of == "2025-12-01"


def test_without_services_nothing_is_charged() -> None:
    assert CostEstimator().forecast(HALF_HOUR).total_usd == 0


def test_the_usual_costs_add_up_each_way_on_its_own() -> None:
    assert PriceBook.read().reference_costs.totals() == (2.60, 0.26)


def test_rates_come_from_earlier_runs_where_there_are_any() -> None:
    earlier = (
        run("a", "phase1_ingest", 10),
        run("b", "phase1_ingest", 30),
        run("c", "phase1_ingest", 14),
        run("a", "phase4_assembly", 50),
        run("a", "phase4_assembly", 0.01, cached=True),
        run("unheard-of", "phase4_assembly", 9999),
    )
    forecast = CostEstimator().forecast(1000, earlier=earlier)
    phases = {phase.phase: phase for phase in forecast.phases}
    assert phases["phase1_ingest"].seconds == pytest.approx(140)  # the median, 14 s for 100 s
    assert phases["phase4_assembly"].seconds == pytest.approx(500)
    assert "earlier runs" in phases["phase1_ingest"].basis
    assert phases["phase3_voice"].basis.startswith("reference: ")


def test_own_prices_can_be_used_and_a_fault_in_them_is_named(tmp_path: Path) -> None:
    shipped = (Path(__file__).parents[3] / "src/cutdown/services/prices.yaml").read_text()
    own = tmp_path / "our prices.yaml"
    own.write_text(shipped.replace("whisper-1: 0.006", "whisper-1: 0.012"))
    assert PriceBook.read(own).cost("openai", "whisper-1", Used(seconds=60)).usd == pytest.approx(0.012)
    own.write_text(shipped.replace("whisper-1: 0.006", "whisper-1: -1"))
    with pytest.raises(UsageError, match=r"'our prices.yaml': usd_per_minute_of_audio.whisper-1: "):
        PriceBook.read(own)
    with pytest.raises(UsageError, match=r"cannot read the prices 'gone\.yaml'"):
        PriceBook.read(tmp_path / "gone.yaml")
