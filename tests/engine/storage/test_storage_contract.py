"""What every place promises, over a folder and over a real S3 server."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from s3_kit import S3Server

from cutdown.errors import StorageError, UsageError
from cutdown.storage import FolderPlace, Place, SourceChangedError, open_place


@pytest.fixture(params=["folder", "bucket"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    if request.param == "folder":
        return FolderPlace(tmp_path / "place ' ü")
    s3: S3Server = request.getfixturevalue("s3")
    return s3.place(s3.new_bucket(), "in/here")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "a file.bin"
    path.write_bytes(os.urandom(100_000))
    return path


def test_what_is_published_is_found_and_fetched_unchanged(place: Place, file: Path, tmp_path: Path) -> None:
    sent, come = list[int](), list[int]()
    name = "Vorträge/2026/a talk ' +&?#%20.mp4"
    item = place.publish(file, name, on_bytes=sent.append)
    assert place.look(name) == item
    assert list(place.list()) == [item]
    assert item.size == sum(sent) == 100_000
    assert abs(item.modified - datetime.now(UTC)) < timedelta(seconds=60)
    target = tmp_path / "deep" / "copy.mp4"
    sha256 = place.fetch(item, target, on_bytes=come.append)
    assert target.read_bytes() == file.read_bytes()
    assert sha256 == hashlib.sha256(file.read_bytes()).hexdigest()
    assert sum(come) == item.size
    assert [path.name for path in target.parent.iterdir()] == ["copy.mp4"]


def test_an_empty_file_is_a_file(place: Place, tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.touch()
    item = place.publish(empty, "empty")
    assert place.fetch(item, tmp_path / "copy") == hashlib.sha256(b"").hexdigest()
    assert (tmp_path / "copy").read_bytes() == b""


def test_listing_is_by_name_and_knows_prefixes_that_are_no_folders(place: Place) -> None:
    names = ["a-b.mp4", "a/b.mp4", "a/c/d.mp4", "a.mp4", "ab.mp4", "b"]
    for name in names:
        assert place.create(name, name.encode())
    assert [item.name for item in place.list()] == sorted(names)
    assert [item.name for item in place.list("a/")] == ["a/b.mp4", "a/c/d.mp4"]
    assert [item.name for item in place.list("ab")] == ["ab.mp4"]
    assert list(place.list("nothing")) == []
    assert all(item == place.look(item.name) for item in place.list())


def test_what_is_not_there_is_none(place: Place) -> None:
    assert place.look("a") is None
    assert place.read("a") is None
    assert place.replace("a", b"1", "tag") is None
    assert place.delete("a") is False
    assert place.delete("a", "tag") is False
    assert place.tags("a") == {}
    assert list(place.list()) == []


def test_agreements_are_made_by_tags(place: Place) -> None:
    first = place.create("lease", b"one")
    assert first is not None
    assert place.create("lease", b"two") is None
    assert place.read("lease") == (b"one", first)
    second = place.replace("lease", b"two", first)
    assert second not in (None, first)
    assert place.replace("lease", b"three", first) is None
    assert place.read("lease") == (b"two", second)
    item = place.look("lease")
    assert item is not None
    assert item.tag == second
    assert place.delete("lease", first) is False
    assert place.delete("lease", second) is True
    assert place.read("lease") is None
    assert place.create("lease", b"anew") is not None
    assert place.delete("lease") is True


def test_of_eight_who_create_at_once_one_succeeds(place: Place) -> None:
    start = threading.Barrier(8)

    def create(number: int) -> str | None:
        start.wait()
        return place.create("lease", b"same for all" if number % 2 else str(number).encode())

    with ThreadPoolExecutor(8) as pool:
        won = [tag for tag in pool.map(create, range(8)) if tag]
    found = place.read("lease")
    assert found is not None
    assert won == [found[1]]


def test_of_eight_who_replace_at_once_one_succeeds(place: Place) -> None:
    tag = place.create("lease", b"old")
    assert tag
    with ThreadPoolExecutor(8) as pool:
        tags = list(pool.map(lambda n: place.replace("lease", f"new {n}".encode(), tag), range(8)))
    won = [n for n, new in enumerate(tags) if new]
    assert len(won) == 1
    assert place.read("lease") == (f"new {won[0]}".encode(), tags[won[0]])


def test_a_file_that_was_replaced_is_not_fetched(place: Place, file: Path, tmp_path: Path) -> None:
    item = place.publish(file, "talk.mp4")
    file.write_bytes(os.urandom(100_000))
    newer = place.publish(file, "talk.mp4")
    assert newer.tag != item.tag
    with pytest.raises(SourceChangedError, match=r"talk\.mp4"):
        place.fetch(item, tmp_path / "copy")
    assert place.delete("talk.mp4")
    with pytest.raises(SourceChangedError):
        place.fetch(newer, tmp_path / "copy")
    assert not [path for path in tmp_path.iterdir() if "copy" in path.name or path.name.startswith(".part-")]


@pytest.mark.parametrize(
    "name", ["../x", "/etc/x", "a/../../x", "", "a//b", "a/", ".", "a\0b", ".part-x", "a/.part-b", "\udcff"]
)
@pytest.mark.parametrize("url", ["folder", "s3://bucket/prefix"])
def test_no_name_leads_out_of_a_place(url: str, tmp_path: Path, file: Path, name: str) -> None:
    place = open_place(url if "://" in url else tmp_path / url)
    for use in (
        lambda: place.look(name),
        lambda: place.create(name, b""),
        lambda: place.publish(file, name),
        lambda: place.delete(name),
    ):
        with pytest.raises(UsageError, match="not a name within"):
            use()


RACE = """
import sys
from cutdown.storage import open_place
place = open_place(sys.argv[1])
print("ready", flush=True)
sys.stdin.readline()
print(sum(place.create(f"lease-{n}", sys.argv[2].encode()) is not None for n in range(20)))
"""


def test_of_two_processes_one_creates(place: Place, s3: S3Server) -> None:
    racers = [
        subprocess.Popen(
            [sys.executable, "-c", RACE, place.url, str(number)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=os.environ | s3.environment(),
        )
        for number in range(2)
    ]
    try:
        for racer in racers:
            assert racer.stdout is not None
            assert racer.stdout.readline() == "ready\n"
        for racer in racers:
            assert racer.stdin is not None
            racer.stdin.write("go\n")
            racer.stdin.flush()
        won = [int(racer.communicate(timeout=60)[0]) for racer in racers]
    finally:
        for racer in racers:
            racer.kill()
            racer.communicate()
    assert sum(won) == 20
    holders = [found[0] for n in range(20) if (found := place.read(f"lease-{n}"))]
    assert [holders.count(b"0"), holders.count(b"1")] == won


def test_urls_say_which_place_is_meant(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert open_place("s3://talks/in/2026/").url == "s3://talks/in/2026"
    assert open_place("s3://talks").url == "s3://talks"
    assert open_place("in").url == str(tmp_path / "in")
    assert open_place(f"file://{tmp_path}/a%20b").url == str(tmp_path / "a b")
    (tmp_path / "deep").mkdir()
    (tmp_path / "in").symlink_to("elsewhere")
    monkeypatch.chdir(tmp_path / "deep")
    assert open_place("../in").url == str(tmp_path / "in")  # one folder has one name
    for url, told in [
        ("gs://talks", "'gs://' are not known"),
        ("s3://key:secret@talks/in", "holds no keys"),
        ("s3://T", "not a bucket's name"),
        ("", "no place"),
    ]:
        with pytest.raises(UsageError, match=told) as error:
            open_place(url)
        assert "secret@" not in str(error.value)


def test_a_name_that_the_disk_does_not_take_is_one_clear_line(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="File name too long; check that the folder"):
        FolderPlace(tmp_path).look("x" * 300)


def test_a_link_that_leads_to_itself_hides_no_other_file(tmp_path: Path) -> None:
    (tmp_path / "loop.mp4").symlink_to("loop.mp4")
    (tmp_path / "nowhere.mp4").symlink_to("gone.mp4")
    (tmp_path / "talk.mp4").write_bytes(b"talk")
    assert [item.name for item in FolderPlace(tmp_path).list()] == ["talk.mp4"]
