"""``python -m benchmarks.scaling``: what a night of many recordings takes, from what one was measured to take.

``measure RECORDING`` puts one recording through a batch's worker in a fresh state folder and writes what its phases
took and which requests it made to ``scaling.json`` beside this file. ``model`` reads that and prints the tables of
``docs/scaling.md``.
"""

from __future__ import annotations

import argparse
import math
import os
import sys
import tempfile
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from pydantic import BaseModel, ConfigDict

from cutdown.batch.counted import NAMES_A_PAGE, Counted
from cutdown.batch.order import Order
from cutdown.batch.records import Done
from cutdown.batch.work import Bench
from cutdown.job import Job, Outcome
from cutdown.metrics import MEGABYTE, IngestRecord, describe_hardware
from cutdown.services.prices import PriceBook
from cutdown.settings import HOME_VARIABLE
from cutdown.shared_store import local_store
from cutdown.storage import FolderPlace

MEASURED: Final = Path(__file__).with_name("scaling.json")
RANGE: Final = 16 << 20  # bytes of one ranged request; larger files take several
HOUR: Final = 3600.0

# List prices in US dollars, not measured: AWS us-east-1 as published in December 2025. Give your own by options.
MACHINE: Final = ("c7i.2xlarge", 8, 16.0, 0.357)  # cores (hyperthreads), GB, dollars an hour
DEAR_REQUESTS, CHEAP_REQUESTS = 0.005 / 1000, 0.0004 / 1000  # PUT and LIST; GET and HEAD
_DEAR: Final = ("create", "replace", "publish", "list")
BEATS: Final = 4 / 120  # renewals a second of one lease at its usual 120 s


class Frozen(BaseModel):
    """A set of figures."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class PhaseCost(Frozen):
    """What a phase takes for each second of recording."""

    cpu: float
    wall: float
    peak_mb: float


class Inputs(Frozen):
    """What one recording was measured to take."""

    measured: str
    """The day."""
    cpu_name: str
    cores: int
    recording_seconds: float
    recording_mb: float
    result_mb: float
    phases: dict[str, PhaseCost]
    requests: dict[str, int]
    """To source and destination, by kind, renewals of leases left out."""
    start_cpu: float
    """CPU seconds of a worker's process besides the phases: imports, looking at the file, publishing."""

    @property
    def cpu_rate(self) -> float:
        """CPU seconds of all phases for each second of recording."""
        return sum(phase.cpu for phase in self.phases.values())


class Night(Frozen):
    """What is asked of a night."""

    recordings: int = 10_000
    minutes: float = 30
    hours: float = 8
    use: float = 0.9
    """Share of the cores' time that is really used: chosen, since a night begins and ends with idle workers."""
    megabytes_a_minute: float = 6.0
    """Of a screen recording at 1080p and about 0.8 Mbit/s."""


def measure(recording: Path, imports: float) -> Inputs:
    """Put one recording through a worker, with nothing remembered from before.

    Args:
        recording: the file.
        imports: CPU seconds that this process took to begin, as each worker's does.
    """
    from cutdown.pipeline import here, optimize

    store = local_store()

    def make(job: Job) -> Outcome:
        return optimize(job, here(store), store)

    with tempfile.TemporaryDirectory() as scratch:
        folder = FolderPlace(Path(scratch, "in"))
        folder.publish(recording, recording.name)
        source, dest = Counted(folder), Counted(FolderPlace(Path(scratch, "out")))
        item = source.look(recording.name)
        assert item is not None
        source.calls.clear()
        bench = Bench(source, dest, make)
        cpu = _cpu()
        # So long a lease that it is renewed only where somebody asks whether it is still held.
        done = bench.process(Order(source=source.url, item=item, dest=dest.url, lease_seconds=3600))
        cpu = _cpu() - cpu
        assert isinstance(done, Done), done
        manifest = bench.desk.manifest(done.content)
    assert manifest is not None
    records = manifest.phase_records()
    (seconds,) = [each.video_duration_seconds for each in records if isinstance(each, IngestRecord)]
    hardware = describe_hardware(Path(scratch).parent)
    return Inputs(
        measured=f"{datetime.now(UTC):%Y-%m-%d}",
        cpu_name=hardware.cpu,
        cores=os.cpu_count() or 1,
        recording_seconds=seconds,
        recording_mb=item.size / MEGABYTE,
        result_mb=sum(file.size for file in manifest.files) / MEGABYTE,
        phases={
            each.phase: PhaseCost(
                cpu=each.cpu_seconds / seconds,
                wall=each.elapsed_seconds / seconds,
                peak_mb=each.peak_memory_mb,
            )
            for each in records
        },
        requests=dict(source.calls + dest.calls),
        start_cpu=max(0.0, cpu - sum(each.cpu_seconds for each in records)) + imports,
    )


def _cpu() -> float:
    spent = os.times()
    return spent.user + spent.system + spent.children_user + spent.children_system


def machines(inputs: Inputs, night: Night, cores: int) -> int:
    """Machines that finish in time."""
    work = night.recordings * cpu_of_one(inputs, night)
    return math.ceil(work / (cores * night.use * night.hours * HOUR))


def cpu_of_one(inputs: Inputs, night: Night) -> float:
    """CPU seconds of one recording."""
    return inputs.cpu_rate * night.minutes * 60 + inputs.start_cpu


