"""The edit plan is a contract: it reads back as written, and every breach names its action."""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from cutdown.errors import PlanError
from cutdown.plan import EditPlan


def action(name: str, start: float, end: float, **more: Any) -> dict[str, Any]:
    return {"id": name, "type": "keep", "start": start, "end": end, "reason": "because", **more}


def plan(*actions: dict[str, Any], duration: float = 10.0) -> dict[str, Any]:
    return {"recording_sha256": "ab", "duration": duration, "director": "person", "actions": list(actions)}


WHOLE = plan(
    action("a1", 0, 1.234),
    action("a2", 1.234, 4, type="speedup", factor="8/3", narration="Meanwhile."),
    action("a3", 4, 9.999, type="rewrite", narration="Größer – schöner."),
    action("a4", 9.999, 10, type="cut"),
)


def test_reading_and_writing_gives_the_same_bytes() -> None:
    text = EditPlan.model_validate(WHOLE).to_json()
    assert EditPlan.from_json(text).to_json() == text
    assert "Größer – schöner." in text


def test_times_are_exact() -> None:
    read = EditPlan.model_validate(WHOLE)
    assert read.actions[0].end == Fraction(1234, 1000)
    assert read.planned_duration == Fraction(1234, 1000) + Fraction(2766, 1000) * 3 / 8 + Fraction(5999, 1000)


@pytest.mark.parametrize(
    ("broken", "words"),
    [
        (plan(action("a1", 0, 4), action("a2", 5, 10)), ["'a2'", "5.000", "4.000", "gap"]),
        (plan(action("a1", 0, 4), action("a2", 3, 10)), ["'a2'", "overlap"]),
        (plan(action("a1", 0, 4), action("a1", 4, 10)), ["'a1'", "twice"]),
        (plan(action("a1", 0, 9)), ["'a1'", "9.000", "10.000"]),
        (plan(action("a1", 4, 4)), ["'a1'", "not after its start"]),
        (plan(action("a1", 0, 10, type="speedup")), ["'a1'", "factor"]),
        (plan(action("a1", 0, 10, type="speedup", factor=1)), ["'a1'", "factor"]),
        (plan(action("a1", 0, 10, type="speedup", factor=100)), ["'a1'", "64"]),
        (plan(action("a1", 0, 10, factor=2)), ["'a1'", "belongs to speedup"]),
        (plan(action("a1", 0, 10, type="rewrite", narration=" ")), ["'a1'", "narration"]),
        (plan(action("a1", 0, 10, type="cut", narration="hm")), ["'a1'", "narration"]),
        (plan(action("a1", 0, 10, type="zoom")), ["'a1'", "type"]),
        (plan(action("a1", -1, 10)), ["'a1'", "negative"]),
        (plan(action("a1", 0, 10, note="hm")), ["'a1'", "note"]),
        (plan({"type": "keep", "start": 0, "end": 10, "reason": ""}), ["action number 1", "id"]),
        (plan(), ["actions"]),
    ],
)
def test_a_breach_names_the_action_and_the_fault(broken: dict[str, Any], words: list[str]) -> None:
    with pytest.raises(PlanError) as caught:
        EditPlan.from_json(json.dumps(broken), source="'plan.json'")
    message = str(caught.value)
    assert message.startswith("'plan.json': ")
    assert "\n" not in message
    for word in words:
        assert word in message


def test_a_mark_that_an_editor_puts_before_the_text_is_passed_over() -> None:
    text = EditPlan.model_validate(WHOLE).to_json()
    assert EditPlan.from_json("\ufeff" + text).to_json() == text


def test_a_field_that_stands_there_twice_is_told_and_none_of_both_is_followed() -> None:
    text = json.dumps(plan(action("a1", 0, 4), action("a2", 4, 10)))
    twice = text.replace('"type": "keep"', '"type": "cut", "type": "keep"', 1)
    with pytest.raises(PlanError, match=r"^'plan\.json': action 'a1': 'type' stands there twice; keep one"):
        EditPlan.from_json(twice, source="'plan.json'")


@pytest.mark.parametrize(
    "text",
    [
        json.dumps(plan(action("a1", 0, 10**400))),
        json.dumps(plan(action("a1", 0, 10, type="speedup", factor="1e400"))),
        '{"duration": ' + "9" * 5000 + "}",
        "[" * 100_000,
        json.dumps(plan(action("a1", 0, 10, type="rewrite", narration="Done \ud83c"))),
    ],
    ids=["time", "factor", "digits", "depth", "half a sign"],
)
def test_what_no_plan_holds_is_told_in_a_line(text: str) -> None:
    with pytest.raises(PlanError, match=r"^'plan\.json': [^\n]+$"):
        EditPlan.from_json(text, source="'plan.json'")


def test_a_file_that_is_not_json_says_where() -> None:
    with pytest.raises(PlanError, match=r"line 2, column \d+"):
        EditPlan.from_json('{"a": 1,\n oops}')


def test_a_plan_file_may_begin_with_a_byte_order_mark(tmp_path: Path) -> None:
    path = tmp_path / "plan.json"
    path.write_text(json.dumps(WHOLE), encoding="utf-8-sig")
    assert EditPlan.read(path) == EditPlan.model_validate(WHOLE)


def test_a_plan_in_another_encoding_says_what_to_do(tmp_path: Path) -> None:
    path = tmp_path / "plan.json"
    path.write_text(json.dumps(WHOLE, ensure_ascii=False), encoding="latin-1", errors="replace")
    with pytest.raises(PlanError, match="save it as UTF-8"):
        EditPlan.read(path)
