"""Recordings that are replaced, or still grow, while a batch has them in work."""

from __future__ import annotations

import pytest
from batch_kit import RECORDINGS, Maker, batch, fill, results, wishes

from cutdown.batch.desk import Desk
from cutdown.batch.records import Done, SourceFile

pytestmark = pytest.mark.usefixtures("state")


def test_a_recording_that_is_replaced_while_it_is_fetched_is_done_in_its_new_form(
    source, dest, tmp_path, monkeypatch
) -> None:
    make = Maker()
    fetch = source.fetch

    def replaced_meanwhile(item, target, on_bytes=None):
        if item.name == "day 3/talk 3.mp4" and item.size == len(RECORDINGS[item.name]):
            fill(source, tmp_path, {item.name: b"a better take of it"})
        return fetch(item, target, on_bytes)

    monkeypatch.setattr(source, "fetch", replaced_meanwhile)
    account = batch(wishes(source, dest), source, dest, make).run()
    assert account.exit_code == 0
    assert results(dest)["day 3/talk 3.mp4"] == b"short a better take of it"
    assert RECORDINGS["day 3/talk 3.mp4"] not in make.made
    (row,) = [row for row in account.rows if row.name == "day 3/talk 3.mp4"]
    assert "its new form was processed" in row.note
    assert batch(wishes(source, dest), source, dest, make).run().did_nothing


def test_the_old_form_of_a_recording_is_done_should_it_come_back(source, dest, tmp_path, monkeypatch) -> None:
    make, name = Maker(), "day 3/talk 3.mp4"
    fetch, aside = source.fetch, tmp_path / "aside.mp4"

    def replaced_meanwhile(item, target, on_bytes=None):
        if item.name == name and not aside.exists():
            (source.root / name).rename(aside)
            fill(source, tmp_path, {name: b"another take"})
        return fetch(item, target, on_bytes)

    with monkeypatch.context() as meanwhile:
        meanwhile.setattr(source, "fetch", replaced_meanwhile)
        batch(wishes(source, dest), source, dest, make).run()
    assert results(dest)[name] == b"short another take"
    aside.replace(source.root / name)
    account = batch(wishes(source, dest), source, dest, make).run()
    assert [(row.name, row.state) for row in account.rows] == [(name, "done")]
    assert make.made[-1] == RECORDINGS[name]


def test_a_recording_that_is_replaced_twice_is_done_in_its_last_form(
    source, dest, tmp_path, monkeypatch
) -> None:
    make = Maker()
    fetch, name = source.fetch, "day 3/talk 3.mp4"
    takes = [b"a better take", b"the best take of all"]

    def replaced_meanwhile(item, target, on_bytes=None):
        if item.name == name and takes:
            fill(source, tmp_path, {name: takes.pop(0)})
        return fetch(item, target, on_bytes)

    monkeypatch.setattr(source, "fetch", replaced_meanwhile)
    account = batch(wishes(source, dest), source, dest, make).run()
    assert account.count() == {"done": 4}
    assert results(dest)[name] == b"short the best take of all"
    assert batch(wishes(source, dest), source, dest, make).run().did_nothing


def test_what_became_of_a_recording_is_followed_through_all_of_its_forms(dest) -> None:
    desk = Desk(dest)
    about = {"source": SourceFile(place="in", name="talk.mp4", tag="a", size=1), "holder": "another batch's"}
    forms = [
        Done(kind="replaced", became="form-1", **about),
        Done(kind="replaced", became="form-2", **about),
        Done(kind="result", content="c", **about),
    ]
    for number, form in enumerate(forms):
        desk.note(f"form-{number}", form)
    assert [desk.outcome(form) for form in forms] == [forms[2]] * 3
    lost = Done(kind="replaced", became="gone", **about)
    assert desk.outcome(lost) == lost


def test_a_recording_that_still_grows_is_left_for_later(source, dest, tmp_path, monkeypatch) -> None:
    fetch, name = source.fetch, "day 3/talk 3.mp4"
    fetched = []

    def grows(item, target, on_bytes=None):
        if item.name == name:
            fetched.append(item.size)
            with (source.root / name).open("ab") as file:
                file.write(b" and more")
        return fetch(item, target, on_bytes)

    monkeypatch.setattr(source, "fetch", grows)
    account = batch(wishes(source, dest, tries=1), source, dest, Maker()).run()
    assert account.count() == {"done": 3, "failed": 1}
    (row,) = [row for row in account.rows if row.name == name]
    assert "wait until its upload is over" in row.note
    assert len(fetched) == 5
