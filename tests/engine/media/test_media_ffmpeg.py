"""The one door to programs: what comes back, what is said when it fails, and that nothing is left behind."""

import signal
import subprocess
import sys
import textwrap
import threading
import time
from fractions import Fraction
from pathlib import Path

import psutil
import pytest

from cutdown.errors import RenderError, UsageError
from cutdown.media import ffmpeg

TONE = ["-f", "lavfi", "-i", "sine=frequency=440:duration=2"]
ENDLESS = ["-re", "-f", "lavfi", "-i", "testsrc2=size=64x64:rate=10", "-f", "null", "-"]


def descendants() -> set[int]:
    return {
        child.pid
        for child in psutil.Process().children(recursive=True)
        if child.status() != psutil.STATUS_ZOMBIE
    }


def wait_until(true, seconds=20.0):
    limit = time.monotonic() + seconds
    while not true() and time.monotonic() < limit:
        time.sleep(0.02)
    return true()


def test_progress_rises_to_one_and_cpu_time_is_counted():
    heard = []
    done = ffmpeg.run([*TONE, "-f", "null", "-"], duration=Fraction(2), progress=heard.append)
    assert heard == sorted(heard)
    assert heard[-1] == 1.0
    assert 0 < done.cpu_seconds < 10


def test_last_words_hold_what_a_filter_prints():
    done = ffmpeg.run([*TONE, "-af", "loudnorm=print_format=json", "-f", "null", "-"])
    assert '"input_i"' in done.stderr
    assert '"target_offset"' in done.stderr


def test_blocks_go_in_and_come_out_whole():
    frames = [bytes([level]) * (64 * 48) for level in range(0, 250, 10)]
    taken = []
    raw = ["-f", "rawvideo", "-pix_fmt", "gray", "-video_size", "64x48"]
    ffmpeg.run([*raw, "-i", "pipe:0", *raw, "pipe:1"], feed=frames, take=taken.append)
    assert b"".join(taken) == b"".join(frames)


def test_a_program_that_reads_only_the_beginning_ends_well():
    endless = (bytes(64 * 48) for _ in range(10_000_000))
    raw = ["-f", "rawvideo", "-pix_fmt", "gray", "-video_size", "64x48"]
    ffmpeg.run([*raw, "-i", "pipe:0", "-frames:v", "3", "-f", "null", "-"], feed=endless)


def test_a_failure_says_why_in_one_line(tmp_path: Path):
    with pytest.raises(RenderError, match="No such file") as caught:
        ffmpeg.run(["-i", str(tmp_path / "it's not “here”.mp4"), "-f", "null", "-"])
    assert "\n" not in str(caught.value)
    assert "0x" not in str(caught.value)  # addresses differ from run to run
    assert "No such file" in caught.value.stderr


def test_names_with_quotes_spaces_and_letters_of_any_script(tmp_path: Path):
    target = tmp_path / 'it\'s a "тест" 日本 %d.wav'
    ffmpeg.run([*TONE, str(target)])
    assert target.stat().st_size > 1000


def test_a_stalled_program_is_ended_and_named():
    before = descendants()
    with pytest.raises(RenderError, match=r"no progress for 0\.5 s"):
        ffmpeg.run(
            ["-f", "lavfi", "-i", "anullsrc", "-af", "arealtime=speed=0.0001", "-f", "null", "-"],
            stall_seconds=0.5,
        )
    assert not descendants() - before


def test_an_exception_in_the_caller_leaves_no_program_behind():
    before = descendants()

    def bored(block: bytes) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        ffmpeg.run([*ENDLESS[:-3], "-f", "rawvideo", "pipe:1"], take=bored)
    assert not descendants() - before


def test_all_that_run_can_be_ended_from_another_thread():
    before = descendants()
    faults = []

    def endless() -> None:
        try:
            ffmpeg.run(ENDLESS)
        except RenderError as error:
            faults.append(str(error))

    threads = [threading.Thread(target=endless) for _ in range(2)]
    for thread in threads:
        thread.start()
    assert wait_until(lambda: len(ffmpeg._running) == 2)  # there before that, and not to be ended yet
    ffmpeg.kill_all()
    for thread in threads:
        thread.join(20)
    assert [fault.startswith("ffmpeg was ended by signal 9") for fault in faults] == [True, True]
    assert not descendants() - before


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel's parent-death signal is Linux's")
def test_it_dies_with_its_parent_even_when_that_is_killed(tmp_path: Path):
    script = textwrap.dedent(f"""
        import threading
        from cutdown.media import ffmpeg
        worker = threading.Thread(target=ffmpeg.run, args=({ENDLESS!r},))
        worker.start()
        worker.join()
    """)
    parent = subprocess.Popen([sys.executable, "-c", script])
    try:
        family = psutil.Process(parent.pid)
        named = lambda: [c for c in family.children(recursive=True) if "ffmpeg" in c.name()]  # noqa: E731
        assert wait_until(lambda: bool(named()))
        child = named()[0]
    finally:
        parent.send_signal(signal.SIGKILL)
        parent.wait()
    assert wait_until(lambda: not child.is_running() or child.status() == psutil.STATUS_ZOMBIE)


def test_the_program_can_be_named_by_the_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    bundled = ffmpeg.program()
    assert bundled.is_file()
    link = tmp_path / "my ffmpeg"
    link.symlink_to(bundled)
    monkeypatch.setenv(ffmpeg.OVERRIDE, str(link))
    assert ffmpeg.program() == link
    monkeypatch.setenv(ffmpeg.OVERRIDE, str(tmp_path / "absent"))
    with pytest.raises(UsageError, match="absent"):
        ffmpeg.program()


def test_an_encoder_counts_only_when_it_encodes():
    ffmpeg.try_encoder("libx264", ["-preset", "superfast", "-crf", "23"], (641 // 2 * 2, 360))
    assert ffmpeg.has_encoder("libx264")
    assert not ffmpeg.has_encoder("hal_9000")


def test_an_encoder_that_does_not_work_is_refused_with_those_that_do():
    with pytest.raises(UsageError, match=r"no such encoder.*libx264") as caught:
        ffmpeg.try_encoder("hal_9000")
    assert "libx265" in str(caught.value)
    with pytest.raises(UsageError, match="invalid preset 'silly'"):
        ffmpeg.try_encoder("libx264", ["-preset", "silly"])
