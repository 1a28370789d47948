"""Progress reaches whoever listens, never backwards, and silence is allowed."""

from __future__ import annotations

import pytest

from cutdown.progress import Progress, current, heard_by, part, phase


class Ear:
    def __init__(self) -> None:
        self.heard: list[float | str] = []

    def begin(self, phase: str) -> Progress:
        self.heard.append(phase)
        return self.heard.append

    def end(self, phase: str, *, ok: bool, cached: bool) -> None:
        self.heard.append(f"{phase} ok={ok} cached={cached}")


def test_work_reports_without_knowing_who_listens() -> None:
    ear = Ear()
    with heard_by(ear), phase("render") as running:
        for share in (0.1, 0.5, 0.4, 0.5, 1.0, 1.2):
            current()(share)
        running.cached = True
    assert ear.heard == ["render", 0.1, 0.5, 1.0, "render ok=True cached=True"]
    current()(0.5)
    assert len(ear.heard) == 5


def test_a_failed_phase_is_told() -> None:
    ear = Ear()

    def fail() -> None:
        with heard_by(ear), phase("render"):
            raise ValueError

    with pytest.raises(ValueError):  # noqa: PT011  # any fault will do
        fail()
    assert ear.heard[-1] == "render ok=False cached=False"


def test_a_part_fills_its_share_of_the_whole() -> None:
    heard: list[float] = []
    tell = part(heard.append, 0.5, 0.75)
    for share in (-1, 0, 0.5, 2):
        tell(share)
    assert heard == [0.5, 0.5, 0.625, 0.75]
