"""The store: whole or not at all, known by content, a lost file is a miss."""

from __future__ import annotations

import hashlib
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from cutdown.store import Store, hash_file, hash_key, write_whole


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "store ' ü")


def test_a_file_is_known_by_its_content(store: Store, tmp_path: Path) -> None:
    source = tmp_path / "a file.txt"
    source.write_bytes(b"hello")
    ref = store.put(source)
    assert ref.sha256 == hashlib.sha256(b"hello").hexdigest() == hash_file(source)
    assert store.path(ref).read_bytes() == b"hello"
    assert store.put_bytes(b"hello", ".txt") == ref
    assert source.exists()


def test_a_moved_file_is_gone_from_where_it_was(store: Store, tmp_path: Path) -> None:
    for _ in range(2):
        source = tmp_path / "big.bin"
        source.write_bytes(b"x" * 10)
        ref = store.put(source, move=True)
        assert not source.exists()
        assert store.has(ref)


def test_an_answer_whose_file_is_gone_or_cut_is_a_miss(store: Store) -> None:
    ref = store.put_text("an answer")
    store.remember("ab12", ref)
    assert store.recall("ab12") == ref
    store.path(ref).write_text("an ans")
    assert store.recall("ab12") is None
    store.path(ref).unlink()
    assert store.recall("ab12") is None
    assert store.recall("cd34") is None


def test_a_failed_write_leaves_the_old_file_and_no_rest(tmp_path: Path) -> None:
    target = tmp_path / "plan.json"
    target.write_text("old")

    def write_half() -> None:
        with write_whole(target) as temporary:
            temporary.write_text("ne")
            raise RuntimeError("power cut")

    with pytest.raises(RuntimeError):
        write_half()
    assert target.read_text() == "old"
    assert list(tmp_path.iterdir()) == [target]


def test_keys_depend_on_every_part() -> None:
    assert hash_key("a", 1) == hash_key("a", 1)
    assert (
        len({hash_key("a", 1), hash_key("a", 2), hash_key("a", "1"), hash_key("a1"), hash_key(["a", 1])}) == 5
    )


def test_a_lock_goes_with_the_process_that_held_it(store: Store) -> None:
    holder = f"""
import time
from pathlib import Path
from cutdown.store import Store
with Store(Path({str(store.root)!r})).exclusive("key"):
    print("held", flush=True)
    time.sleep(60)
"""
    other = subprocess.Popen([sys.executable, "-c", holder], stdout=subprocess.PIPE)
    try:
        assert other.stdout is not None
        assert other.stdout.readline() == b"held\n"
        freed = threading.Event()

        def wait() -> None:
            with store.exclusive("key"):
                freed.set()

        waiting = threading.Thread(target=wait)
        waiting.start()
        assert not freed.wait(0.3)
        other.send_signal(signal.SIGKILL)
        assert freed.wait(5)
        waiting.join()
    finally:
        other.kill()
        other.wait()
        if other.stdout:
            other.stdout.close()
