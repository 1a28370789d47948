"""The curve of a phase: even steps, bounded length, nothing lost."""

from __future__ import annotations

import itertools
import time

import pytest

from cutdown.metrics import PerformanceMonitor
from cutdown.metrics.trace import MOST_STEPS, SHORTEST_STEP, Recorder, Trace


def recorded(seconds: float, *, every: float = 0.25, cpu: float = 0.1) -> Trace:
    recorder = Recorder(100.0, cores=2)
    for look in range(1, round(seconds / every) + 1):
        recorder.look(100 + look * every, cpu_seconds=cpu, memory_mb=500 + look % 7)
    return recorder.trace()


@pytest.mark.parametrize("seconds", [0.25, 3, 12, 12.25, 100, 7200])
def test_the_curve_is_short_whatever_the_phase(seconds: float) -> None:
    trace = recorded(seconds)
    assert len(trace.cpu_percent) <= MOST_STEPS
    assert seconds <= trace.seconds < seconds + trace.step_seconds
    assert (trace.step_seconds / SHORTEST_STEP).is_integer()
    assert set(trace.cpu_percent) == {40.0}  # 0.1 s of every 0.25 s
    assert 500 < max(trace.memory_mb) <= 506


def test_cpu_of_rare_looks_is_spread_over_the_time_between_them() -> None:
    recorder = Recorder(0.0, cores=4)
    recorder.look(1.0, cpu_seconds=2.0, memory_mb=10)
    recorder.look(2.0, cpu_seconds=0.0, memory_mb=30)
    trace = recorder.trace()
    assert trace.cpu_percent == (200.0,) * 4 + (0.0,) * 4
    assert trace.memory_mb == (10.0,) * 5 + (30.0,) * 3  # a look on the border belongs to the step it opens


def test_no_step_shows_more_than_the_cores_can_give() -> None:
    recorder = Recorder(0.0, cores=2)
    recorder.look(0.25, cpu_seconds=9.0, memory_mb=1)  # a child that ended unseen
    assert recorder.trace().cpu_percent == (200.0,)


@pytest.mark.parametrize(("first", "second"), list(itertools.product([1, 30, 500], repeat=2)))
def test_one_curve_behind_another_keeps_the_work(first: int, second: int) -> None:
    one, other = recorded(first), recorded(second, cpu=0.05)
    both = one.then(other)
    assert len(both.cpu_percent) <= MOST_STEPS
    assert both.step_seconds >= max(one.step_seconds, other.step_seconds)
    assert both.seconds == pytest.approx(first + second, abs=3 * both.step_seconds)
    work = sum(both.cpu_percent) * both.step_seconds
    assert work == pytest.approx(first * 40 + second * 20, abs=3 * 40 * both.step_seconds)


def test_a_phase_that_works_shows_it() -> None:
    monitor = PerformanceMonitor(video_id="v", run_id="r")
    with monitor.phase("work") as meter:
        time.sleep(0.6)
        end = time.thread_time() + 0.5
        while time.thread_time() < end:
            pass
        time.sleep(
            0.3
        )  # how long the last step is depends on when the last look comes: nothing is to be in it
    trace = meter.usage.trace
    assert trace.seconds >= meter.elapsed_seconds
    begun = [at * trace.step_seconds for at in range(len(trace.cpu_percent))]
    # The last step is cut short, and its mean is that of what it has.
    spans = [min(trace.step_seconds, meter.elapsed_seconds - start) for start in begun]
    seconds = sum(percent / 100 * span for percent, span in zip(trace.cpu_percent, spans, strict=True))
    assert seconds == pytest.approx(meter.usage.cpu_seconds, rel=0.1, abs=0.03)
    assert trace.cpu_percent[0] < max(trace.cpu_percent)
    assert max(trace.memory_mb) <= meter.usage.peak_memory_mb + 0.1
