"""A flow that asks about its plan, and what it does with the answers; the person is a thread that fills the form."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any, Final

import httpx
import pytest

from cutdown.errors import UsageError
from cutdown.plan import EditAction, EditPlan
from cutdown.settings import OptimizeOptions, RenderOptions, SpeechOptions

OPTIONS: Final = OptimizeOptions(
    speech=SpeechOptions(whisper_model="tiny.en"),
    render=RenderOptions(preset="ultrafast", resolution="320x180"),
)


class Person(threading.Thread):
    """Answers the forms of a run, one after another."""

    def __init__(self, api: str, answers: list[dict[str, Any]]) -> None:
        super().__init__(daemon=True)
        self.asked: list[str] = []
        self.refused: list[str] = []
        self._api = httpx.Client(base_url=api, timeout=30)
        self._answers = answers

    def run(self) -> None:
        for answer in self._answers:
            run, text = self._wait_for_form(f"plan-{len(self.asked) + 1}-")
            told = self._api.post(f"/flow_runs/{run}/resume", json={"run_input": answer}).json()
            if told["status"] == "ACCEPT":
                self.asked.append(text)
            else:
                self.refused.append(told["details"]["reason"])
        self._api.close()

    def _wait_for_form(self, turn: str) -> tuple[str, str]:
        """The run that asks, and what it says."""
        paused = {"flow_runs": {"state": {"type": {"any_": ["PAUSED"]}}}}
        while True:
            for run in self._api.post("/flow_runs/filter", json=paused).json():
                key: str = run["state"]["state_details"]["pause_key"]
                shown = self._api.get(f"/flow_runs/{run['id']}/input/paused-{key}-description")
                if key.startswith(turn) and shown.is_success:
                    return run["id"], shown.json()
            time.sleep(0.1)


@pytest.fixture
def person(state: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Person]]:
    from prefect.settings import PREFECT_API_URL

    monkeypatch.setattr("flows.approval.POLL", 0.2)
    people: list[Person] = []

    def sit_down(*answers: dict[str, Any]) -> Person:
        person = Person(str(PREFECT_API_URL.value()), list(answers))
        person.start()
        people.append(person)
        return person

    yield sit_down
    for person in people:
        person.join(20)
        assert not person.is_alive()


def final_state(**parameters: Any) -> Any:
    from flows.optimize import optimize_video

    return optimize_video(options=OPTIONS, review="pause", return_state=True, **parameters)


def test_a_plan_is_planned_again_changed_and_rendered(
    person: Callable[..., Person], small_talk: Path, tmp_path: Path
) -> None:
    answers = (
        {"verdict": "plan again"},
        {"verdict": "plan again", "target_seconds": 5},
        {"verdict": "approve", "changes": [{"id": "a001", "type": "keep"}]},
    )
    reviewer = person(*answers)
    out = tmp_path / "out"
    state = final_state(source=small_talk, out=out)
    assert state.is_completed(), state
    first, second, third = reviewer.asked
    assert "could not be followed" not in first
    assert "'plan again' needs the length" in second
    assert "could not be followed" not in third
    plan = EditPlan.read(out / "plan.json")
    assert plan.target_seconds == 5
    assert (plan.actions[0].type, plan.actions[0].reason) == ("keep", "changed in review")
    outcome = state.result()
    assert outcome.video == "small talk.mp4"
    assert [phase.phase for phase in outcome.phases].count(
        "phase2_director"
    ) == 3  # both plans, and the change


def test_a_rejected_plan_ends_the_run_and_leaves_nothing(
    person: Callable[..., Person], small_talk: Path, tmp_path: Path
) -> None:
    reviewer = person({}, {"verdict": "reject", "note": "the wrong take"})
    state = final_state(source=small_talk, out=tmp_path / "out")
    assert ["verdict" in reason for reason in reviewer.refused] == [
        True
    ]  # pressing Resume alone decides nothing
    assert (state.type.value, state.name) == ("CANCELLED", "Rejected")
    assert state.message == "the plan was rejected: the wrong take"
    assert not (tmp_path / "out").exists()


def test_a_review_that_nobody_could_see_is_refused_before_any_work(
    state: Path, small_talk: Path, tmp_path: Path
) -> None:
    from flows.optimize import optimize_video

    with pytest.raises(UsageError, match="needs a run of a deployment"):
        optimize_video(source=small_talk, out=tmp_path / "out", review="suspend", options=OPTIONS)
    assert not (tmp_path / "state" / "store").exists()


def test_without_a_server_the_remedy_is_told(prefect_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from prefect.settings import PREFECT_API_URL, temporary_settings

    from flows.approval import PlanPage, reviewer

    with temporary_settings(restore_defaults={PREFECT_API_URL}):
        assert reviewer(PlanPage("talk"), "none") is None
        with pytest.raises(UsageError, match=r"start \./run\.sh server"):
            reviewer(PlanPage("talk"), "pause")


def test_an_answer_is_to_its_own_plan(prefect_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A resumed run that comes to the same plan finds its answer; one that comes to another plan asks."""
    from prefect.settings import PREFECT_API_URL, temporary_settings

    from flows.approval import PlanForm, PlanPage, reviewer

    given: dict[str, dict[str, str]] = {}
    asked: list[str] = []

    def ask(*, key: str, **_options: Any) -> PlanForm:
        asked.append(key)
        given[f"paused-{key}-response"] = {"verdict": "approve"}
        return PlanForm(verdict="approve")

    monkeypatch.setattr("flows.approval.pause_flow_run", ask)
    monkeypatch.setattr("flows.approval.read_flow_run_input", given.get)
    plans = [
        EditPlan(
            recording_sha256="0" * 64,
            duration=Fraction(9),
            director=director,
            actions=(
                EditAction(id="a1", type="keep", start=Fraction(0), end=Fraction(9), reason="said well"),
            ),
        )
        for director in ("stand-in", "offline/2")
    ]
    with temporary_settings({PREFECT_API_URL: "http://127.0.0.1:9/api"}):
        for plan in (plans[0], plans[0], plans[1]):  # three processes of one run, one after another
            resumed = reviewer(PlanPage("talk"), "pause")
            assert resumed is not None
            assert resumed(plan) == plan
    assert len(asked) == len(set(asked)) == 2
