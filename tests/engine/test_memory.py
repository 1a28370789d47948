"""Results are known by content: found again where nothing changed, and only there."""

from __future__ import annotations

import errno
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from cutdown.errors import StorageError
from cutdown.memory import Remembered, content_key, remembered
from cutdown.recording import Recording
from cutdown.settings import SpeechOptions
from cutdown.store import Ref, Store, hash_key
from cutdown.timebase import Frozen


def recording(name: str, sha256: str = "ab" * 32) -> Recording:
    return Recording(
        sha256=sha256, name=name, size_bytes=1, container="mp4", duration=1, picture=None, audio=()
    )


def test_a_key_holds_content_and_not_location() -> None:
    def key(**changes: Any) -> str:
        inputs = {
            "source": Path("/a/talk.mp4"),
            "recording": recording("talk.mp4"),
            "options": SpeechOptions(),
        }
        return content_key("ingest", 1, inputs | changes)

    assert key() == key(source=Path("/b/other.mp4"), recording=recording("other.mp4"))
    assert key() != key(recording=recording("talk.mp4", sha256="cd" * 32))
    assert key() != key(options=SpeechOptions(whisper_model="tiny.en"))
    assert key() != content_key("ingest", 2, {"recording": recording("talk.mp4"), "options": SpeechOptions()})


def test_no_glossary_or_path_can_be_read_from_a_key() -> None:
    key = content_key(
        "ingest", 1, {"source": Path("/secret/place"), "options": SpeechOptions(glossary="Projekt X")}
    )
    assert "secret" not in key
    assert "Projekt" not in key


class Answer(Frozen):
    made: Ref
    others: tuple[Ref, ...]


def phase_that_counts(calls: list[str]) -> Remembered[Answer]:
    @remembered("work", 1, Answer)
    def work(store: Store, *, text: str) -> Answer:
        calls.append(text)
        return Answer(made=store.put_text(text), others=(store.put_text("other"),))

    return work


def test_a_phase_is_done_again_only_when_one_of_its_files_is_gone(tmp_path: Path) -> None:
    store, calls = Store(tmp_path), list[str]()
    work = phase_that_counts(calls)
    assert work.recall(store, text="a") is None
    answer = work(store, text="a")
    assert work(store, text="a") == answer == work.recall(store, text="a")
    store.path(answer.others[0]).unlink()
    assert work.recall(store, text="a") is None
    assert work(store, text="a") == answer
    assert calls == ["a", "a"]


def test_two_at_once_do_the_work_once(tmp_path: Path) -> None:
    calls = list[str]()
    work = phase_that_counts(calls)
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: work(Store(tmp_path), text="a"), range(8)))
    assert len(set(answers)) == 1
    assert calls == ["a"]


def test_a_result_of_another_form_is_a_miss(tmp_path: Path) -> None:
    store = Store(tmp_path)
    work = phase_that_counts([])
    store.remember(hash_key(work.key({"text": "a"})), store.put_text("{}"))
    assert work.recall(store, text="a") is None


def test_what_is_begun_ahead_is_taken_up_by_the_first_who_calls_for_it(tmp_path: Path) -> None:
    store, calls = Store(tmp_path), list[str]()
    work = phase_that_counts(calls)
    with work.ahead(store, text="a"):
        assert (
            work.recall(store, text="a") is None
        )  # whoever takes it up has done it: it was not there before
        answer = work(store, text="a")
        assert work.recall(store, text="a") == answer
    assert calls == ["a"]
    with work.ahead(store, text="a"):
        assert work.recall(store, text="a") == answer  # it is there: nothing is begun
    assert calls == ["a"]


def test_what_failed_ahead_fails_where_it_is_called_for_and_is_done_anew_after_that(tmp_path: Path) -> None:
    store, tries = Store(tmp_path), list[str]()

    @remembered("work", 1, Answer)
    def work(store: Store, *, text: str) -> Answer:
        tries.append(text)
        if len(tries) == 1:
            raise OSError("the disk is full")
        return Answer(made=store.put_text(text), others=())

    with work.ahead(store, text="a"):
        with pytest.raises(OSError, match="the disk is full"):
            work(store, text="a")
        assert work(store, text="a").others == ()
    assert tries == ["a", "a"]


@pytest.mark.parametrize(
    ("number", "told"), [(errno.ENOSPC, True), (errno.EDQUOT, True), (errno.EACCES, False)]
)
def test_a_full_disk_is_told_in_one_line(tmp_path: Path, number: int, told: bool) -> None:
    class Made(Frozen):
        pass

    @remembered("render", 1, Made)
    def render(_store: Store) -> Made:
        raise OSError(number, os.strerror(number), "/scratch/a.mp4", None, "/state/a.mp4")

    with pytest.raises(StorageError if told else PermissionError) as caught:
        render(Store(tmp_path))
    if told:
        assert "'/state/a.mp4' is full; make room" in str(caught.value)
        assert caught.value.retryable
