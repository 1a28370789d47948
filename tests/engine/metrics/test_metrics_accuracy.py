"""A real run in a process of its own, against what the kernel says of that process when it is over."""

import json
import os
import subprocess
import sys
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import pytest
from media_kit import make_recording

from cutdown import phases
from cutdown.demo import make_demo
from cutdown.metrics import PhaseMeter
from cutdown.services.choices import Choice
from cutdown.services.terms import Terms
from cutdown.settings import SpeechOptions
from cutdown.store import Ref, Store

pytestmark = pytest.mark.slow

# The command line's own runner, with a listener beside it that knows only its own clock.
RUN = """
import json, sys, time
from pathlib import Path
from cutdown.cli import build_app, start
from cutdown.pipeline import here, optimize
from cutdown.progress import heard_by
from cutdown.settings import state_folder
from cutdown.store import Store

class Clock:
    moments = []
    def begin(self, phase):
        self.moments.append((phase, "begin", time.monotonic()))
        return lambda share, /: None
    def end(self, phase, *, ok, cached):
        self.moments.append((phase, "end", time.monotonic()))

def run(job):
    store = Store(state_folder() / "store")
    with heard_by(Clock()):
        return optimize(job, here(store), store)

code = start(build_app(run), sys.argv[2:])
Path(sys.argv[1]).write_text(json.dumps(Clock.moments))
sys.exit(code)
"""

# A child counts its parent's size as its own peak until it becomes its program, so the parent is a small one.
LAUNCH = """
import os, sys
pid = os.posix_spawn(sys.executable, [sys.executable, *sys.argv[2:]], os.environ)
with open(sys.argv[1], "w") as file: file.write(str(pid))
pid, status, usage = os.wait4(pid, 0)
print(os.waitstatus_to_exitcode(status), usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024)
"""


@dataclass
class Measured:
    """One run, by its own records and from outside."""

    records: list[dict[str, Any]]
    cpu: float
    largest: float
    tree_peak: float
    moments: list[tuple[str, str, float]]


def watch(pid_file: Path, peak: list[float], done: threading.Event) -> None:
    """Look at the memory of a process and its children, fifty times a second."""
    while not done.wait(0.02):
        if not pid_file.exists() or not (text := pid_file.read_text()):
            continue
        try:
            process = psutil.Process(int(text))
            # A child that is not yet its own program shows its parent's memory, and its parent's command line.
            program = process.cmdline()
            tree = [
                process,
                *(each for each in process.children(recursive=True) if each.cmdline() != program),
            ]
            peak[0] = max(peak[0], sum(each.memory_info().rss for each in tree))
        except psutil.Error:
            continue


def measured(folder: Path, *arguments: str | Path) -> Measured:
    pid_file, moments, out = folder / "pid", folder / "moments.json", folder / "out"
    peak, done = [0.0], threading.Event()
    pid_file.unlink(missing_ok=True)
    watcher = threading.Thread(target=watch, args=(pid_file, peak, done))
    watcher.start()
    try:
        told = subprocess.run(
            [sys.executable, "-S", "-c", LAUNCH, pid_file, "-c", RUN, moments, "optimize", *arguments, "--out", out],
            env=os.environ | {"CUTDOWN_HOME": str(folder / "state")},
            capture_output=True,
            text=True,
            check=True,
        )  # fmt: skip
    finally:
        done.set()
        watcher.join()
    code, cpu, largest = told.stdout.split()[-3:]
    assert int(code) == 0, told.stderr
    return Measured(
        records=[json.loads(line) for line in (out / "metrics.jsonl").read_text().splitlines()],
        cpu=float(cpu),
        largest=float(largest) / 1_000_000,
        tree_peak=peak[0] / 1_000_000,
        moments=[(name, what, at) for name, what, at in json.loads(moments.read_text())],
    )


@pytest.fixture(scope="module")
def talk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("accuracy") / "talk.mp4"
    make_demo(path)
    return path


def run(talk: Path, folder: Path | None = None) -> Measured:
    return measured(folder or talk.parent, talk, "--whisper-model", "tiny.en", "--preset", "fast")


@pytest.fixture(scope="module")
def fresh(talk: Path) -> Measured:
    return run(talk)


def test_cpu_is_what_the_kernel_says_within_five_percent(fresh: Measured, talk: Path) -> None:
    told = sum(record["cpu_seconds"] for record in fresh.records)
    again = run(talk)  # finds everything: what it takes is starting the program and writing the results
    assert all(record["cached"] for record in again.records[4:])
    assert told == pytest.approx(fresh.cpu - again.cpu, rel=0.05)
    assert told == pytest.approx(fresh.cpu, rel=0.1)


def test_the_memory_peak_is_what_the_kernel_and_another_watcher_say_within_five_percent(
    fresh: Measured,
) -> None:
    told = max(record["peak_memory_mb"] for record in fresh.records)
    assert told >= 0.95 * fresh.largest  # the kernel knows the largest single process
    assert told == pytest.approx(max(fresh.tree_peak, fresh.largest), rel=0.05)


def share_of_phases(found: Measured) -> float:
    at = {(name, what): moment for name, what, moment in found.moments}
    run = at["check", "end"] - at["ingest", "begin"]
    return sum(record["total_time"] for record in found.records) / run


def test_the_phases_add_up_to_the_run_within_one_percent(fresh: Measured, talk: Path, tmp_path: Path) -> None:
    shares = [share_of_phases(fresh)]
    # A busy machine may let a run wait between two phases as well as in one: what lies there by itself lies there always.
    for number in range(2):
        if max(shares) < 0.99:
            (tmp_path / str(number)).mkdir()
            shares.append(share_of_phases(run(talk, tmp_path / str(number))))
    assert max(shares) == pytest.approx(1, rel=0.01)


def test_writing_down_what_was_found_is_part_of_a_phase(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    silent = make_recording(tmp_path / "silent.mp4", seconds=1, sound=False)
    store = Store(tmp_path / "store")
    recording = phases.examine(store, silent)
    events: list[str] = []
    put, stop = Store.put_text, PhaseMeter.stop

    def written(store: Store, *text: str) -> Ref:
        events.append("written")
        return put(store, *text)

    def ended(meter: PhaseMeter) -> None:
        events.append("ended")
        stop(meter)

    monkeypatch.setattr(Store, "put_text", written)
    monkeypatch.setattr(PhaseMeter, "stop", ended)
    phases.ingest(
        store,
        source=silent,
        recording=recording,
        options=SpeechOptions(),
        choices=(Choice(provider="local"),),
        terms=Terms(),
    )
    assert events == ["written"] * 3 + ["ended", "written"]  # the last one is the record itself


def test_steps_and_named_parts_lie_within_their_phase(fresh: Measured) -> None:
    for record in fresh.records:
        steps = record["steps"].values()
        # Where steps run side by side, each lies within the phase; everywhere else their sum does.
        together = max if record["phase"] == "phase1_ingest" else sum
        assert together(step["seconds"] for step in steps) <= record["elapsed_seconds"]
        assert together(step["cpu_seconds"] for step in steps) <= record["cpu_seconds"] + 0.05
        assert record["disk_free_low_mb"].keys() == {"state", "output"}
