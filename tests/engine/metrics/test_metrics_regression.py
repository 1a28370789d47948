"""What the comparison says of measurements whose truth is known."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cutdown.cli import build_app, start
from cutdown.errors import UsageError
from cutdown.metrics import Hardware
from cutdown.metrics.baseline_form import (
    PHASES,
    PROCESS,
    TOTAL,
    Baseline,
    Case,
    Cost,
    Figures,
    Made,
    Performance,
    Run,
    Video,
    spread_of,
)
from cutdown.metrics.regression import compare
from cutdown.terminal.regression import verdict_line

WHEN = datetime(2026, 1, 1, tzinfo=UTC)
VIDEO = Video(duration=300, resolution="1920x1080", fps=30)
MACHINE = Hardware(cpu="one, 2 cores", ram="8 GiB", storage="100 GB")
SECONDS = {"phase1_ingest": 12.0, "phase2_director": 0.05, "phase3_voice": 1.2, "phase4_assembly": 30.0}
MEASURED_SPREAD = 0.06  # of a run's CPU seconds by the yardstick, on a busy machine of two cores


def measured(
    slower: Mapping[str, float] | None = None,
    *,
    seed: int = 0,
    runs: int = 5,
    noise: float = MEASURED_SPREAD,
    others: float = 0.0,
    machine: Hardware = MACHINE,
    speed: float = 1.0,
) -> Baseline:
    """A measurement of a program with these phases on a machine with this noise.

    ``speed`` is how much longer everything takes in CPU seconds, the yardstick included; other programs stretch
    the wall time besides.
    """
    chance = np.random.default_rng(seed)
    factors = slower or {}
    made = []
    for _ in range(runs):
        cpu = {
            phase: seconds * factors.get(phase, 1.0) * speed * chance.lognormal(0, noise)
            for phase, seconds in SECONDS.items()
        }
        stretch = chance.uniform(1, 1 + 20 * others)
        phases = {phase: Figures(wall=seconds * stretch, cpu=seconds) for phase, seconds in cpu.items()}
        for name, extra in ((TOTAL, 0.0), (PROCESS, 2.0)):
            phases[name] = Figures(
                wall=sum(phases[phase].wall for phase in PHASES) + extra,
                cpu=sum(phases[phase].cpu for phase in PHASES) + extra,
            )
        made.append(
            Run(
                began=WHEN,
                phases=phases,
                yardstick_cpu=0.5 * speed,
                others_share=others,
                peak_memory_mb=500,
                output_seconds=100,
            )
        )
    case = Case(name="pattern-300", mode="cold", video=VIDEO, runs=tuple(made), spread=spread_of(made))
    return Baseline(
        hardware=machine,
        video=VIDEO,
        performance=performance({phase: case.spread[phase].wall.median for phase in PHASES}),
        cost=Cost(total=0),
        made=Made(at=WHEN, commit=None, changed=False, versions={}, cores=2),
        cases=(case,),
    )


def performance(seconds: Mapping[str, float]) -> Performance:
    times = {f"{phase.partition('_')[0]}_time": value for phase, value in seconds.items()}
    return Performance.model_validate({**times, "total_time": sum(seconds.values())})


def single(slower: Mapping[str, float] | None = None, **changes: Any) -> Baseline:
    """What ``optimize --metrics-output`` writes."""
    seconds = {phase: value * (slower or {}).get(phase, 1.0) for phase, value in SECONDS.items()}
    document = Baseline(hardware=MACHINE, video=VIDEO, performance=performance(seconds), cost=Cost(total=0))
    return document.model_copy(update=changes)


def test_the_same_program_twice_is_no_regression() -> None:
    comparison = compare(measured(seed=1), measured(seed=2))
    assert comparison.slower == ()
    assert {row.verdict for row in comparison.rows if row.phase == "phase4_assembly"} == {"steady"}


@pytest.mark.parametrize("phase", ["phase1_ingest", "phase3_voice", "phase4_assembly"])
def test_a_slow_phase_is_named_with_its_amount(phase: str) -> None:
    comparison = compare(measured(seed=1, noise=0.02), measured({phase: 1.3}, seed=2, noise=0.02))
    assert phase in [row.phase for row in comparison.slower]
    assert not {row.phase for row in comparison.slower} - {phase, TOTAL, PROCESS}
    (row,) = (row for row in comparison.slower if row.phase == phase)
    assert row.ratio == pytest.approx(1.3, abs=0.06)
    assert row.low < 1.3 < row.high
    assert f"{phase} of pattern-300 cold is " in verdict_line(comparison)


def test_five_percent_in_everything_never_cries_wolf_in_twenty_tries() -> None:
    """Noise of the size that was measured, and five percent more work in every phase."""
    slower = dict.fromkeys(PHASES, 1.05)
    for others in (0.0, 0.3):
        cries = [
            compare(measured(seed=number), measured(slower, seed=100 + number, others=others)).slower
            for number in range(20)
        ]
        assert cries == [()] * 20


def test_thirty_percent_are_seen_in_spite_of_the_measured_noise() -> None:
    seen = [
        "phase4_assembly"
        in [
            r.phase
            for r in compare(measured(seed=n), measured({"phase4_assembly": 1.3}, seed=100 + n)).slower
        ]
        for n in range(20)
    ]
    assert sum(seen) >= 19


def test_on_a_busy_or_slower_machine_cpu_time_by_the_yardstick_decides() -> None:
    """Wall time is off by a factor, and the machine itself is slower by half: neither is the program's doing."""
    before = measured(seed=1, others=0.02)
    quiet = compare(before, measured(seed=2))
    busy = compare(before, measured(seed=2, others=0.4, speed=1.5))
    assert quiet.rule.startswith("wall seconds")
    assert busy.rule.startswith("CPU seconds")
    assert quiet.slower == busy.slower == ()
    worse = compare(before, measured({"phase1_ingest": 1.4}, seed=2, others=0.4, speed=1.5))
    assert [row.phase for row in worse.slower] == ["phase1_ingest"]


