"""What a run will take in time and money, told before it starts."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from statistics import median
from typing import Final

from cutdown.metrics.prices import Cost, PriceBook
from cutdown.metrics.records import RECORD_OF_PHASE, IngestRecord, PhaseRecord
from cutdown.timebase import Frozen

__all__ = ["Cost", "CostEstimator", "Forecast", "PhaseForecast", "Providers"]

MEASURED: Final = "median of earlier runs here"


class Providers(Frozen):
    """Who does the work that may be charged for; ``local`` is this machine."""

    transcription: str = "local"
    language_model: str = "local"
    voice: str = "local"


class PhaseForecast(Frozen):
    """One phase: seconds of work, where that figure comes from, and its cost."""

    phase: str
    seconds: float
    basis: str
    cost: Cost


class Forecast(Frozen):
    """A run before it is run."""

    video_seconds: float
    prices_as_of: str
    phases: tuple[PhaseForecast, ...]

    @property
    def total_seconds(self) -> float:
        """Seconds over all phases."""
        return sum(phase.seconds for phase in self.phases)

    @property
    def total_usd(self) -> float | None:
        """US dollars over all phases; None as soon as one has no price."""
        costs = [phase.cost.usd for phase in self.phases]
        return None if None in costs else sum(cost for cost in costs if cost is not None)


class CostEstimator:
    """Forecasts from a video's length, the prices, and what earlier runs took.

    Args:
        prices: the price book; the one that is shipped where not given.
    """

    def __init__(self, prices: PriceBook | None = None) -> None:
        self.prices = prices or PriceBook.read()

    def forecast(
        self,
        video_seconds: float,
        providers: Providers | None = None,
        earlier: Sequence[PhaseRecord] = (),
    ) -> Forecast:
        """Time and cost by phase.

        Args:
            video_seconds: length of the recording.
            providers: who does the work; this machine where not given.
            earlier: records of earlier runs; phases that came from the cache tell nothing and are
                left out. A phase without any is forecast from the book's reference rates.
        """
        rates = measured_rates(earlier)
        costs = self._costs(video_seconds, providers or Providers())
        reference = self.prices.reference_rates
        free = Cost(usd=0.0, arithmetic="on this machine: nothing is charged")
        return Forecast(
            video_seconds=video_seconds,
            prices_as_of=self.prices.as_of.isoformat(),
            phases=tuple(
                PhaseForecast(
                    phase=phase,
                    seconds=video_seconds * rates.get(phase, getattr(reference, phase)),
                    basis=MEASURED if phase in rates else f"reference: {reference.source}",
                    cost=costs.get(phase, free),
                )
                for phase in RECORD_OF_PHASE
            ),
        )

    def _costs(self, video_seconds: float, providers: Providers) -> dict[str, Cost]:
        expect = self.prices.expect
        transcript = round(video_seconds * expect.tokens_per_second)
        prompt = transcript + expect.instruction_tokens
        completion = round(transcript * expect.completion_share)
        characters = round(transcript * expect.characters_per_token * expect.narration_share)
        return {
            "phase1_ingest": self.prices.transcription(providers.transcription, video_seconds),
            "phase2_director": self.prices.tokens(providers.language_model, prompt, completion),
            "phase3_voice": self.prices.speech(providers.voice, characters),
        }


def measured_rates(records: Sequence[PhaseRecord]) -> dict[str, float]:
    """Seconds of work for a second of recording, by phase: the median over the runs.

    A record that was made for a video whose length no ingest record tells is left out.
    """
    lengths = {
        record.video_id: record.video_duration_seconds
        for record in records
        if isinstance(record, IngestRecord) and record.video_duration_seconds > 0
    }
    rates: dict[str, list[float]] = defaultdict(list)
    for record in records:
        if record.phase in RECORD_OF_PHASE and not record.cached and record.video_id in lengths:
            rates[record.phase].append(record.elapsed_seconds / lengths[record.video_id])
    return {phase: median(values) for phase, values in rates.items()}
