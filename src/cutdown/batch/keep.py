"""What a batch leaves in the destination: its table in every form that somebody reads."""

from __future__ import annotations

import tempfile
from pathlib import Path

from cutdown.batch.account import BatchAccount
from cutdown.batch.page import html, markdown
from cutdown.batch.patience import patiently
from cutdown.metrics import append_record
from cutdown.storage.place import Place


def folder_of_batch(name: str) -> str:
    """Where a batch's files lie in the destination."""
    return f"batches/{name}"


def keep(account: BatchAccount, dest: Place) -> str:
    """Write ``batch.csv`` and ``batch.parquet`` (figures by recording), ``batch.md``, ``batch.html``, ``batch.json`` and ``metrics.jsonl``.

    Returns:
        Their folder, relative to the destination.
    """
    folder = folder_of_batch(account.batch)
    with tempfile.TemporaryDirectory() as scratch:
        here = Path(scratch)
        figures = account.metrics
        figures.write_csv(here / "batch.csv", by="video")
        figures.write_parquet(here / "batch.parquet", by="video")
        (here / "batch.md").write_text(markdown(account), encoding="utf-8")
        (here / "batch.html").write_text(html(account, below=folder), encoding="utf-8")
        (here / "batch.json").write_text(
            account.model_dump_json(indent=1, exclude={"records"}) + "\n", encoding="utf-8"
        )
        for record in figures.records:
            append_record(here / "metrics.jsonl", record)
        for path in sorted(here.iterdir()):
            patiently(lambda path=path: dest.publish(path, f"{folder}/{path.name}"))  # type: ignore[misc]
    return folder
