"""A store that machines share: what one has done no other does again, and a lost file is a miss."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from s3_kit import S3Server

from cutdown.errors import StorageError
from cutdown.memory import Remembered, remembered
from cutdown.shared_store import SharedStore, file_name, key_name, open_store
from cutdown.storage import FolderPlace, TidyPlace
from cutdown.store import Ref, Store, hash_key
from cutdown.timebase import Frozen


class Answer(Frozen):
    text: Ref
    sounds: tuple[Ref, ...]


def a_phase(calls: list[str]) -> Remembered[Answer]:
    @remembered("shout", 1, Answer)
    def shout(store: Store, *, text: str) -> Answer:
        calls.append(text)
        sounds = tuple(store.put_bytes(letter.encode() * 1000, ".wav") for letter in text)
        return Answer(text=store.put_text(text.upper()), sounds=sounds)

    return shout


@pytest.fixture(params=["folder", "bucket"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> TidyPlace:
    if request.param == "folder":
        return FolderPlace(tmp_path / "shared")
    s3: S3Server = request.getfixturevalue("s3")
    return s3.place(s3.new_bucket(), "store")


@pytest.fixture
def machine(place: TidyPlace, tmp_path: Path) -> Callable[[str], SharedStore]:
    return lambda name: SharedStore(tmp_path / name, place)


def test_another_machine_finds_what_was_done(machine: Callable[[str], SharedStore]) -> None:
    calls = list[str]()
    work = a_phase(calls)
    answer = work(machine("one"), text="abc")
    other = machine("two")
    assert work.recall(other, text="abc") == answer == work(other, text="abc")
    assert calls == ["abc"]
    assert not Store.has(other, answer.sounds[0])  # fetched when it is needed, and not before
    assert other.path(answer.sounds[0]).read_bytes() == b"a" * 1000
    assert other.read_text(answer.text) == "ABC"


def test_what_only_helps_on_the_spot_is_not_sent(
    machine: Callable[[str], SharedStore], place: TidyPlace
) -> None:
    store = machine("one")
    store.remember("ab" * 32, store.put_bytes(b"a piece of picture"))
    assert list(place.list()) == []
    assert store.recall("ab" * 32) is not None
    assert machine("two").find("ab" * 32) is None


def test_a_file_that_is_gone_or_broken_is_made_again(
    machine: Callable[[str], SharedStore], place: TidyPlace, tmp_path: Path
) -> None:
    calls = list[str]()
    work = a_phase(calls)
    answer = work(machine("one"), text="abc")
    assert place.delete(file_name(answer.sounds[1]))
    assert work.recall(machine("two"), text="abc") is None
    assert work(machine("two"), text="abc") == answer
    assert calls == ["abc", "abc"]
    assert work.recall(machine("three"), text="abc") == answer  # the second machine has sent it again

    broken = tmp_path / "broken"
    broken.write_bytes(b"x" * answer.text.size)
    place.publish(broken, file_name(answer.text))
    store = machine("three")
    with pytest.raises(FileNotFoundError):
        store.read_text(answer.text)
    assert place.look(file_name(answer.text)) is None
    assert work(store, text="abc") == answer
    assert len(calls) == 3


def test_what_could_not_be_sent_is_sent_the_next_time(
    machine: Callable[[str], SharedStore], place: TidyPlace, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = list[str]()
    work = a_phase(calls)

    def fail(*_: object, **__: object) -> None:
        raise StorageError("the bucket is out of reach")

    with monkeypatch.context() as patch:
        patch.setattr(type(place), "publish", fail)
        with pytest.raises(StorageError):
            work(machine("one"), text="abc")
    key = hash_key(work.key({"text": "abc"}))
    assert place.read(key_name(key)) is None  # the key comes last: nobody finds half an answer
    work(machine("one"), text="abc")
    assert calls == ["abc"]
    assert work.recall(machine("two"), text="abc") is not None


def test_the_store_is_shared_where_a_setting_says_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CUTDOWN_HOME", str(tmp_path / "home"))
    assert type(open_store()) is Store
    (tmp_path / ".env").write_text(f"CUTDOWN_STORE={tmp_path}/from file\n")
    store = open_store()
    assert isinstance(store, SharedStore)
    assert store.place.url == str(tmp_path / "from file")
    monkeypatch.setenv("CUTDOWN_STORE", "s3://talks/store")
    store = open_store()
    assert isinstance(store, SharedStore)
    assert store.place.url == "s3://talks/store"
