import json
from fractions import Fraction
from pathlib import Path
from types import SimpleNamespace

import pytest

from cutdown.errors import UsageError
from cutdown.metrics import PhaseRecord, allowed, baseline, describe_hardware, total_cost, write_baseline
from cutdown.metrics.machine import _from_cpuinfo, _medium
from cutdown.metrics.records import RECORD_OF_PHASE
from cutdown.recording import Picture, Recording

PICTURE = Picture(
    stream_index=0,
    codec="h264",
    pixel_format="yuv420p",
    width=1920,
    height=1080,
    display_width=1920,
    display_height=1080,
    pixel_aspect=Fraction(1),
    rate=Fraction(30000, 1001),
    variable_rate=False,
    frames=8991,
    start=Fraction(0),
)


def recording(picture: Picture | None = PICTURE) -> Recording:
    return Recording(
        sha256="00",
        name="talk.mp4",
        size_bytes=1,
        container="mov",
        duration=Fraction(300),
        picture=picture,
        audio=(),
    )


def record(phase: str, **fields: object) -> PhaseRecord:
    """A record with only the fields that a baseline reads."""
    head = {"phase": phase, "cached": False, "elapsed_seconds": 1.0}
    return RECORD_OF_PHASE[phase].model_construct(**{**head, **fields})


RUN = (
    record("phase1_ingest", total_time=35.2),
    record("phase2_director", total_time=8.1, estimated_cost=0.32),
    record("phase3_voice", total_time=28.5, estimated_cost=0.55),
    record("phase4_assembly", total_time=180.3),
)


def test_the_baseline_has_the_promised_form(tmp_path: Path) -> None:
    document = baseline(RUN, recording(), tmp_path)
    assert set(document["hardware"]) == {"cpu", "ram", "storage"}
    assert document["video"] == {"duration": 300.0, "resolution": "1920x1080", "fps": 29.97}
    assert document["performance"] == {
        "phase1_time": 35.2,
        "phase2_time": 8.1,
        "phase3_time": 28.5,
        "phase4_time": 180.3,
        "total_time": 252.1,
    }
    assert document["cost"] == {"total": 0.87}
    assert document["cached_phases"] == []


def test_one_unknown_price_makes_the_total_unknown() -> None:
    assert total_cost((*RUN, record("phase3_voice", estimated_cost=None))) is None
    assert total_cost(()) == 0


def test_a_phase_that_did_not_run_is_null_and_the_last_record_of_a_phase_counts(tmp_path: Path) -> None:
    again = record("phase1_ingest", total_time=0.1, cached=True)
    document = baseline((RUN[0], RUN[1], again), recording(), tmp_path)
    assert document["performance"]["phase1_time"] == 0.1
    assert document["performance"]["phase4_time"] is None
    assert document["performance"]["total_time"] == pytest.approx(8.2)
    assert document["cached_phases"] == ["phase1_ingest"]


def test_a_recording_without_picture_has_no_resolution(tmp_path: Path) -> None:
    assert baseline(RUN, recording(None), tmp_path)["video"] == {
        "duration": 300.0,
        "resolution": None,
        "fps": None,
    }


def test_a_baseline_is_written_as_json(tmp_path: Path) -> None:
    path = tmp_path / "a b" / "base.json"
    document = baseline(RUN, recording(), tmp_path)
    write_baseline(path, document)
    assert json.loads(path.read_text(encoding="utf-8")) == document
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match="cannot write the metrics"):
        write_baseline(tmp_path / "file" / "base.json", document)


def test_the_machine_is_described_even_for_a_folder_that_is_yet_to_be_made(tmp_path: Path) -> None:
    hardware = describe_hardware(tmp_path / "not" / "yet")
    assert hardware.cpu.endswith("cores")
    assert not hardware.cpu.startswith(",")
    assert hardware.ram.endswith("GiB")
    assert " GB" in hardware.storage


GIGABYTE = 1_000_000_000
MACHINE = (64.0, 200 * GIGABYTE, 100 * GIGABYTE)


@pytest.mark.parametrize(
    ("told", "cores", "memory", "free"),
    [
        ({}, *MACHINE),
        ({"cpu.max": "max 100000", "memory.max": "max", "memory.current": "5"}, *MACHINE),
        ({"cpu.max": "150000 100000"}, 1.5, *MACHINE[1:]),
        ({"memory.max": "4000000000", "memory.current": "3000000000"}, 64, 4 * GIGABYTE, GIGABYTE),
        (
            {
                "memory.max": "4000000000",
                "memory.current": "3000000000",
                "memory.stat": "anon 1000\nfile 2900000000\ninactive_file 2500000000\n",
            },
            64,
            4 * GIGABYTE,
            3.5 * GIGABYTE,
        ),
    ],
    ids=["no container", "no limits", "cores", "memory", "memory that files are kept in"],
)
def test_a_container_allows_less_than_the_machine_has(
    told: dict[str, str],
    cores: float,
    memory: int,
    free: float,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("os.sched_getaffinity", lambda _: range(64), raising=False)
    machine = SimpleNamespace(total=MACHINE[1], available=MACHINE[2])
    monkeypatch.setattr("psutil.virtual_memory", lambda: machine)
    for name, text in told.items():
        (tmp_path / name).write_text(text)
    assert allowed(tmp_path) == (cores, memory, free)


def test_the_processor_is_read_as_linux_writes_it(tmp_path: Path) -> None:
    (tmp_path / "cpuinfo").write_text("processor : 0\nmodel name\t: AMD  Ryzen 7\nflags : a b\n")
    assert _from_cpuinfo(tmp_path / "cpuinfo") == "AMD Ryzen 7"
    assert _from_cpuinfo(tmp_path / "absent") == ""


def test_a_partition_tells_whether_its_disk_turns(tmp_path: Path) -> None:
    (tmp_path / "sda" / "queue").mkdir(parents=True)
    (tmp_path / "sda" / "queue" / "rotational").write_text("1\n")
    (tmp_path / "sda" / "sda2").mkdir()
    (tmp_path / "sda2").symlink_to(tmp_path / "sda" / "sda2")
    assert _medium("sda2", tmp_path) == "hard disk"
    (tmp_path / "sda" / "queue" / "rotational").write_text("0\n")
    assert _medium("sda2", tmp_path) == "solid state"
    assert _medium("overlay", tmp_path) == ""
