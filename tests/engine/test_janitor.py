"""The janitor: rests go when they are old, stored files when a limit says so, and nothing else ever."""

from __future__ import annotations

import os
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from s3_kit import S3Server

from cutdown.cli import build_app, start
from cutdown.janitor import prune, tidy
from cutdown.shared_store import SharedStore, file_name, key_name
from cutdown.storage import FolderPlace
from cutdown.store import Ref, Store

DAY = 86_400.0


def aged(path: Path, days: float) -> Path:
    moment = time.time() - days * DAY
    os.utime(path, (moment, moment))
    return path


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("CUTDOWN_STORE", raising=False)
    monkeypatch.setenv("CUTDOWN_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


def test_old_temporaries_of_a_folder_go_and_files_stay(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / ".part-old.mp4").touch()
    aged(tmp_path / "in" / ".part-old.mp4", 8)
    (tmp_path / "in" / ".part-new.mp4").touch()
    (tmp_path / "in" / "talk.mp4").touch()
    aged(tmp_path / "in" / "talk.mp4", 900)
    told = tidy(str(tmp_path), dry_run=True)
    assert [item.name for item in told.removed] == ["in/.part-old.mp4"]
    assert (tmp_path / "in" / ".part-old.mp4").exists()
    assert tidy(str(tmp_path)).removed[0].age > timedelta(days=7)
    assert {path.name for path in (tmp_path / "in").iterdir()} == {".part-new.mp4", "talk.mp4"}
    assert tidy(str(tmp_path)).removed == ()


def test_uploads_that_were_broken_off_go_and_objects_stay(
    s3: S3Server, bucket: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in s3.environment().items():
        monkeypatch.setenv(name, value)
    place = s3.place(bucket, "in")
    place.create("talk.mp4", b"x")

    async def begin(client: Any) -> None:
        for key in ("in/killed.mp4", "elsewhere/killed.mp4"):
            made = await client.create_multipart_upload(Bucket=bucket, Key=key)
            await client.upload_part(
                Bucket=bucket, Key=key, UploadId=made["UploadId"], PartNumber=1, Body=b"half"
            )

    place.client.run(begin)
    assert tidy(place.url, older_than=timedelta(hours=1)).removed == ()
    (found,) = tidy(place.url, older_than=timedelta(0), dry_run=True).removed
    assert (found.name, found.kind) == ("killed.mp4", "rest")
    assert len(tidy(place.url, older_than=timedelta(0)).removed) == 1
    assert list(place.unfinished()) == []
    assert [rest.name for rest in s3.place(bucket, "elsewhere").unfinished()] == ["killed.mp4"]
    assert [item.name for item in place.list()] == ["talk.mp4"]


def filled(store: Store, ages: list[float]) -> list[Ref]:
    refs = [store.put_bytes(bytes([number]) * 1000) for number in range(len(ages))]
    for number, (ref, days) in enumerate(zip(refs, ages, strict=True)):
        store.remember(f"{number:02}" * 32, ref)
        aged(store.path(ref), days)
    return refs


def test_a_store_lets_go_of_what_was_not_used_for_long(tmp_path: Path) -> None:
    store = Store(tmp_path)
    refs = filled(store, [40, 20, 2, 0])
    assert prune(store) == []
    told = prune(store, unused_for=timedelta(days=30), dry_run=True)
    assert [item.kind for item in told] == ["stored file", "key"]
    assert all(store.has(ref) for ref in refs)
    aged(store._path(refs[0]), 40)
    assert prune(store, unused_for=timedelta(days=30)) != []
    assert [store.has(ref) for ref in refs] == [False, True, True, True]
    assert store.recall("00" * 32) is None
    assert not store._key_path("00" * 32).exists()
    assert store.recall("01" * 32) == refs[1]


def test_a_store_keeps_what_was_used_last_within_its_limit(tmp_path: Path) -> None:
    store = Store(tmp_path)
    refs = filled(store, [40, 20, 2, 0])
    store.path(refs[0])  # is used: counts as new from now on
    prune(store, keep_bytes=3500)
    assert [store.has(ref) for ref in refs] == [True, False, True, True]
    prune(store, keep_bytes=0)
    assert [store.has(ref) for ref in refs] == [True, False, False, True]  # a run may still need the new ones


def test_a_shared_place_lets_go_of_stored_files_alone(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shared = home.parent / "shared"
    monkeypatch.setenv("CUTDOWN_STORE", str(shared))
    store = SharedStore(home / "store", FolderPlace(shared))
    ref = store.put_bytes(b"old")
    store.share("ab" * 32, ref)
    (shared / "talk.mp4").touch()
    (shared / "files" / "notes.txt").touch()
    for path in shared.rglob("*.*"):
        aged(path, 100)
    aged(shared / file_name(ref), 100)
    told = tidy(unused_for=timedelta(days=30))
    assert {item.name for item in told.removed if item.place == str(shared)} == {
        file_name(ref),
        key_name("ab" * 32),
    }
    assert (shared / "talk.mp4").exists()
    assert (shared / "files" / "notes.txt").exists()
    assert store.has(ref)  # here it is new
    assert told.kept_bytes == 3


def test_the_verb_tells_what_it_did(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def no_job(_job: object) -> Any:
        raise AssertionError

    refs = filled(Store(home / "store"), [40, 0])
    app = build_app(no_job)
    assert start(app, ["janitor", "--unused-for", "30d", "--keep", "20GB", "--dry-run"]) == 0
    assert "2 would be removed" in (told := capsys.readouterr().out)
    assert "the store holds 1.0 kB" in told
    aged(Store(home / "store")._path(refs[0]), 40)
    assert start(app, ["janitor", "--unused-for", "30d"]) == 0
    assert "2 removed" in capsys.readouterr().out
    assert start(app, ["janitor", "gs://talks"]) == 2
    assert start(app, ["janitor", "no such folder"]) == 2
    assert "there is no folder 'no such folder'" in capsys.readouterr().err
    assert start(app, ["janitor", "--older-than", "99999999999999d"]) == 2
    assert "longer than can be reckoned with" in capsys.readouterr().err
