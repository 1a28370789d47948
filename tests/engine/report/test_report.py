"""The report holds everything, escapes everything, and fetches nothing."""

import re
from fractions import Fraction
from html import escape
from html.parser import HTMLParser
from itertools import pairwise
from typing import Any

import pytest

from cutdown.certificate import Certificate, Check, Measured
from cutdown.narration import Narration, NarrationLine
from cutdown.plan import EditAction, EditPlan, Evidence
from cutdown.recording import AudioTrack, Picture, Recording
from cutdown.report import write_report
from cutdown.report.phrases import link
from cutdown.signals import ScreenSpan, Signals
from cutdown.store import Ref
from cutdown.timebase import Span
from cutdown.timeline import FitChoice, Segment, Timeline

HOSTILE = """</title><script>alert('x')</script>"&<img src=http://evil.example/x onerror=alert(1)>"""
VOID = {"meta", "link", "br", "img", "input", "hr", "source", "track", "col"}


class Page(HTMLParser):
    """Reads a page strictly: every element that is opened is closed, in order."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words = ""
        self.feed(text)
        self.close()
        assert self.open == [], f"never closed: {self.open}"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = [name for name, _ in attrs]
        assert len(names) == len(set(names)), f"<{tag}> has an attribute twice"
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open, f"</{tag}> closes nothing"
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words += data


def action(name: str, kind: str, start: int, end: int, **more: Any) -> EditAction:
    return EditAction(
        id=name, type=kind, start=start, end=end, reason=more.pop("reason", f"because of {name}"), **more
    )  # type: ignore[arg-type]


ACTIONS = (
    action("a1", "keep", 0, 10, quote=HOSTILE),
    action("a2", "cut", 10, 20, evidence=(Evidence(kind="silence", note=HOSTILE),), confidence=0.7),
    action("a3", "speedup", 20, 40, factor=4, reason=HOSTILE),
    action("a4", "rewrite", 40, 50, narration=HOSTILE, quote="um so"),
)


def report(*, passed: bool = True, picture: bool = True, title: str = HOSTILE, **more: Any) -> str:
    rate = Fraction(30)
    segments = (
        Segment(action="a1", type="keep", first_frame=0, frames=300, source_frame=0, speed=Fraction(1)),
        Segment(
            action="a3", type="speedup", first_frame=300, frames=150, source_frame=600, speed=Fraction(4)
        ),
        Segment(
            action="a4", type="rewrite", first_frame=450, frames=300, source_frame=1200, speed=Fraction(1)
        ),
    )
    checks = (
        Check(name="structure", passed=True, limit="all", note=HOSTILE),
        Check(
            name="sync",
            passed=passed,
            values=(Measured(name="largest", value=3.25, unit="ms"), Measured(name="p95", value=None)),
            limit="33.3 ms",
            note="apart",
        ),
        Check(name="words", passed=True, measured=False, limit="5 %", note="nothing is spoken"),
    )
    shown = Picture(
        stream_index=0, codec="h264", pixel_format="yuv420p", width=640, height=360, display_width=640,
        display_height=360, pixel_aspect=Fraction(1), rate=rate, variable_rate=False, frames=1500, start=Fraction(0),
    )  # fmt: skip
    given: dict[str, Any] = {
        "title": title,
        "before": f"../{HOSTILE}.mp4",
        "after": f"{HOSTILE}.mp4",
        "recording": Recording(
            sha256="a" * 64, name=HOSTILE, size_bytes=12_345_678, container="mp4", duration=Fraction(50),
            picture=shown if picture else None,
            audio=(AudioTrack(order=0, stream_index=1, codec="aac", sample_rate=48000, channels=2, start=Fraction(0)),),
        ),
        "signals": Signals(
            duration=Fraction(50), noise_floor_db=-60, speech_level_db=-20, silences=(),
            speech=(Span(start=Fraction(1), end=Fraction(9)),),
            screen=(
                ScreenSpan(start=Fraction(0), end=Fraction(20), still=True, changed=0),
                ScreenSpan(start=Fraction(20), end=Fraction(50), still=False, changed=0.4),
            ),
        ),
        "plan": EditPlan(recording_sha256="a" * 64, duration=Fraction(50), director="offline/2", actions=ACTIONS),
        "narration": Narration(
            provider="hibari", voice="heart", language="en",
            lines=(
                NarrationLine(
                    actions=("a4",), text=HOSTILE, spoken="said " + HOSTILE, sound=Ref(sha256="b" * 64, size=9),
                    samples=96_000,
                ),
            ),
        ),
        "timeline": Timeline(
            recording_sha256="a" * 64, rate=rate, segments=segments, sounds=(),
            fits=(FitChoice(action="a4", lever="flag", seconds=Fraction(1, 2), note=HOSTILE),),
        ),
        "certificate": Certificate(output="x.mp4", sha256="c" * 64, passed=passed, checks=checks),
        "records": [
            {"phase": "phase1_ingest", "elapsed_seconds": 3.0, "cpu_seconds": 4.5, "peak_memory_mb": 300.4,
             "whisper_model": HOSTILE, "transcription_method": "local"},
            {"phase": "phase2_director", "elapsed_seconds": 1.0, "estimated_cost": 0.32, "cached": True,
             "tokens_used": {"prompt": 10, "completion": 5, "total": 15}},
            {"phase": "phase3_voice", "elapsed_seconds": 2.0, "estimated_cost": None},
        ],
        "peaks": (0.1, 0.9, 0.0, 1.0),
    }  # fmt: skip
    return write_report(**(given | more))


def test_hostile_text_stays_text() -> None:
    text = report()
    page = Page(text)
    assert [tag for tag, _ in page.tags].count("script") == 1
    assert not [tag for tag, _ in page.tags if tag == "img"]
    assert not [name for _, attributes in page.tags for name in attributes if name.startswith("on")]
    assert "$" not in re.sub(r"\$\d", "", text), "a placeholder was left"
    assert HOSTILE in page.words


def test_nothing_is_fetched_but_the_two_videos() -> None:
    page = Page(report())
    loaded = [attributes["src"] for _, attributes in page.tags if "src" in attributes]
    assert len(loaded) == 2
    links = [attributes["href"] for _, attributes in page.tags if "href" in attributes]
    for address in (*loaded, *links):
        assert address is not None
        assert address.startswith(("./", "../", "#")), address
    plain = report(title="Talk", before="talk.mp4", after="out.mp4").replace(escape(HOSTILE), "")
    assert not re.search(r"(?:src|href|url|@import)\W{1,3}(?:https?:)?//", plain)


def test_no_address_of_another_machine_in_a_plain_report() -> None:
    text = Page(report()).words.replace(HOSTILE, "").replace("said ", "")
    assert "http://" not in text
    assert "https://" not in text


def test_every_action_is_in_the_picture_and_in_the_table() -> None:
    page = Page(report())
    shapes = [attributes for tag, attributes in page.tags if tag == "g"]
    assert len(shapes) == len(ACTIONS)
    assert [shape["data-source"] for shape in shapes] == ["0.000", "10.000", "20.000", "40.000"]
    assert "data-result" not in shapes[1]
    assert shapes[3]["data-result"] == "15.000"
    rows = [attributes.get("id") for tag, attributes in page.tags if tag == "tr"]
    for each in ACTIONS:
        assert each.id in rows
        assert each.reason in page.words
    assert "sped up ×4" in page.words


def test_links_inside_the_page_lead_somewhere() -> None:
    page = Page(report())
    names = {attributes["id"] for _, attributes in page.tags if "id" in attributes}
    assert len(names) == sum("id" in attributes for _, attributes in page.tags)
    for _, attributes in page.tags:
        address = attributes.get("href") or ""
        if address.startswith("#"):
            assert address[1:] in names


@pytest.mark.parametrize(
    ("passed", "said"), [(True, "2 of 3 checks made, all passed"), (False, "Failed: sync")]
)
def test_the_verdict_is_told_first(passed: bool, said: str) -> None:
    page = Page(report(passed=passed))
    assert said in page.words
    assert page.words.index(said) < page.words.index("Where the time went")
    marks = [attributes.get("aria-label") for _, attributes in page.tags if attributes.get("class") == "mark"]
    assert marks == ["passed", "passed" if passed else "failed", "not measurable"]


def test_costs_that_are_not_known_are_never_nothing() -> None:
    words = Page(report()).words
    assert "$0.32 and what is unpriced" in words
    assert "unpriced" in words
    assert "6.0\u00a0s" in words  # the phases' time in all


def test_flags_and_respelled_lines_are_told() -> None:
    words = Page(report()).words
    assert "needs a look" in words
    assert "read as “said " in words


def test_sound_alone_and_nothing_spoken_leave_no_empty_parts() -> None:
    silent = Narration(provider="hibari", voice="heart", language="en", lines=())
    page = Page(report(picture=False, narration=silent, peaks=()))
    kinds = [tag for tag, _ in page.tags]
    assert "audio" in kinds
    assert "video" not in kinds
    assert "Spoken anew" not in page.words
    assert "Loudness of the recording" not in str(page.tags)


def test_pictures_have_words_for_those_who_cannot_see_them() -> None:
    page = Page(report())
    for tag, attributes in page.tags:
        if tag in ("svg", "video", "audio"):
            assert attributes.get("aria-label")
    headings = [int(tag[1]) for tag, _ in page.tags if re.fullmatch(r"h\d", tag)]
    assert headings[0] == 1
    assert headings.count(1) == 1
    assert all(after - before <= 1 for before, after in pairwise(headings))


@pytest.mark.parametrize(
    ("path", "written"),
    [
        ("javascript:alert(1).mp4", "./javascript%3Aalert%281%29.mp4"),
        ("../a b/talk #1?.mp4", "../a%20b/talk%20%231%3F.mp4"),
        ("動画.mp4", "./%E5%8B%95%E7%94%BB.mp4"),
        ("//evil.example/x.mp4", ".///evil.example/x.mp4"),
    ],
)
def test_file_names_become_relative_links(path: str, written: str) -> None:
    assert link(path) == written


def test_the_same_input_gives_the_same_page() -> None:
    assert report() == report()
