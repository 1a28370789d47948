"""What a run cost in time, money and machine: measured while it works, forecast before."""

from cutdown.metrics.baseline import baseline, total_cost, write_baseline
from cutdown.metrics.costs import Cost, CostEstimator, Forecast, PhaseForecast, Providers
from cutdown.metrics.machine import Hardware, describe_hardware
from cutdown.metrics.monitor import PerformanceMonitor, PhaseMeter
from cutdown.metrics.prices import PriceBook
from cutdown.metrics.records import (
    MEGABYTE,
    AssemblyRecord,
    DirectorRecord,
    GpuUsage,
    IngestRecord,
    PhaseRecord,
    TokensUsed,
    Usage,
    VoiceRecord,
    append_record,
    read_records,
)

__all__ = [
    "MEGABYTE",
    "AssemblyRecord",
    "Cost",
    "CostEstimator",
    "DirectorRecord",
    "Forecast",
    "GpuUsage",
    "Hardware",
    "IngestRecord",
    "PerformanceMonitor",
    "PhaseForecast",
    "PhaseMeter",
    "PhaseRecord",
    "PriceBook",
    "Providers",
    "TokensUsed",
    "Usage",
    "VoiceRecord",
    "append_record",
    "baseline",
    "describe_hardware",
    "read_records",
    "total_cost",
    "write_baseline",
]
