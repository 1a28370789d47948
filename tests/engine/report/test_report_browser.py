"""The report as a browser shows it: whole, quiet, within the window, and open to everybody."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_core_python.sync_playwright import Axe
from media_kit import make_recording
from playwright.sync_api import Browser, Page, Request, sync_playwright
from report_kit import ACTIONS, report

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)

pytestmark = pytest.mark.skipif(
    CHROMIUM is None, reason="needs a Chromium, such as Debian's package chromium"
)

VIEWS = [(width, scheme) for width in (1280, 390) for scheme in ("light", "dark")]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as play:
        program = play.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield program
        program.close()


@pytest.fixture(scope="module")
def report_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A report beside both its videos."""
    folder = tmp_path_factory.mktemp("report")
    for name in ("talk.mp4", "film.mp4"):
        make_recording(folder / name, seconds=2)
    path = folder / "report.html"
    path.write_text(report(title="A talk", before="talk.mp4", after="film.mp4"), encoding="utf-8")
    return path


class Watched:
    """A page that is listened to from before it is opened."""

    def __init__(self, page: Page, path: Path) -> None:
        self.page = page
        self.said: list[str] = []
        self.asked: list[str] = []
        page.on("console", lambda message: self.said.append(f"{message.type}: {message.text}"))
        page.on("pageerror", lambda error: self.said.append(str(error)))
        page.on("request", self._note)
        page.goto(path.as_uri())

    def _note(self, request: Request) -> None:
        self.asked.append(request.url)


@pytest.mark.parametrize(("width", "scheme"), VIEWS)
def test_nothing_overflows_nothing_is_fetched_and_axe_is_content(
    browser: Browser, report_file: Path, width: int, scheme: str
) -> None:
    with browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme) as context:  # type: ignore[arg-type]
        watched = Watched(context.new_page(), report_file)
        page = watched.page
        page.wait_for_function("[...document.querySelectorAll('video')].every(each => each.readyState >= 1)")
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        wide = page.evaluate(
            """[...document.querySelectorAll('main *:not(.skip), header *')].filter(each => {
                 const box = each.getBoundingClientRect();
                 return box.width > 1 && (box.right > innerWidth + 0.5 || box.left < -0.5);
               }).map(each => each.outerHTML.slice(0, 120))"""
        )
        assert wide == []
        axe = Axe().run(page)
        bad = [
            (rule["id"], rule["impact"], [node["html"][:200] for node in rule["nodes"]][:3])
            for rule in axe["violations"]
            if rule["impact"] in ("serious", "critical")
        ]
        assert bad == []
        assert len(axe["passes"]) > 20  # it did look
        assert watched.said == []
        folder = report_file.parent.as_uri()
        asked = {url.removeprefix(folder).partition("#")[0] for url in watched.asked}
        assert asked == {"/report.html", "/talk.mp4", "/film.mp4"}


@pytest.mark.parametrize("scripts", [True, False])
@pytest.mark.parametrize("width", [1280, 390])
def test_every_decision_tells_its_reason_to_the_keyboard_and_to_the_mouse(
    browser: Browser, report_file: Path, width: int, scripts: bool
) -> None:
    with browser.new_context(
        viewport={"width": width, "height": 900}, java_script_enabled=scripts
    ) as context:
        page = context.new_page()
        page.goto(report_file.as_uri())
        pieces = page.locator("ol a.piece")
        assert pieces.count() == len(ACTIONS)
        page.locator("#timeline .skip").focus()
        for number, action in enumerate(ACTIONS):
            page.keyboard.press("Tab")
            told = page.locator(".why:visible")
            assert told.count() == 1
            assert action.reason in told.inner_text()
            assert pieces.nth(number).evaluate("each => each === document.activeElement")
            box = told.bounding_box()
            assert box
            assert box["x"] >= 0
            assert box["x"] + box["width"] <= width
            assert told.evaluate("each => each.scrollWidth <= each.clientWidth")
        page.keyboard.press("Enter")  # leads to the row of the table
        assert page.url.endswith(f"#{ACTIONS[-1].id}")
        page.locator("h1").click()
        for number, action in enumerate(ACTIONS):
            pieces.nth(number).hover()
            assert action.reason in page.locator(".why:visible").inner_text()


def test_a_reading_machine_hears_the_decisions_as_a_list(browser: Browser, report_file: Path) -> None:
    with browser.new_context() as context:
        page = context.new_page()
        page.goto(report_file.as_uri())
        items = page.get_by_role("list", name="Decisions in the order of the recording").get_by_role("link")
        names = [name.replace("\n", "") for name in items.all_inner_texts()]
        assert names == [
            "kept, 0:00.0 to 0:10.0",
            "cut, 0:10.0 to 0:20.0",
            "sped up ×4, 0:20.0 to 0:40.0",
            "spoken anew, 0:40.0 to 0:50.0",
        ]
        for each, action in zip(items.all(), ACTIONS, strict=True):
            described = each.get_attribute("aria-describedby")
            assert action.reason in (page.locator(f"#{described}").text_content() or "")


def test_a_piece_moves_both_players(browser: Browser, report_file: Path) -> None:
    with browser.new_context() as context:
        page = context.new_page()
        page.goto(report_file.as_uri())
        page.wait_for_function("[...document.querySelectorAll('video')].every(each => each.readyState >= 1)")
        page.evaluate(
            "document.querySelectorAll('a.piece').forEach(each => each.dataset.source = each.dataset.result = 1)"
        )
        page.locator("ol a.piece").first.click()
        times = page.evaluate("[...document.querySelectorAll('video')].map(each => each.currentTime)")
        assert times == [1, 1]
        assert "#" not in page.url  # the page stays where it is


def test_on_paper_it_is_dark_ink_without_players(browser: Browser, report_file: Path) -> None:
    with browser.new_context(color_scheme="dark") as context:
        page = context.new_page()
        page.goto(report_file.as_uri())
        page.emulate_media(media="print")
        assert page.evaluate("getComputedStyle(document.body).color") == "rgb(0, 0, 0)"
        assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
        for hidden in (".players", ".hint", ".why"):
            assert not page.locator(hidden).first.is_visible()
        assert page.locator("ol a.piece").first.is_visible()
        assert page.pdf(format="A4").startswith(b"%PDF")
