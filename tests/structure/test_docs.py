"""The pages say what is so: links lead somewhere, schemas are current, examples hold."""

import json
import re
import xml.etree.ElementTree as ET
from fractions import Fraction
from pathlib import Path

import jsonschema
import pytest

from cutdown.errors import PlanError
from cutdown.metrics.baseline_form import Baseline, Case, Made, Run, Spread, baseline_schema
from cutdown.metrics.records import RECORD_OF_PHASE, PhaseRecord, Usage
from cutdown.plan import EditAction, EditPlan, edit_plan_schema

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
SCHEMA = DOCS / "schemas" / "edit-plan.schema.json"
PAGES = sorted([*DOCS.rglob("*.md"), *ROOT.glob("*.md")])


def blocks(page: str, language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", (DOCS / page).read_text(encoding="utf-8"), re.DOTALL)


def test_the_published_schema_is_current() -> None:
    written = json.dumps(edit_plan_schema(), indent=2) + "\n"
    assert SCHEMA.read_text(encoding="utf-8") == written, (
        "the schema has changed; write it anew with: .venv/bin/cutdown schema > docs/schemas/edit-plan.schema.json"
    )


def test_the_published_schema_of_a_baseline_is_current() -> None:
    written = json.dumps(baseline_schema(), indent=2) + "\n"
    assert (DOCS / "schemas" / "baseline.schema.json").read_text(encoding="utf-8") == written, (
        "the schema has changed; write it anew with: .venv/bin/just schema"
    )


def test_every_field_of_a_benchmark_is_explained() -> None:
    page = (DOCS / "metrics.md").read_text(encoding="utf-8")
    fields = {
        *Baseline.model_fields,
        *Made.model_fields,
        *Case.model_fields,
        *Run.model_fields,
        *Spread.model_fields,
    }
    assert [name for name in sorted(fields - {"name"}) if f"`{name}`" not in page] == []


def plan() -> dict[str, object]:
    actions = (
        EditAction(id="a1", type="keep", start=Fraction(0), end=Fraction(4), reason="said well"),
        EditAction(id="a2", type="cut", start=Fraction(4), end=Fraction(9), reason="a pause", confidence=0.9),
        EditAction(
            id="a3", type="speedup", start=Fraction(9), end=Fraction(21), factor=Fraction(8), reason="a wait"
        ),
        EditAction(
            id="a4", type="rewrite", start=Fraction(21), end=Fraction(30), narration="Done.", reason="fillers"
        ),
    )
    made = EditPlan(recording_sha256="0" * 64, duration=Fraction(30), director="offline/2", actions=actions)
    document: dict[str, object] = json.loads(made.to_json())
    return document


def validate(document: object) -> None:
    schema = json.loads(SCHEMA.read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.Draft202012Validator(schema).validate(document)


def test_a_plan_that_the_program_writes_passes_the_schema() -> None:
    validate(plan())


@pytest.mark.parametrize(
    ("field", "value"), [("type", "skip"), ("confidence", 2), ("start", -1), ("id", "A 1"), ("speed", 2)]
)
def test_the_schema_refuses_what_the_program_refuses(field: str, value: object) -> None:
    document = plan()
    actions = document["actions"]
    assert isinstance(actions, list)
    actions[0][field] = value
    with pytest.raises(jsonschema.ValidationError):
        validate(document)
    with pytest.raises(PlanError, match=r"action '|action number"):
        EditPlan.from_json(json.dumps(document))


def test_the_plan_in_the_documentation_is_a_plan() -> None:
    (example,) = [block for block in blocks("edit-plan.md", "json") if '"actions"' in block]
    validate(json.loads(example))
    read = EditPlan.from_json(example)
    assert {action.type for action in read.actions} == {"keep", "cut", "speedup", "rewrite"}


def test_every_field_of_a_plan_is_explained() -> None:
    page = (DOCS / "edit-plan.md").read_text(encoding="utf-8")
    for model in (EditPlan, EditAction):
        for field in model.model_fields:
            assert f"| `{field}` |" in page, field


def test_the_faults_in_the_documentation_are_what_the_program_says() -> None:
    page = (DOCS / "edit-plan.md").read_text(encoding="utf-8")
    for change, action in (
        ({"end": 3.5}, 0),
        ({"factor": 1}, 2),
        ({"narration": None}, 3),
        ({"factor": 2}, 0),
        ({"id": "a1"}, 1),
    ):
        document = plan()
        actions = document["actions"]
        assert isinstance(actions, list)
        actions[action] |= change
        with pytest.raises(PlanError) as fault:
            EditPlan.from_json(json.dumps(document), source="'plan.json'")
        assert str(fault.value) in page


def test_every_field_of_every_record_is_explained() -> None:
    page = (DOCS / "metrics.md").read_text(encoding="utf-8")
    for model in (PhaseRecord, Usage, *RECORD_OF_PHASE.values()):
        for field in model.model_fields:
            assert f"`{field}`" in page, field


def test_the_entries_in_the_documentation_are_read(tmp_path: Path) -> None:
    from cutdown.voice.pronunciation import load_dictionary

    for number, (language, suffix) in enumerate((("yaml", ".yaml"), ("json", ".json"))):
        for block in blocks("pronunciation.md", language):
            own = tmp_path / f"{number}{suffix}"
            own.write_text(block, encoding="utf-8")
            load_dictionary(own)


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.name)
def test_every_link_within_the_project_leads_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#\s]+)", page.read_text(encoding="utf-8")):
        if "://" not in target and not target.startswith("mailto:"):
            assert (page.parent / target).exists(), f"{page.name} links to {target}"


def test_the_picture_is_a_picture_that_needs_nothing_else() -> None:
    text = (DOCS / "pipeline.svg").read_text(encoding="utf-8")
    root = ET.fromstring(text)  # noqa: S314 - our own file
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    assert root.get("viewBox")
    assert root.find("{http://www.w3.org/2000/svg}title") is not None
    assert "<script" not in text
    assert not re.search(r"(href|src)=|url\(http", text)
