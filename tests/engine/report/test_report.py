"""The report holds everything, escapes everything, and fetches nothing."""

import re
from html import escape
from html.parser import HTMLParser
from itertools import pairwise

import pytest
from report_kit import ACTIONS, HOSTILE, report

from cutdown.narration import Narration
from cutdown.plan import Candidate, EditPlan, Passage, Selection
from cutdown.report.phrases import link
from cutdown.timeline import Chapter

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
    shapes = [
        attributes for _, attributes in page.tags if (attributes.get("class") or "").startswith("piece ")
    ]
    shapes = [attributes for attributes in shapes if "href" in attributes]
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


def test_the_forecast_stands_beside_the_facts() -> None:
    words = Page(report()).words
    assert "Against the forecast" in words
    assert "$0.33 ($0.21–$0.55)" in words
    assert "median of earlier runs here" in words
    assert "Against the forecast" not in Page(report(forecast=None)).words


def test_advice_is_told_with_its_gain_and_its_price() -> None:
    words = Page(report()).words
    assert "transcription took 61 % of 312 s; --whisper-model tiny.en would save about 2 min, " in words
    assert "1 setting would have helped" in words
    assert "The advice above helps here too." in words
    assert "No setting that is known here would have helped" in words
    assert "there is nothing to advise" in Page(report(findings=())).words
    assert "would have helped" not in Page(report(findings=())).words


def test_stand_ins_are_told() -> None:
    assert f"hibari instead of elevenlabs: {HOSTILE}" in Page(report()).words


def test_the_machine_over_time_is_drawn_where_it_was_watched() -> None:
    page = Page(report())
    labels = [attributes.get("aria-label") or "" for tag, attributes in page.tags if tag == "svg"]
    assert any(label.startswith("Processor over 6 seconds: at most 190\u00a0%") for label in labels)
    assert any(label.startswith("Memory over 6 seconds: at most 720\u00a0MB") for label in labels)
    unwatched = Page(report(records=[{"phase": "phase1_ingest", "elapsed_seconds": 3.0}]))
    assert not any("over 3 seconds" in str(attributes) for _, attributes in unwatched.tags)


def test_what_a_phase_says_of_itself_is_told_in_words() -> None:
    steps = {"transcription": {"seconds": 93.123, "cpu_seconds": 180.2, "times": 1}}
    words = Page(report(records=[{"phase": "phase1_ingest", "elapsed_seconds": 95.0, "steps": steps}])).words
    assert "transcription 93.1\u00a0s" in words
    assert "{'" not in words


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
        if tag in ("svg", "video", "audio") and attributes.get("aria-hidden") != "true":
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
        ("../d\udcffr/x.mp4", "../d%FFr/x.mp4"),  # a folder whose name is no text
    ],
)
def test_file_names_become_relative_links(path: str, written: str) -> None:
    assert link(path) == written


def test_the_same_input_gives_the_same_page() -> None:
    assert report() == report()


def test_what_goes_on_is_told_where_the_picture_is_pointed_at_and_in_the_table() -> None:
    text = report()
    assert text.count("waiting for the machine") == 2
    why = re.search(r'<div class="why" id="why-a3">(.*?)</div>', text, re.DOTALL)
    assert why is not None
    assert "waiting for the machine" in why[1]
    assert "nothing happens" not in text


def a_selective_plan() -> EditPlan:
    passage = Passage(start=11, end=19, worth=0.04, quote=HOSTILE)
    unsure = ACTIONS[1].model_copy(update={"confidence": 0.2})
    return EditPlan(
        recording_sha256="a" * 64,
        duration=50,
        director="llm/test",
        target_seconds=20,
        selection=Selection(coverage=0.85, gap=0.012, left_out=(passage,)),
        candidates=(
            Candidate(number=1),
            Candidate(number=2, coverage=0.9, compression=1, calm=0.5, grounded=1, score=0.86, chosen=True),
        ),
        actions=(ACTIONS[0], unsure, *ACTIONS[2:]),
    )


def test_what_a_length_left_out_is_listed_with_its_worth_and_what_stays() -> None:
    words = Page(report(plan=a_selective_plan())).words
    assert "85\u202f% of the recording's terms are still heard" in words
    assert "at most 1.2% more" in words
    assert "1 passages" not in words
    assert "0:11.0–0:19.0" in words
    assert "4.0%" in words


def test_a_passage_that_was_brought_back_is_not_listed_and_nothing_is_claimed_of_the_rest() -> None:
    plan = a_selective_plan()
    assert plan.selection is not None
    more = (*plan.selection.left_out, Passage(start=41, end=49, worth=0.02, quote="brought back since"))
    changed = plan.model_copy(update={"selection": plan.selection.model_copy(update={"left_out": more})})
    words = Page(report(plan=changed)).words
    assert "brought back since" not in words.replace("was brought back since.", "")
    assert "terms are still heard" not in words


def test_doubts_and_candidates_are_shown_and_lead_to_their_rows() -> None:
    page = Page(report(plan=a_selective_plan()))
    assert "Look at these first: a2 (20\u202f% sure)" in page.words
    assert "2 (chosen)" in page.words
    assert "86\u202f%" in page.words
    assert "Left out for the length" not in Page(report()).words
    assert "Look at these first" not in Page(report()).words


def test_chapters_of_the_result_are_listed_where_there_are_several() -> None:
    several = (Chapter(start=0, end=40, title=HOSTILE), Chapter(start=40, end=50, title="The end"))
    assert "0:40.0–0:50.0" in Page(report(chapters=several)).words
    assert "Chapters" not in Page(report(chapters=several[:1])).words
