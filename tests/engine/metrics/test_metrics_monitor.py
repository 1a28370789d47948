import os
import shutil
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from cutdown.metrics import IngestRecord, PerformanceMonitor, read_records
from cutdown.metrics.disks import FreeSpace
from cutdown.metrics.graphics import AmdGpu, GpuReading, NvidiaGpu, find_gpu

BUSY = "import time\nwhile time.process_time() < {seconds}: pass"


def monitor(path: Path | None = None) -> PerformanceMonitor:
    return PerformanceMonitor(video_id="3f2a", run_id="r1", path=path)


def run_python(code: str) -> None:
    subprocess.run([sys.executable, "-S", "-c", code], check=True)


def test_steps_are_timed_and_add_up() -> None:
    with monitor().phase("phase1_ingest") as phase:
        for _ in range(2):
            with phase.step("listening"):
                time.sleep(0.05)
        with phase.step("nothing"):
            pass
    assert 0.1 <= phase.seconds("listening") <= phase.elapsed_seconds
    assert (phase.steps["listening"].times, phase.steps["nothing"].times) == (2, 1)
    assert phase.seconds("nothing") < 0.05
    assert phase.seconds("never entered") == 0
    assert set(phase.steps) == {"listening", "nothing"}


def test_a_step_tells_waiting_from_working() -> None:
    with monitor().phase("phase4_assembly") as phase:
        with phase.step("waiting"):
            time.sleep(0.3)
        with phase.step("encoding"):
            run_python(BUSY.format(seconds=0.3))
    waiting, encoding = phase.steps["waiting"], phase.steps["encoding"]
    assert waiting.seconds >= 0.3
    assert waiting.cpu_seconds < 0.05
    assert 0.3 <= encoding.cpu_seconds <= 0.45


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
    with monitor().phase("phase1_ingest") as phase:
        until = time.process_time() + 0.2
        while time.process_time() < until:
            pass
        run_python(BUSY.format(seconds=0.4))
    assert 0.6 <= phase.usage.cpu_seconds <= 0.9


def test_a_child_that_still_runs_is_counted_from_the_phase_on() -> None:
    code = (
        BUSY.format(seconds=0.3)
        + "\nprint(flush=True)\ninput()\n"
        + BUSY.format(seconds=0.6)
        + "\nprint(flush=True)\ninput()"
    )
    with subprocess.Popen(
        [sys.executable, "-S", "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as child:
        assert child.stdin
        assert child.stdout
        child.stdout.readline()
        with monitor().phase("phase4_assembly") as phase:
            child.stdin.write("\n")
            child.stdin.flush()
            child.stdout.readline()
        child.communicate("\n")
    assert 0.25 <= phase.usage.cpu_seconds <= 0.45  # 0.3 s in the phase, not the 0.3 s before it


def test_the_peak_includes_the_memory_of_children() -> None:
    with monitor().phase("phase1_ingest") as quiet:
        pass
    with monitor().phase("phase1_ingest") as phase:
        run_python("memory = bytearray(150_000_000)\nimport time\ntime.sleep(2)")
    assert phase.usage.peak_memory_mb >= quiet.usage.peak_memory_mb + 150


def test_a_child_too_short_to_be_seen_still_counts_towards_the_peak() -> None:
    slow = PerformanceMonitor(video_id="v", run_id="r", samples_a_second=0.01)
    with slow.phase("phase4_assembly") as phase:
        run_python("memory = bytearray(400_000_000)")
    assert phase.usage.peak_memory_mb >= 400


def test_children_that_vanish_do_no_harm() -> None:
    fast = PerformanceMonitor(video_id="v", run_id="r", samples_a_second=200)
    with fast.phase("phase1_ingest") as phase:
        for _ in range(8):
            run_python("")
    assert phase.usage.cpu_seconds > 0


def test_one_busy_core_is_a_hundred_percent() -> None:
    with monitor().phase("phase1_ingest") as phase:
        run_python(BUSY.format(seconds=1.3))
    assert phase.usage.cpu_percent_mean <= 115
    assert phase.usage.cpu_percent_mean <= phase.usage.cpu_percent_max <= 130


def test_sampling_costs_less_than_a_hundredth_of_a_core() -> None:
    eager = PerformanceMonitor(video_id="v", run_id="r", samples_a_second=1000)
    with eager.phase("phase1_ingest") as phase:
        time.sleep(1.5)
    assert phase.sampling_seconds <= 0.01 * phase.elapsed_seconds + 0.005


def test_a_phase_that_fails_is_measured_and_its_thread_ends() -> None:
    threads = threading.active_count()
    with pytest.raises(ZeroDivisionError), monitor().phase("phase1_ingest") as phase:
        raise ZeroDivisionError
    assert phase.usage.peak_memory_mb > 1
    assert threading.active_count() == threads


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
