"""The model of a night: it adds up, and the page says what it says."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.scaling import (
    MEASURED,
    Inputs,
    Night,
    bucket_dollars,
    cpu_of_one,
    machines,
    model,
    requests_of_one,
)

PAGE = Path(__file__).resolve().parents[2] / "docs" / "scaling.md"


@pytest.fixture
def inputs() -> Inputs:
    return Inputs.model_validate_json(MEASURED.read_text(encoding="utf-8"))


def test_the_page_holds_what_the_model_says(inputs: Inputs) -> None:
    page = PAGE.read_text(encoding="utf-8")
    said = model(inputs, Night())
    assert said in page, "write it anew with: .venv/bin/python -m benchmarks.scaling model"
    assert inputs.measured in page


def test_the_night_adds_up(inputs: Inputs) -> None:
    night = Night(recordings=1000, minutes=10, hours=4, use=0.5)
    work = 1000 * (inputs.cpu_rate * 600 + inputs.start_cpu)
    assert 1000 * cpu_of_one(inputs, night) == pytest.approx(work)
    count = machines(inputs, night, 8)
    assert (count - 1) * 8 * 0.5 * 4 * 3600 < work <= count * 8 * 0.5 * 4 * 3600
    twice = night.model_copy(update={"recordings": 2000})
    assert machines(inputs, twice, 8) in (2 * count, 2 * count - 1)
    assert bucket_dollars(inputs, twice) == pytest.approx(2 * bucket_dollars(inputs, night), rel=0.01)
    longer = night.model_copy(update={"minutes": 20})
    assert sum(requests_of_one(inputs, longer).values()) > sum(requests_of_one(inputs, night).values())
