"""Every provider against every fault, and what a user is told; ``just faults`` prints the same as a table."""

from __future__ import annotations

from pathlib import Path

import pytest
from fake_services.faults import Fault
from fake_services.server import FakeServices
from fault_matrix import ROWS, Row, cell, honest, surround, warm_up

FOR_GOOD = {
    Fault.RATE_LIMIT_1H,
    Fault.QUOTA,
    Fault.REVOKED,
    Fault.BAD_REQUEST,
    Fault.REDIRECT,
}  # trying again cannot help
SLOW = {Fault.DRIP, Fault.NEVER}


@pytest.fixture(autouse=True)
def found(fake: FakeServices, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    surround(monkeypatch, fake, tmp_path)


@pytest.fixture(scope="module", autouse=True)
def warm(shared_fake: FakeServices, tmp_path_factory: pytest.TempPathFactory) -> None:
    with pytest.MonkeyPatch.context() as patch:
        surround(patch, shared_fake, tmp_path_factory.mktemp("warm"))
        warm_up(shared_fake)


CELLS = [
    pytest.param(row, fault, lasting, id=f"{row.name}-{fault}-{'always' if lasting else 'once'}",
                 marks=[pytest.mark.slow] if lasting or fault in SLOW else [])
    for row in ROWS for fault in row.faults for lasting in (False, True)
    if not (lasting and row.name.endswith("by tokens"))  # the same endpoint as the row before; the table has them
]  # fmt: skip


@pytest.mark.parametrize(("row", "fault", "lasting"), CELLS)
def test_every_fault_ends_well(fake: FakeServices, row: Row, fault: Fault, lasting: bool) -> None:
    one = cell(fake, row, fault, lasting=lasting)
    expected = "fell back" if lasting or fault in FOR_GOOD else "recovered"
    if row.endpoint == "openai.transcription" and fault is Fault.TRUNCATED:
        expected = (
            "recovered"  # fewer words than were said cannot be told from a recording where less is said
        )
    assert one.outcome == expected, one.detail
    assert honest(one), one
    if fault in FOR_GOOD:
        assert one.tries == 1
    if fault is Fault.RATE_LIMIT_1S and not lasting:
        assert one.paused >= 1
    for canary in fake.keys.values():
        assert canary not in one.detail


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_strict_makes_an_error_of_a_downgrade(fake: FakeServices, row: Row) -> None:
    one = cell(fake, row, Fault.QUOTA, lasting=True, strict=True)
    assert one.outcome == "error"
    assert f"--strict forbids going on with '{row.stand_in}'" in one.detail
    assert "quota or credit is used up" in one.detail
    assert "\n" not in one.detail


def test_a_long_wait_asked_for_is_told_and_not_waited_for(fake: FakeServices) -> None:
    one = cell(fake, ROWS[2], Fault.RATE_LIMIT_1H, lasting=True)
    assert "asks to wait 3600 s, longer than is waited for (120 s)" in one.detail
    assert one.paused == 0
