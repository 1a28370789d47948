"""The janitor as a flow: the same work as the command, shown as a table."""

from __future__ import annotations

import os
import time
from pathlib import Path

from cutdown.storage import FolderPlace
from tasks.policies import open_store


def test_rests_go_where_named_and_the_store_keeps_what_is_in_use(state: Path, tmp_path: Path) -> None:
    from prefect.client.orchestration import get_client

    from flows.janitor import clean_up

    store = open_store()
    fresh, stale = store.put_bytes(b"in use", ".txt"), store.put_bytes(b"long unused", ".txt")
    month_ago = time.time() - 30 * 86400
    os.utime(store.path(stale), (month_ago, month_ago))
    videos = tmp_path / "videos"
    (videos / "talk").mkdir(parents=True)
    (videos / "talk" / "talk.mp4").write_bytes(b"a result")

    only_told = clean_up(places=["", str(videos)], unused_for_days=7, dry_run=True)
    assert [item.name for tidied in only_told for item in tidied.removed if item.kind == "stored file"]
    assert store.has(stale)

    told = clean_up(places=["", str(videos)], unused_for_days=7)
    assert store.has(fresh)
    assert not store.has(stale)
    assert (videos / "talk" / "talk.mp4").read_bytes() == b"a result"
    assert len(told) == 2  # an empty place is passed over; the store of this machine comes last
    assert FolderPlace(videos).look("talk/talk.mp4") is not None
    with get_client(sync_client=True) as client:
        shown = client._client.post(
            "/artifacts/filter", json={"artifacts": {"key": {"any_": ["janitor"]}}}
        ).json()
    assert {"1 removed, 11 B freed", "1 would be removed, 11 B freed"} <= {
        entry["description"] for entry in shown
    }
