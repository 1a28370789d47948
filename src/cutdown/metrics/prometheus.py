"""A batch's figures in Prometheus' text format, as a node exporter's textfile collector reads them.

Names carry their units. A value that is not known has no sample: an unpriced model is no cheap one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

from prometheus_client import CollectorRegistry, write_to_textfile
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from cutdown.errors import UsageError
from cutdown.metrics.batch import BatchMetrics
from cutdown.metrics.records import MEGABYTE

_PREFIX: Final = "cutdown_batch_"
_SERVICE: Final = ("phase", "provider", "model")

_Sample = tuple[Mapping[str, str], float | None]


class BatchCollector(Collector):
    """Gives Prometheus what a `BatchMetrics` holds; register it for an endpoint, or write a file.

    Args:
        batch: the figures.
    """

    def __init__(self, batch: BatchMetrics) -> None:
        self._batch = batch

    def collect(self) -> Iterable[GaugeMetricFamily]:
        """Every figure as a gauge: a batch that is over does not count on."""
        batch, phases, models = self._batch, self._batch.phases, self._batch.models
        yield _gauge("videos", "Recordings", [({}, batch.total_videos)])
        yield _gauge("runs", "Runs of these recordings", [({}, batch.total_runs)])
        yield _gauge("processing_seconds", "Time of all phases", [({}, batch.total_processing_time)])
        yield _gauge("wall_seconds", "Time during which a phase ran", [({}, batch.wall_time)])
        yield _gauge("videos_per_hour", "Videos an hour of processing", [({}, batch.videos_per_hour)])
        yield _gauge("cost_usd", "Charged by services, in US dollars", [({}, batch.total_estimated_cost)])
        yield _gauge("cost_known_usd", "Of what has a price, in US dollars", [({}, batch.money.known_cost)])
        yield _gauge(
            "cost_at_risk_usd", "For answers that were lost, in US dollars", [({}, batch.money.cost_at_risk)]
        )
        yield _gauge("unpriced_records", "Records without a known price", [({}, batch.money.unpriced)])
        yield _gauge(
            "phase_seconds", "Time by phase", [({"phase": each.phase}, each.seconds) for each in phases]
        )
        yield _gauge(
            "phase_work_seconds",
            "Time that a phase took where its work was done",
            [
                ({"phase": each.phase, "quantile": quantile}, value)
                for each in phases
                for quantile, value in (("0.5", each.work.p50), ("0.95", each.work.p95))
            ],
        )
        yield _gauge(
            "phase_cached", "Phases found in the cache", [({"phase": p.phase}, p.cached) for p in phases]
        )
        yield _gauge(
            "phase_peak_memory_bytes",
            "Most resident memory",
            [({"phase": each.phase}, each.peak_memory_mb * MEGABYTE) for each in phases],
        )
        named = [({name: getattr(each, name) for name in _SERVICE}, each) for each in models]
        yield _gauge(
            "service_cost_usd",
            "Charged by a model, in US dollars",
            [(labels, each.money.estimated_cost) for labels, each in named],
        )
        yield _gauge("service_requests", "Requests sent", [(labels, each.requests) for labels, each in named])
        yield _gauge(
            "service_rate_limited",
            "Requests refused because there were too many",
            [(labels, each.rate_limited) for labels, each in named],
        )


def write_prometheus(batch: BatchMetrics, path: Path) -> None:
    """Write the figures to a file, whole or not at all.

    Raises:
        UsageError: when the file cannot be written.
    """
    registry = CollectorRegistry()
    registry.register(BatchCollector(batch))
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_to_textfile(str(path), registry)
    except OSError as error:
        raise UsageError(
            f"cannot write the figures for Prometheus '{path}': {error.strerror}; choose another file"
        ) from error


def _gauge(name: str, help_: str, samples: Iterable[_Sample]) -> GaugeMetricFamily:
    known = [(labels, value) for labels, value in samples if value is not None]
    labels = [*known[0][0]] if known else []
    gauge = GaugeMetricFamily(_PREFIX + name, help_ + ".", labels=labels)
    for each, value in known:
        gauge.add_metric([*each.values()], value)
    return gauge