def test_too_much_noise_is_called_no_evidence() -> None:
    before = measured(seed=3, noise=0.5)
    found = [compare(before, measured(seed=10 + n, noise=0.5)) for n in range(8)]
    assert any(comparison.unsure and not comparison.slower for comparison in found)
    line = next(verdict_line(c) for c in found if c.unsure and not c.slower)
    assert line.startswith("no evidence of a regression")
    assert "measure more runs" in line


def test_a_phase_that_takes_next_to_no_time_decides_nothing() -> None:
    comparison = compare(measured(seed=1), measured({"phase2_director": 3.0}, seed=2))
    assert comparison.slower == ()
    (row,) = (row for row in comparison.rows if row.phase == "phase2_director")
    assert row.verdict == "slower"
    assert not row.counts


def test_a_higher_threshold_allows_more() -> None:
    before, now = measured(seed=1, noise=0.01), measured({"phase4_assembly": 1.3}, seed=2, noise=0.01)
    assert compare(before, now).slower
    assert not compare(before, now, 0.5).slower


def test_the_same_files_give_the_same_answer() -> None:
    before, now = measured(seed=1), measured(seed=2)
    assert compare(before, now) == compare(before, now)


def test_single_runs_are_compared_with_wider_doubt() -> None:
    same = compare(single(), single())
    assert same.slower == ()
    assert "single run" in same.rule
    slow = compare(single(), single({"phase4_assembly": 1.6}))
    assert [row.phase for row in slow.slower] == ["phase4_assembly", TOTAL]
    (four,) = (row for row in slow.rows if row.phase == "phase4_assembly")
    assert four.low < 1.4  # far wider than a benchmark of five runs
    unsure = compare(single(), single({"phase4_assembly": 1.22}))
    assert unsure.slower == ()
    assert "phase4_assembly" in [row.phase for row in unsure.unsure]


def test_a_single_run_against_a_benchmark_of_the_same_video() -> None:
    assert compare(measured(seed=1, noise=0.01), single()).slower == ()


def test_what_cannot_be_compared_is_refused() -> None:
    other = VIDEO.model_copy(update={"duration": 60.0})
    with pytest.raises(UsageError, match="different videos"):
        compare(single(), single(video=other))
    with pytest.raises(UsageError, match="phase1_ingest found its answer instead of working"):
        compare(single(), single(cached_phases=("phase1_ingest",)))


