"""What a run cost in time, money and machine: measured while it works, forecast before."""

from cutdown.metrics.baseline import baseline, total_cost, write_baseline
from cutdown.metrics.batch import BatchMetrics
from cutdown.metrics.costs import Cost, CostEstimator, Forecast, PhaseForecast, Providers, Text
from cutdown.metrics.machine import Hardware, allowed, describe_hardware
from cutdown.metrics.monitor import SAMPLES_A_SECOND, PerformanceMonitor, PhaseMeter
from cutdown.metrics.records import (
    MEGABYTE,
    AssemblyRecord,
    DirectorRecord,
    GpuUsage,
    IngestRecord,
    PhaseRecord,
    Replaced,
    ServiceRecord,
    StepUsage,
    TokensUsed,
    Usage,
    VoiceRecord,
    append_record,
    read_records,
)
from cutdown.services.prices import PriceBook

__all__ = [
    "MEGABYTE",
    "SAMPLES_A_SECOND",
    "AssemblyRecord",
    "BatchMetrics",
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
    "Replaced",
    "ServiceRecord",
    "StepUsage",
    "Text",
    "TokensUsed",
    "Usage",
    "VoiceRecord",
    "allowed",
    "append_record",
    "baseline",
    "describe_hardware",
    "read_records",
    "total_cost",
    "write_baseline",
]
