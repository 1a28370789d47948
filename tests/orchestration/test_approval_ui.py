"""The approval of a plan, as a person does it: in Prefect's own UI, in a real browser."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest
from prefect_kit import Server
from talk_kit import make_talk

from cutdown.plan import EditPlan

OPTIONS: Final = {
    "speech": {"whisper_model": "tiny.en"},
    "render": {"preset": "ultrafast", "resolution": "320x180"},
}
PATIENCE: Final = 60_000  # milliseconds


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """Debian's Chromium, without a window."""
    program = shutil.which("chromium")
    if program is None:
        pytest.skip("needs Chromium: apt-get install chromium")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def page(browser: Any) -> Iterator[Any]:
    page = browser.new_page(viewport={"width": 1280, "height": 1500})
    page.set_default_timeout(PATIENCE)
    yield page
    page.close()


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where screenshots are kept: a folder that CI may collect, or pytest's own."""
    chosen = os.environ.get("CUTDOWN_TEST_ARTIFACTS")
    folder = Path(chosen) if chosen else tmp_path_factory.mktemp("screenshots")
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def open_form(page: Any, live: Server, run: str) -> Any:
    """The form of a run that waits, opened as a person does."""
    page.goto(f"{live.url}/runs/flow-run/{run}")
    page.get_by_role("button", name="Resume", exact=True).click()
    form = page.get_by_role("dialog")
    form.get_by_text("is this plan good?").wait_for()
    return form


def fill(page: Any, form: Any, action: str, decision: str) -> None:
    """Approve, with another decision for one action."""
    selects = form.locator(".p-select-button__control")
    choose(page, selects.first, "approve")
    form.get_by_role("button", name="Add item").click()
    form.get_by_text("Its id in the plan").wait_for()
    choose(page, selects.last, decision)
    form.locator("textarea").nth(1).fill(action)  # after the note


def choose(page: Any, select: Any, option: str) -> None:
    select.press("Space")
    page.get_by_role("option", name=option, exact=True).click()


@pytest.fixture
def own_talk(tmp_path: Path) -> Path:
    """A recording that no other test has: what is found here was done here."""
    return make_talk(tmp_path / "small talk.mp4", size=(320, 180), fps=12)


def submit(form: Any) -> None:
    form.get_by_role("button", name="Submit").click()
    form.wait_for(state="detached")


def test_a_plan_is_approved_in_the_browser(
    live: Server, page: Any, pictures: Path, own_talk: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    run = live.start(
        "optimize-video/optimize-video",
        source=str(own_talk),
        out=str(out),
        review="suspend",
        options=OPTIONS,
    )
    live.wait_for_question(run, 1)
    assert not out.exists()

    # Prefect has two user interfaces; both show the form. The rest is done in the one that opens from links.
    page.goto(f"{live.url}/v2/runs/flow-run/{run}")
    page.get_by_text("Suspended").first.wait_for()
    page.locator("button[aria-haspopup=menu]").last.click()
    page.get_by_role("menuitem", name="Resume").click()
    page.get_by_role("dialog").get_by_text("is this plan good?").wait_for()
    page.screenshot(path=pictures / "0-form-of-the-newer-interface.png")

    form = open_form(page, live, run)
    page.screenshot(path=pictures / "1-form.png")
    with page.expect_popup() as opened:
        form.get_by_role("link", name="Look at the plan").click()
    plan = opened.value
    plan.get_by_text("a001", exact=True).wait_for()
    assert "Edit plan of small talk" in plan.inner_text("body")
    plan.screenshot(path=pictures / "2-plan.png")
    plan.close()

    # A change that breaks the plan's contract: the form comes back and says what was wrong.
    fill(page, form, "a001", "speedup")
    page.screenshot(path=pictures / "3-invalid-change.png")
    submit(form)
    live.wait_for_question(run, 2)
    form = open_form(page, live, run)
    assert "action 'a001': a speedup needs a 'factor' above 1" in form.inner_text()
    page.screenshot(path=pictures / "4-asked-again.png")
    fill(page, form, "a001", "cut")
    submit(form)

    live.wait(run, "Completed")
    page.goto(f"{live.url}/runs/flow-run/{run}")
    page.get_by_text("Completed").first.wait_for()
    page.screenshot(path=pictures / "5-completed.png")
    rendered = EditPlan.read(out / "plan.json")
    assert (rendered.actions[0].type, rendered.actions[0].reason) == ("cut", "changed in review")
    assert (out / "small talk.mp4").is_file()
    # Three processes worked on it, one after another; what the first had done was found by the others.
    for task in ("ingest", "direct"):
        assert live.task_states(run, task) == ["Completed"] + ["Cached"] * 2, task
    assert live.task_states(run, "assemble") == ["Completed"]

    # Tried again, it does not ask again: what was decided for this run stays decided.
    again = {"type": "SCHEDULED", "name": "AwaitingRetry"}
    live.post(f"/flow_runs/{run}/set_state", {"state": again, "force": True})
    live.wait(run, "Running")
    live.wait(run, "Completed")
    assert live.task_states(run, "assemble") == ["Completed", "Cached"]
    assert EditPlan.read(out / "plan.json") == rendered
