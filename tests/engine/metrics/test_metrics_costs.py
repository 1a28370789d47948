from pathlib import Path

import pytest

from cutdown.errors import UsageError
from cutdown.metrics import CostEstimator, PhaseRecord, PriceBook, Providers
from cutdown.metrics.records import RECORD_OF_PHASE

PAID = Providers(transcription="whisper-1", language_model="gpt-4o", voice="elevenlabs")
HALF_HOUR = 1800


def run(video: str, phase: str, seconds: float, *, cached: bool = False, length: float = 100) -> PhaseRecord:
    fields = {"video_id": video, "elapsed_seconds": seconds, "cached": cached, "phase": phase}
    if phase == "phase1_ingest":
        fields["video_duration_seconds"] = length
    return RECORD_OF_PHASE[phase].model_construct(**fields)


def test_the_prices_are_those_of_december_2025() -> None:
    book = PriceBook.read()
    assert (book.as_of.year, book.as_of.month) == (2025, 12)
    assert book.transcription("whisper-1", HALF_HOUR).usd == pytest.approx(0.18)
    assert book.tokens("gpt-4o", 1_000_000, 0).usd == 2.50
    assert book.tokens("gpt-4o", 0, 1_000_000).usd == 10.00
    assert book.tokens("gpt-4o-mini", 1_000_000, 1_000_000).usd == pytest.approx(0.75)
    assert book.speech("elevenlabs", 1000).usd == pytest.approx(0.30)
    assert book.speech("openai", 1_000_000).usd == 15.00


@pytest.mark.parametrize("name", ["local", "offline", "hibari", "kokoro"])
def test_work_on_this_machine_costs_nothing(name: str) -> None:
    book = PriceBook.read()
    assert book.transcription(name, 60).usd == book.tokens(name, 9, 9).usd == book.speech(name, 9).usd == 0


def test_what_has_no_price_is_unpriced_and_never_free() -> None:
    book = PriceBook.read()
    for cost in (book.transcription("gpt-9", 60), book.tokens("gpt-9", 1, 1), book.speech("gpt-9", 1)):
        assert cost.usd is None
        assert cost.arithmetic == "gpt-9 is unpriced: no price of it as of 2025-12-01"
    forecast = CostEstimator(book).forecast(60, Providers(voice="gpt-9"))
    assert forecast.total_usd is None
    assert forecast.total_seconds > 0


def test_a_forecast_shows_its_arithmetic() -> None:
    forecast = CostEstimator().forecast(HALF_HOUR, PAID)
    costs = {phase.phase: phase.cost for phase in forecast.phases}
    assert costs["phase1_ingest"].arithmetic == "whisper-1, 30.0 min x $0.006"
    assert costs["phase3_voice"].arithmetic == "elevenlabs, 3,240 characters x $300.00 a million"
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
    shipped = (Path(__file__).parents[3] / "src/cutdown/metrics/prices.yaml").read_text()
    own = tmp_path / "our prices.yaml"
    own.write_text(shipped.replace("whisper-1: 0.006", "whisper-1: 0.012"))
    assert PriceBook.read(own).transcription("whisper-1", 60).usd == pytest.approx(0.012)
    own.write_text(shipped.replace("whisper-1: 0.006", "whisper-1: -1"))
    with pytest.raises(UsageError, match=r"'our prices.yaml': usd_per_minute_of_audio.whisper-1: "):
        PriceBook.read(own)
    with pytest.raises(UsageError, match=r"cannot read the prices 'gone\.yaml'"):
        PriceBook.read(tmp_path / "gone.yaml")
