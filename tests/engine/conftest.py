"""The engine's tests: nothing may be logged as an error."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest
from fake_services.server import FakeServices
from llm_kit import think


@pytest.fixture(autouse=True)
def nothing_goes_wrong_in_silence(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Fail a test during which something was logged as an error."""
    yield
    errors = [record.getMessage() for record in caplog.get_records("call") if record.levelno >= logging.ERROR]
    assert not errors, errors


@pytest.fixture(scope="session")
def shared_fake() -> Iterator[FakeServices]:
    """One server of all providers for the session."""
    with FakeServices(brain=think) as server:
        yield server


@pytest.fixture
def fake(shared_fake: FakeServices) -> FakeServices:
    """The server, calm and with empty books."""
    shared_fake.calm()
    shared_fake.brain = think
    shared_fake.delay = 0.0
    shared_fake.prompts.clear()
    shared_fake.journal.clear()
    shared_fake.billed.clear()
    return shared_fake
