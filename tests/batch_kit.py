"""Batches for tests: recordings that are quick to make short, and a crew of threads that can die."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import timedelta
from fractions import Fraction
from pathlib import Path
from typing import Any

from cutdown.batch.crew import Ended
from cutdown.batch.desk import Desk
from cutdown.batch.lease import StorageClock
from cutdown.batch.names import shelf
from cutdown.batch.order import Order
from cutdown.batch.run import Batch
from cutdown.batch.wishes import BatchWishes, Limits, Selection
from cutdown.batch.work import Bench
from cutdown.errors import MediaError
from cutdown.job import Job, Outcome, PhaseAccount
from cutdown.metrics import IngestRecord, append_record
from cutdown.services.terms import Terms
from cutdown.storage import FolderPlace, Place
from cutdown.store import hash_file

POISON = b"poison"
RECORDINGS = {f"day {n}/talk {n}.mp4": f"recording {n}".encode() for n in range(4)}


def fill(place: Place, folder: Path, recordings: dict[str, bytes]) -> None:
    """Put recordings into a place."""
    for number, (name, data) in enumerate(recordings.items()):
        path = folder / f"upload-{number}"
        path.write_bytes(data)
        place.publish(path, name)


class Maker:
    """Makes a recording short in no time, and remembers which bytes it was given.

    Args:
        seconds: that it takes.
        cost: US dollars that it asks for each.
    """

    def __init__(self, seconds: float = 0.0, cost: float = 0.0) -> None:
        self.seconds = seconds
        self.cost = cost
        self.made: list[bytes] = []
        self.before: Callable[[Job], None] = lambda _job: None

    def __call__(self, job: Job) -> Outcome:
        data = job.source.read_bytes()
        self.before(job)
        if data.startswith(POISON):
            raise MediaError(f"'{job.source.name}' is not a video; upload it again")
        self.made.append(data)
        time.sleep(self.seconds)
        job.folder.mkdir(parents=True)
        (job.folder / f"{job.name}.mp4").write_bytes(b"short " + data)
        (job.folder / "plan.json").write_text("{}")
        sha256 = hash_file(job.source)
        record = IngestRecord(
            video_id=sha256,
            run_id=f"run {sha256}",
            elapsed_seconds=2,
            estimated_cost=self.cost,
            cpu_seconds=3,
            cpu_percent_mean=150,
            cpu_percent_max=200,
            peak_memory_mb=400,
            disk_read_mb=None,
            disk_written_mb=None,
            video_duration_seconds=10,
            audio_extraction_time=0,
            transcription_time=2,
            transcription_method="local",
            whisper_model="base",
            total_time=2,
            segments_generated=1,
        )
        append_record(job.folder / "metrics.jsonl", record)
        return Outcome(
            video_id=sha256,
            run_id=record.run_id,
            folder=job.folder,
            video=f"{job.name}.mp4",
            files=(f"{job.name}.mp4", "plan.json", "metrics.jsonl"),
            source_seconds=Fraction(10),
            output_seconds=Fraction(4),
            phases=(PhaseAccount(phase="phase1_ingest", seconds=2, cached=False, cost=self.cost),),
        )


class Dies(BaseException):
    """A worker that ends without a word: nothing may catch it."""


class Threads:
    """A crew of threads of this process."""

    def __init__(self, source: Place, dest: Place, make: Callable[[Job], Outcome], slots: int = 2) -> None:
        self.slots = slots
        self.orders: list[Order] = []
        self._places = (source, dest)
        self._make = make
        self._over: list[Ended] = []
        self._turn = threading.Condition()

    def begin(self, order: Order) -> None:
        self.orders.append(order)
        threading.Thread(target=self._work, args=(order,), daemon=True).start()

    def wait(self, seconds: float) -> list[Ended]:
        with self._turn:
            if not self._over:
                self._turn.wait(seconds)
            over, self._over = self._over, []
            return over

    def stop(self) -> None:
        """Threads cannot be ended."""

    def _work(self, order: Order) -> None:
        fault = ""
        try:
            Bench(*self._places, self._make, clock=StorageClock(timedelta(0))).process(order)
        except Dies:
            fault = "its worker died"
        with self._turn:
            self._over.append(Ended(order, fault))
            self._turn.notify()


def wishes(
    source: Place, dest: Place, *, selection: Any = None, terms: Any = None, **limits: Any
) -> BatchWishes:
    """A batch between two places."""
    return BatchWishes(
        source=source.url,
        dest=dest.url,
        selection=Selection(**(selection or {})),
        limits=Limits(**({"lease_seconds": 5} | limits)),
        terms=Terms(**(terms or {})),
    )


def batch(
    asked: BatchWishes, source: Place, dest: Place, make: Callable[[Job], Outcome], **more: Any
) -> Batch:
    """A batch with a crew of threads."""
    slots = more.pop("slots", 2)
    return Batch(asked, source, dest, Threads(source, dest, make, slots), **more)


def results(dest: FolderPlace) -> dict[str, bytes]:
    """The videos that manifests name, by name; each must be whole and as its manifest says."""
    found = {}
    for item in dest.list(shelf("content")):
        manifest = Desk(dest).manifest(item.name.rpartition("/")[2].removesuffix(".json"))
        assert manifest is not None
        for file in manifest.files:
            there = dest.look(file.name)
            assert there is not None
            assert there.size == file.size
        assert manifest.video is not None
        found[manifest.source.name] = Path(dest.root, manifest.folder, manifest.video).read_bytes()
    return found
