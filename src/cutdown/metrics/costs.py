"""What a run will take in time and money, told before it starts."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from statistics import median
from typing import Final

from cutdown.metrics.records import RECORD_OF_PHASE, IngestRecord, PhaseRecord
from cutdown.services.choices import Choice
from cutdown.services.connections import is_own_machine
from cutdown.services.prices import Cost, PriceBook
from cutdown.services.used import Used
from cutdown.timebase import Frozen

__all__ = ["Cost", "CostEstimator", "Forecast", "PhaseForecast", "Providers", "Text"]

MEASURED: Final = "median of earlier runs here"
_LOW, _LIKELY, _HIGH = range(3)


class Providers(Frozen):
    """Who does the work that may be charged for."""

    transcription: Choice = Choice(provider="local")
    language_model: Choice = Choice(provider="offline")
    voice: Choice = Choice(provider="hibari")
    candidates: int = 1
    """Plans that the language model makes to choose from."""


class Text(Frozen):
    """What is known of a recording's words before the director is asked."""

    characters: int
    prompt_tokens: int
    """Of everything that a language model would be told."""


class PhaseForecast(Frozen):
    """One phase: seconds of work, where that figure comes from, and its cost."""

    phase: str
    seconds: float
    basis: str
    cost: Cost
    low: float | None
    """US dollars if little is said; None where there is no price."""
    high: float | None
    """US dollars if much is said and spoken anew."""
    cheaper: Cost | None = None
    """A cheaper way to have the same done; instead of ``cost``, never on top of it."""


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
        return _sum([phase.cost.usd for phase in self.phases])

    @property
    def range_usd(self) -> tuple[float | None, float | None]:
        """US dollars if everything is low, and if everything is high."""
        return _sum([phase.low for phase in self.phases]), _sum([phase.high for phase in self.phases])

    @property
    def cheaper_usd(self) -> float | None:
        """US dollars with each phase done in its cheaper way, where it has one."""
        return _sum([(phase.cheaper or phase.cost).usd for phase in self.phases])


def _sum(costs: Sequence[float | None]) -> float | None:
    known = [cost for cost in costs if cost is not None]
    return sum(known) if len(known) == len(costs) else None


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
        text: Text | None = None,
    ) -> Forecast:
        """Time and cost by phase.

        Args:
            video_seconds: length of the recording.
            providers: who does the work; this machine where not given.
            earlier: records of earlier runs; phases that came from the cache tell nothing and are
                left out. A phase without any is forecast from the book's reference rates.
            text: what is known of the words, where the recording was transcribed before.
        """
        rates = measured_rates(earlier)
        chosen = providers or Providers()
        asked = {
            "phase1_ingest": chosen.transcription,
            "phase2_director": chosen.language_model,
            "phase3_voice": chosen.voice,
            "phase4_assembly": Choice(provider="local"),
        }
        return Forecast(
            video_seconds=video_seconds,
            prices_as_of=self.prices.as_of.isoformat(),
            phases=tuple(
                self._phase(phase, asked[phase], video_seconds, text, rates, chosen.candidates)
                for phase in RECORD_OF_PHASE
            ),
        )

    def _phase(
        self,
        phase: str,
        choice: Choice,
        seconds: float,
        text: Text | None,
        rates: dict[str, float],
        candidates: int,
    ) -> PhaseForecast:
        reference = self.prices.reference_rates
        use = [
            self._use(phase, seconds, level, text, candidates=candidates) for level in (_LOW, _LIKELY, _HIGH)
        ]
        low, likely, high = (self._cost(choice, used) for used in use)
        cheaper = self.prices.cheaper.get(choice.model) if choice.is_service else None
        beside = (
            self.prices.cost(cheaper, cheaper, use[_LIKELY]) if cheaper and use[_LIKELY] != Used() else None
        )
        return PhaseForecast(
            phase=phase,
            seconds=seconds * rates.get(phase, getattr(reference, phase)),
            basis=MEASURED if phase in rates else f"reference: {reference.source}",
            cost=likely,
            low=low.usd,
            high=high.usd,
            cheaper=beside,
        )

    def _cost(self, choice: Choice, used: Used) -> Cost:
        if choice.provider == "compatible" and is_own_machine(choice.base_url):
            return Cost.nothing(str(choice))
        if choice.is_service and used == Used():
            return Cost(usd=0.0, arithmetic=f"{choice.model or choice.provider} has nothing to do here")
        return self.prices.cost(choice.provider, choice.model or choice.provider, used)

    def _use(self, phase: str, seconds: float, level: int, text: Text | None, *, candidates: int) -> Used:
        """What a phase would use at one of three levels."""
        expect = self.prices.expect
        transcript = seconds * expect.tokens_per_second[level]
        if text is not None:
            transcript = text.characters / expect.characters_per_token
        match phase:
            case "phase1_ingest":
                return Used(seconds=seconds)
            case "phase2_director":
                prompt = candidates * (transcript * expect.readings[level] + expect.instruction_tokens)
                if text is not None:
                    prompt = text.prompt_tokens
                return Used(
                    prompt_tokens=round(prompt),
                    completion_tokens=round(candidates * transcript * expect.completion_share[level]),
                )
            case "phase3_voice":
                characters = transcript * expect.characters_per_token * expect.narration_share[level]
                return Used(
                    characters=round(characters),
                    prompt_tokens=round(characters / expect.characters_per_token),
                    completion_tokens=round(characters * expect.speech_tokens_per_character),
                )
        return Used()


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
