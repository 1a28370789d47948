import json
import os
import shutil
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from cutdown.metrics import IngestRecord, PerformanceMonitor, read_records
from cutdown.metrics.disks import FreeSpace
from cutdown.metrics.graphics import AmdGpu, GpuReading, NvidiaGpu, find_gpu
from cutdown.metrics.processes import ProcessTree, Reading

# The tests' own process has threads, servers for children, and peaks of whatever ran before: a monitor in it would
# measure them too. What is told by figures is measured in a process that does nothing else.
ALONE = """
import json, subprocess, sys, time
from cutdown.metrics import PerformanceMonitor

BUSY = "import time\\nwhile time.process_time() < {seconds}: pass"
FILLED = "memory = bytearray({megabytes} * 1_000_000)"

def monitor(**options):
    return PerformanceMonitor(video_id="v", run_id="r", **options)

def run_python(code):
    subprocess.run([sys.executable, "-S", "-c", code], check=True)

def work(seconds):
    until = time.thread_time() + seconds
    while time.thread_time() < until:
        pass
"""


def measured_alone(code: str) -> Any:
    """What a process of its own says in its last line, which is JSON."""
    done = subprocess.run([sys.executable, "-c", ALONE + code], check=True, capture_output=True, text=True)
    return json.loads(done.stdout.splitlines()[-1])


def monitor(path: Path | None = None) -> PerformanceMonitor:
    return PerformanceMonitor(video_id="3f2a", run_id="r1", path=path)


def test_steps_are_timed_and_add_up() -> None:
    with monitor().phase("phase1_ingest") as phase:
        for _ in range(2):
            with phase.step("listening"):
                time.sleep(0.05)
        with phase.step("nothing"):
            pass
    assert 0.1 <= phase.seconds("listening") <= phase.elapsed_seconds
    assert (phase.steps["listening"].times, phase.steps["nothing"].times) == (2, 1)
    assert phase.seconds("nothing") < phase.seconds("listening")
    assert phase.seconds("never entered") == 0
    assert set(phase.steps) == {"listening", "nothing"}


def test_a_step_tells_waiting_from_working() -> None:
    waited, waiting, encoding = measured_alone("""
with monitor().phase("phase4_assembly") as phase:
    with phase.step("waiting"):
        time.sleep(0.3)
    with phase.step("encoding"):
        run_python(BUSY.format(seconds=0.3))
waiting, encoding = phase.steps["waiting"], phase.steps["encoding"]
print(json.dumps([waiting.seconds, waiting.cpu_seconds, encoding.cpu_seconds]))
""")
    assert waited >= 0.3
    assert waiting < 0.05
    assert 0.3 <= encoding <= 0.45


def test_a_step_that_fails_is_counted_all_the_same() -> None:
    with pytest.raises(ZeroDivisionError), monitor().phase("phase1_ingest") as phase, phase.step("dividing"):
        raise ZeroDivisionError
    assert phase.steps["dividing"].times == 1


def test_a_decorated_function_is_a_phase_each_time_it_is_called(tmp_path: Path) -> None:
    watch = monitor(tmp_path / "m.jsonl")

    @watch.phase("thumbnails", keep=True)
    def draw(count: int) -> int:
        time.sleep(0.02)
        return count + 1

    assert [draw(1), draw(2)] == [2, 3]
    first, second = read_records(tmp_path / "m.jsonl")
    assert first.phase == second.phase == "thumbnails"
    assert (first.video_id, first.run_id) == ("3f2a", "r1")
    assert first.elapsed_seconds >= 0.02
    assert first.timestamp < second.timestamp


def test_a_decorated_step_adds_up(tmp_path: Path) -> None:
    with monitor().phase("phase1_ingest") as phase:

        @phase.step("halving")
        def half(number: int) -> int:
            return number // 2

        assert half(half(8)) == 2
    assert phase.steps["halving"].times == 2


def test_a_phase_that_fails_leaves_no_record(tmp_path: Path) -> None:
    watch = monitor(tmp_path / "m.jsonl")
    with pytest.raises(ZeroDivisionError), watch.phase("thumbnails", keep=True):
        raise ZeroDivisionError
    assert not (tmp_path / "m.jsonl").exists()


