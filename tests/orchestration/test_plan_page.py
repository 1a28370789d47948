"""The plan as a page of Prefect's UI."""

from __future__ import annotations

from cutdown.plan import EditAction, EditPlan, Passage, Selection
from tasks.artifacts import key_of, plan_table


def a_plan(confidence: float, selection: Selection | None) -> EditPlan:
    actions = (
        EditAction(id="a1", type="keep", start=0, end=5, reason="Said"),
        EditAction(id="a2", type="cut", start=5, end=9, reason="Beside", confidence=confidence),
    )
    return EditPlan(recording_sha256="a" * 64, duration=9, director="x", selection=selection, actions=actions)


def test_the_page_names_doubts_first_and_lists_what_the_length_left_out() -> None:
    passage = Passage(start=5, end=9, worth=0.125, quote="one | two")
    page = plan_table("talk", a_plan(0.3, Selection(coverage=0.9, gap=0, left_out=(passage,))))
    assert page.index("**Look at these first:** a2") < page.index("| id | from")
    assert "| 0:05.0 | 0:09.0 | 12.5% | one \\| two |" in page
    assert "| 30% ! |" in page


def test_a_plan_without_doubts_or_a_length_has_its_table_alone() -> None:
    page = plan_table("talk", a_plan(0.9, None))
    assert "Look at" not in page
    assert "Left out" not in page


def test_recordings_whose_names_prefect_cannot_write_have_pages_of_their_own() -> None:
    assert key_of("My Talk (2)") == "my-talk-2"
    keys = [key_of(name) for name in ("математика 1", "физика 1", "講義", "会議")]
    assert len(set(keys)) == 4
    assert all(set(key) <= set("abcdefghijklmnopqrstuvwxyz0123456789-") for key in keys)
