"""What every test may ask for."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from s3_kit import S3Server


def pytest_configure() -> None:
    """Tests that were started in the background have Ctrl-C ignored, and so would all that they start and interrupt."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(autouse=True)
def environment_as_it_was() -> Iterator[None]:
    """What a test sets for its process, as a flow does that configures Prefect, ends with the test."""
    before = dict(os.environ)
    yield
    for name in os.environ.keys() - before.keys():
        del os.environ[name]
    os.environ.update(before)


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Real recordings beside the checkout; a test that needs them skips where they are absent."""
    folder = Path(__file__).resolve().parents[2] / "shared" / "data"
    if not folder.is_dir():
        pytest.skip(f"needs the real recordings in {folder}, which is not there")
    return folder


@pytest.fixture(scope="session")
def s3() -> Iterator[S3Server]:
    """A real S3 server on loopback, once for the session."""
    from s3_kit import S3Server  # takes its time to import; most tests do not need it

    with S3Server() as server:
        yield server


@pytest.fixture
def bucket(s3: S3Server) -> str:
    """A fresh bucket."""
    return s3.new_bucket()