def test_the_least_free_space_is_kept_for_every_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    really = os.statvfs(tmp_path)
    free = [9, 4, 7]

    def told(folder: Path) -> os.statvfs_result:
        assert folder == tmp_path  # the nearest folder that exists
        return os.statvfs_result(
            (1000, *really[1:4], free.pop(0) * 1_000_000 // really.f_frsize, *really[5:])
        )

    monkeypatch.setattr(os, "statvfs", told)
    space = FreeSpace({"output": tmp_path / "not" / "yet"})
    for _ in range(3):
        space.look()
    assert space.least_mb()["output"] == pytest.approx(4, rel=0.01)


def test_a_record_tells_the_free_space_of_real_disks(tmp_path: Path) -> None:
    watch = PerformanceMonitor(video_id="v", run_id="r", path=tmp_path / "m.jsonl", disks={"state": tmp_path})
    with watch.phase("thumbnails", keep=True):
        pass
    (record,) = read_records(tmp_path / "m.jsonl")
    free = shutil.disk_usage(tmp_path).free / 1_000_000
    assert record.disk_free_low_mb["state"] == pytest.approx(free, rel=0.2)  # others write and delete


def test_cpu_of_this_process_and_of_ended_children_is_counted() -> None:
    cpu = measured_alone("""
with monitor().phase("phase1_ingest") as phase:
    work(0.2)
    run_python(BUSY.format(seconds=0.4))
print(phase.usage.cpu_seconds)
""")
    assert 0.6 <= cpu <= 0.9


def test_a_child_that_still_runs_is_counted_from_the_phase_on() -> None:
    cpu = measured_alone("""
wait = "\\nprint(flush=True)\\ninput()\\n"
code = BUSY.format(seconds=0.3) + wait + BUSY.format(seconds=0.6) + wait
pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
with subprocess.Popen([sys.executable, "-S", "-c", code], **pipes) as child:
    child.stdout.readline()
    with monitor().phase("phase4_assembly") as phase:
        child.stdin.write("\\n")
        child.stdin.flush()
        child.stdout.readline()
    child.communicate("\\n")
print(phase.usage.cpu_seconds)
""")
    assert 0.25 <= cpu <= 0.45  # 0.3 s in the phase, not the 0.3 s before it


def test_a_child_that_ends_while_it_is_looked_at_takes_no_cpu_with_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    code = "import time\nwhile time.process_time() < 0.3: pass\nprint(flush=True)\ninput()"
    tree = ProcessTree()
    with subprocess.Popen(
        [sys.executable, "-S", "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as child:
        assert child.stdout
        child.stdout.readline()
        before = tree.read(fresh=True).cpu
        really = tree._own.memory_info

        def meanwhile() -> Any:  # asked for between this process's account and those of its children
            child.communicate(b"\n")
            return really()

        monkeypatch.setattr(tree._own, "memory_info", meanwhile)
        assert tree.read().cpu >= before


def test_the_peak_includes_the_memory_of_children() -> None:
    quiet, peak = measured_alone("""
with monitor().phase("phase1_ingest") as quiet:
    pass
with monitor().phase("phase1_ingest") as phase:
    run_python(FILLED.format(megabytes=150) + "\\nimport time\\ntime.sleep(2)")
print(json.dumps([quiet.usage.peak_memory_mb, phase.usage.peak_memory_mb]))
""")
    assert peak >= quiet + 150


def test_a_child_too_short_to_be_seen_still_counts_towards_the_peak() -> None:
    peak = measured_alone("""
with monitor(samples_a_second=0.01).phase("phase4_assembly") as phase:
    run_python(FILLED.format(megabytes=400))
print(phase.usage.peak_memory_mb)
""")
    assert peak >= 400


def test_the_memory_of_whoever_started_the_program_hides_no_peak() -> None:
    program = """
slow = monitor(samples_a_second=0.01)
with slow.phase("phase1_ingest") as listening:
    bytearray(200_000_000)
with slow.phase("phase4_assembly") as rendering:
    run_python(FILLED.format(megabytes=300))
print(json.dumps([listening.usage.peak_memory_mb, rendering.usage.peak_memory_mb]))
"""
    start = f"bytearray(500_000_000)\nsubprocess.run([sys.executable, '-c', {ALONE + program!r}], check=True)"
    own, child = measured_alone(start)
    assert own >= 200
    assert child >= 300


def test_a_child_does_not_bring_the_memory_back_that_this_process_gave_up_before() -> None:
    first, second = measured_alone("""
with monitor().phase("phase1_ingest") as listening:
    bytearray(400_000_000)
with monitor().phase("phase4_assembly") as rendering:
    run_python("")
print(json.dumps([listening.usage.peak_memory_mb, rendering.usage.peak_memory_mb]))
""")
    assert first >= 400
    assert second < 200


def test_children_that_vanish_do_no_harm() -> None:
    fast = PerformanceMonitor(video_id="v", run_id="r", samples_a_second=200)
    with fast.phase("phase1_ingest") as phase:
        for _ in range(8):
            subprocess.run([sys.executable, "-S", "-c", ""], check=True)
    assert phase.usage.cpu_seconds > 0


def test_one_busy_core_is_a_hundred_percent() -> None:
    mean, most = measured_alone("""
with monitor().phase("phase1_ingest") as phase:
    run_python(BUSY.format(seconds=1.3))
print(json.dumps([phase.usage.cpu_percent_mean, phase.usage.cpu_percent_max]))
""")
    assert mean <= 115
    assert mean <= most <= 130


def test_sampling_costs_less_than_a_hundredth_of_a_core() -> None:
    cost, elapsed = measured_alone("""
with monitor(samples_a_second=1000).phase("phase1_ingest") as phase:
    time.sleep(1.5)
print(json.dumps([phase.sampling_seconds, phase.elapsed_seconds]))
""")
    assert cost <= 0.01 * elapsed + 0.005


def test_one_dear_look_does_not_end_the_looking(monkeypatch: pytest.MonkeyPatch) -> None:
    looks: list[Reading] = []
    really = ProcessTree.read

    def read(tree: ProcessTree, *, fresh: bool = False) -> Reading:
        until = time.thread_time() + (0.05 if len(looks) == 2 else 0)  # as when the collector falls into it
        while time.thread_time() < until:
            pass
        looks.append(really(tree, fresh=fresh))
        return looks[-1]

    monkeypatch.setattr(ProcessTree, "read", read)
    with monitor().phase("phase1_ingest"):
        time.sleep(1)
    assert len(looks) > 5


def test_a_phase_that_fails_is_measured_and_its_thread_ends() -> None:
    threads = threading.enumerate()
    with pytest.raises(ZeroDivisionError), monitor().phase("phase1_ingest") as phase:
        raise ZeroDivisionError
    assert phase.usage.peak_memory_mb > 1
    assert [thread for thread in threading.enumerate() if thread not in threads] == []


def test_the_record_holds_what_was_measured(tmp_path: Path) -> None:
    watch = monitor(tmp_path / "m.jsonl")
    with watch.phase("phase1_ingest") as phase, phase.step("transcription"):
        time.sleep(0.02)
    record = phase.record(
        IngestRecord,
        video_duration_seconds=10,
        audio_extraction_time=phase.seconds("extraction"),
        transcription_time=phase.seconds("transcription"),
        transcription_method="local",
        whisper_model="tiny.en",
        total_time=phase.elapsed_seconds,
        segments_generated=1,
    )
    watch.append(record)
    assert read_records(tmp_path / "m.jsonl") == (record,)
    assert (record.video_id, record.run_id) == ("3f2a", "r1")
    assert record.elapsed_seconds == record.total_time >= record.transcription_time >= 0.02
    assert record.audio_extraction_time == 0


class _Driver:
    """NVML as far as it is used: two looks at 40 and 90 percent."""

    def __init__(self) -> None:
        self.loads = [40, 90]

    def nvmlInit_v2(self) -> int:  # noqa: N802 - the library's own form
        return 0

    def nvmlDeviceGetHandleByIndex_v2(self, index: int, handle: object) -> int:  # noqa: N802, ARG002 - as above
        return index

    def nvmlDeviceGetName(self, device: object, name: object, size: int) -> int:  # noqa: N802, ARG002 - as above
        name.value = b"Test GPU"
        return 0

    def nvmlDeviceGetUtilizationRates(self, device: object, load: object) -> int:  # noqa: N802, ARG002 - as above
        if not self.loads:
            return 15
        load._obj.gpu = self.loads.pop(0)
        return 0

    def nvmlDeviceGetMemoryInfo(self, device: object, memory: object) -> int:  # noqa: N802, ARG002 - as above
        memory._obj.used = 512_000_000
        return 0


def test_an_nvidia_device_is_read_through_its_driver() -> None:
    gpu = NvidiaGpu(_Driver())
    assert gpu.name == "Test GPU"
    assert [gpu.read(), gpu.read(), gpu.read()] == [GpuReading(40.0, 512.0), GpuReading(90.0, 512.0), None]


def test_a_phase_reports_the_gpu_it_was_given(monkeypatch: pytest.MonkeyPatch) -> None:
    watch = monitor()
    monkeypatch.setattr(watch, "_gpu", NvidiaGpu(_Driver()))
    with watch.phase("phase4_assembly") as phase:
        pass
    gpu = phase.usage.gpu
    assert gpu is not None
    assert (gpu.name, gpu.percent_mean, gpu.percent_max, gpu.memory_mb_max) == ("Test GPU", 65, 90, 512)


def test_an_amd_device_is_read_from_the_kernel(tmp_path: Path) -> None:
    device = tmp_path / "card0" / "device"
    device.mkdir(parents=True)
    (device / "gpu_busy_percent").write_text("37\n")
    (device / "mem_info_vram_used").write_text("256000000\n")
    gpu = AmdGpu(device)
    assert gpu.read() == GpuReading(37.0, 256.0)
    (device / "gpu_busy_percent").unlink()
    assert gpu.read() is None


def test_without_a_device_there_is_no_gpu(tmp_path: Path) -> None:
    found = find_gpu(tmp_path)
    assert found is None or isinstance(found, NvidiaGpu)
