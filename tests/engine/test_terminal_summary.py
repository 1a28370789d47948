"""What the command line says of a run and of a plan."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from cutdown.job import Outcome
from cutdown.plan import EditAction, EditPlan
from cutdown.terminal.summary import print_plan, print_summary


def printed(capsys: pytest.CaptureFixture[str]) -> str:
    return " ".join(capsys.readouterr().out.split())


def an_outcome(**more: Any) -> Outcome:
    return Outcome(
        video_id="v", run_id="r", folder=Path("out"), source_seconds=Fraction(100), output_seconds=Fraction(20), **more
    )  # fmt: skip


def test_what_a_length_left_out_is_said_in_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    console = Console(width=200)
    print_summary(console, an_outcome(coverage=0.914, left_out=3, left_out_worth=0.074))
    told = "3 passages left out for the length, worth 7% of what is said; 91% of its terms are still heard"
    assert told in printed(capsys)
    print_summary(console, an_outcome())
    print_summary(console, an_outcome(coverage=1.0))
    assert "left out" not in printed(capsys)


def test_a_plan_tells_how_sure_each_decision_is_and_marks_those_in_doubt(
    capsys: pytest.CaptureFixture[str],
) -> None:
    actions = (
        EditAction(id="a1", type="keep", start=0, end=5, reason="Said"),
        EditAction(id="a2", type="cut", start=5, end=9, reason="Beside", confidence=0.3),
    )
    print_plan(
        Console(width=200), EditPlan(recording_sha256="a" * 64, duration=9, director="x", actions=actions)
    )
    told = printed(capsys)
    assert "cut 30% ! Beside" in told
    assert "keep 100% Said" in told