def requests_of_one(inputs: Inputs, night: Night) -> Mapping[str, float]:
    """Requests for one recording, by kind: as measured, with ranges for its size and renewals for its time."""
    size = night.megabytes_a_minute * night.minutes * MEGABYTE
    in_work = cpu_of_one(inputs, night) / 2  # seconds, as two cores do it
    one: dict[str, float] = dict(inputs.requests)
    one["fetch"] = one.get("fetch", 1) + math.ceil(size / RANGE)  # a look, then the ranges
    one["replace"] = one.get("replace", 0) + 2 * BEATS * in_work
    return one


def bucket_dollars(inputs: Inputs, night: Night) -> float:
    """Of all requests of the night, the deciding listings included."""
    one = requests_of_one(inputs, night)
    dear = sum(count for kind, count in one.items() if kind in _DEAR)
    listings = 2 * math.ceil(night.recordings / NAMES_A_PAGE)
    cheap = sum(one.values()) - dear
    return (night.recordings * dear + listings) * DEAR_REQUESTS + night.recordings * cheap * CHEAP_REQUESTS


def model(inputs: Inputs, night: Night) -> str:
    """The tables, as Markdown."""
    name, cores, memory, price = MACHINE
    count = machines(inputs, night, cores)
    work = night.recordings * cpu_of_one(inputs, night) / HOUR
    peak = max(phase.peak_mb for phase in inputs.phases.values())
    side_by_side = max(1, round(cores / 2))
    one = requests_of_one(inputs, night)
    rows = [
        ("CPU time of one recording", f"{cpu_of_one(inputs, night):,.0f} s"),
        ("CPU time of the night", f"{work:,.0f} core hours"),
        (f"machines with {cores} cores ({name})", f"{count:,}"),
        ("recordings side by side on each", f"{side_by_side}, {side_by_side * peak / 1000:.1f} of {memory:.0f} GB"),
        ("machine time at the list price", f"${count * night.hours * price:,.0f} (${count * night.hours * price / night.recordings:.4f} a recording)"),
        ("requests to the bucket for one recording", f"{sum(one.values()):,.0f}"),
        ("requests a second, all workers", f"{night.recordings * sum(one.values()) / (night.hours * HOUR):,.0f}"),
        ("requests at the list price", f"${bucket_dollars(inputs, night):,.2f}"),
        ("data from the bucket", f"{night.recordings * night.megabytes_a_minute * night.minutes / 1e6:,.2f} TB, {_rate(night):,.0f} Mbit/s"),
        ("requests to decide what to do", f"{2 * math.ceil(night.recordings / NAMES_A_PAGE)}"),
    ]  # fmt: skip
    phases = [
        (phase, f"{cost.cpu:.3f}", f"{cost.cpu / inputs.cpu_rate:.0%}", f"{cost.peak_mb:.0f}")
        for phase, cost in inputs.phases.items()
    ]
    return "\n\n".join(
        (
            _table(
                (
                    "a night",
                    f"{night.recordings:,} recordings of {night.minutes:g} minutes in {night.hours:g} h",
                ),
                rows,
            ),
            _table(("phase", "CPU s for a second of recording", "share", "peak MB"), phases),
            _table(("services, where they are asked", "in all", "a minute"), _services(night)),
        )
    )


def _rate(night: Night) -> float:
    """Megabits a second from the bucket, all workers."""
    return 8 * night.recordings * night.megabytes_a_minute * night.minutes / (night.hours * HOUR)


def _services(night: Night) -> list[tuple[str, str, str]]:
    """What providers would be asked for, by the price book's own expectations."""
    book = PriceBook.read()
    expect, likely = book.expect, 1
    seconds = night.minutes * 60
    words = seconds * expect.tokens_per_second[likely]
    tokens = words * (expect.readings[likely] + expect.completion_share[likely]) + expect.instruction_tokens
    characters = words * expect.characters_per_token * expect.narration_share[likely]
    asked = (
        ("transcription, minutes of sound", night.minutes),
        ("language model, tokens", tokens),
        ("voice, characters", characters),
    )
    spread = night.hours * 60
    return [
        (what, f"{night.recordings * each:,.0f}", f"{night.recordings * each / spread:,.0f}")
        for what, each in asked
    ]


def _table(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    lines = [head, tuple("---" for _ in head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def main() -> int:
    """Measure, or print the model."""
    imports = time.process_time()
    options = argparse.ArgumentParser(prog="python -m benchmarks.scaling", description=__doc__)
    verbs = options.add_subparsers(dest="verb", required=True)
    measuring = verbs.add_parser("measure")
    measuring.add_argument("recording", type=Path)
    modelling = verbs.add_parser("model")
    modelling.add_argument("--inputs", type=Path, default=MEASURED)
    for name, field in Night.model_fields.items():
        modelling.add_argument(f"--{name.replace('_', '-')}", type=type(field.default), default=field.default)
    given = options.parse_args()
    if given.verb == "measure":
        with tempfile.TemporaryDirectory() as home:
            os.environ[HOME_VARIABLE] = home  # noqa: TID251  # nothing may be remembered from before
            inputs = measure(given.recording, imports)
        MEASURED.write_text(inputs.model_dump_json(indent=1) + "\n", encoding="utf-8")
        print(inputs.model_dump_json(indent=1))
        return 0
    inputs = Inputs.model_validate_json(given.inputs.read_text(encoding="utf-8"))
    print(model(inputs, Night(**{name: getattr(given, name) for name in Night.model_fields})))
    return 0


if __name__ == "__main__":
    sys.exit(main())