def test_videos_that_differ_in_their_rate_alone_are_told_apart() -> None:
    slower = VIDEO.model_copy(update={"fps": 25.0})
    with pytest.raises(UsageError, match=r"1920x1080, 30 frames/s; now 300 s, 1920x1080, 25 frames/s"):
        compare(single(), single(video=slower))


def test_the_total_of_a_run_that_did_not_come_to_every_phase_is_not_compared() -> None:
    heard = {phase: SECONDS[phase] for phase in ("phase1_ingest", "phase2_director")}
    dry = single(performance=performance(heard))
    for before, now in ((dry, single()), (single(), dry)):
        comparison = compare(before, now)
        assert [row.phase for row in comparison.rows] == list(heard)
        assert comparison.slower == ()
        assert any("phase3_voice, phase4_assembly" in note for note in comparison.notes)
    with pytest.raises(UsageError, match="no phase in common"):
        compare(dry, single(performance=performance({"phase4_assembly": 30.0})))


def test_where_one_tells_a_total_alone_the_totals_are_compared() -> None:
    total = single(performance=Performance(total_time=sum(SECONDS.values())))
    assert [row.phase for row in compare(total, single()).rows] == [TOTAL]
    assert compare(total, single({"phase4_assembly": 2.0})).slower


def test_another_storage_is_another_machine() -> None:
    other = MACHINE.model_copy(update={"storage": "900 GB hard disk"})
    (note,) = (note for note in compare(single(), single(hardware=other)).notes if "machines" in note)
    assert "100 GB; now" in note
    assert "900 GB hard disk" in note


def test_another_machine_is_told() -> None:
    other = MACHINE.model_copy(update={"cpu": "two, 8 cores"})
    notes = compare(measured(seed=1), measured(seed=2, machine=other)).notes
    assert any("different machines" in note for note in notes)


@pytest.fixture
def regression(tmp_path: Path) -> Callable[..., int]:
    """The verb, over documents that are written to files first."""

    def run(before: Baseline | str, now: Baseline | str, *options: str) -> int:
        paths = []
        for name, document in (("before.json", before), ("now.json", now)):
            paths.append(tmp_path / name)
            text = document if isinstance(document, str) else document.model_dump_json()
            paths[-1].write_text(text)
        return start(
            build_app(lambda _job: pytest.fail("no job")), ["regression", *map(str, paths), *options]
        )

    return run


def test_the_verb_tells_by_how_much_and_exits_with_1(
    regression: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    before = measured(seed=1, noise=0.01)
    assert regression(before, measured(seed=2, noise=0.01)) == 0
    assert "no regression: nothing is more than 20% slower" in capsys.readouterr().out
    assert regression(before, measured({"phase4_assembly": 1.3}, seed=2, noise=0.01)) == 1
    told = capsys.readouterr().out
    assert "regression: phase4_assembly of pattern-300 cold is " in told
    assert "(allowed: 20%)" in told
    assert (
        regression(before, measured({"phase4_assembly": 1.3}, seed=2, noise=0.01), "--threshold", "0.5") == 0
    )


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", "it is not JSON"),
        ("[]", "it holds no JSON object"),
        ("{}", "hardware: Field required"),
        (
            measured(runs=1).model_dump_json().replace('"process":', '"program":'),
            "a run tells no time of 'process'",
        ),
        (
            json.dumps({**json.loads(single().model_dump_json()), "performance": {"total_time": 0}}),
            "nothing was measured",
        ),
    ],
)
def test_a_file_that_is_no_baseline_is_one_line_and_code_2(
    regression: Callable[..., int], capsys: pytest.CaptureFixture[str], text: str, fault: str
) -> None:
    assert regression(single(), text) == 2
    told = " ".join(capsys.readouterr().err.split())
    assert told.startswith("error: '")
    assert "now.json' is not a baseline" in told
    assert fault in told


def test_a_missing_file_or_a_senseless_threshold_is_refused(
    regression: Callable[..., int], capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert regression(single(), single(), "--threshold", "0") == 2
    assert "--threshold 0 is not above 0" in capsys.readouterr().err
    app = build_app(lambda _job: pytest.fail("no job"))
    assert start(app, ["regression", str(tmp_path / "no.json"), str(tmp_path / "none.json")]) == 2
    assert "cannot read the baseline" in capsys.readouterr().err
