"""A large file out and back, with five cuts on each way: the same bytes, and memory that does not grow.

``just transfer`` does the same with a gigabyte and prints the account.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from large_transfer import CUTS, transfer
from s3_kit import S3Server


@pytest.mark.slow
def test_a_large_file_survives_five_cuts_each_way_in_flat_memory(s3: S3Server, tmp_path: Path) -> None:
    told = transfer(s3, tmp_path, 200_000_000, CUTS)
    assert told["equal"]
    assert (told["publish_cuts"], told["fetch_cuts"]) == (CUTS, CUTS)
    assert told["peak"] < 300e6
    assert told["peak"] - told["baseline"] < 100e6
