"""Chapters of the output."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise

from cutdown.captions import chapters, to_text
from cutdown.plan import EditAction, EditPlan
from cutdown.timebase import SAMPLE_RATE
from cutdown.timeline import Chapter, Segment, Sound, Timeline
from cutdown.transcript import Transcript, Word

RATE = Fraction(25)
TOPICS = (
    """
So now let's install the database server. The database needs a password. Start the database server and
connect to the database. Tables of the database live on the server disk. A password protects every table.
""",
    """
Okay, the search field filters messages. Type a query into the search field. Messages that match the query
are shown. A query may name a sender. Search again and other messages match.
""",
    """
Finally we export a video. The video export offers codecs. Choose a codec and a bitrate for the export.
A higher bitrate makes a larger video. The export writes the video to disk.
""",
)


def recording(
    texts: tuple[str, ...], pace: float, pause: float
) -> tuple[EditPlan, Timeline, Transcript, list[float]]:
    words, at, borders = [], 0.0, []
    for text in texts:
        borders.append(at)
        for word in text.split():
            words.append(Word(text=word, start=round(at, 3), end=round(at + pace - 0.05, 3)))
            at += pace + (0.3 if word.endswith(".") else 0)
        at += pause
    frames = round(at * 25)
    length = Fraction(frames) / RATE
    keep = EditAction(id="a", type="keep", start=0, end=length, reason="test")
    plan = EditPlan(recording_sha256="a" * 64, duration=length, director="person", actions=(keep,))
    timeline = Timeline(
        recording_sha256="a" * 64,
        rate=RATE,
        segments=(Segment(action="a", type="keep", first_frame=0, frames=frames, source_frame=0, speed=1),),
        sounds=(Sound(kind="recording", first_sample=0, samples=round(length * SAMPLE_RATE)),),
    )
    transcript = Transcript(language="en", model="base", duration=length, words=tuple(words), segments=())
    return plan, timeline, transcript, borders


def test_borders_lie_where_the_topic_changes() -> None:
    plan, timeline, transcript, borders = recording(TOPICS, pace=2.2, pause=1.5)
    made = chapters(plan, timeline, transcript)
    assert made[0].start == 0
    assert made[-1].end == timeline.duration
    assert all(before.end == after.start for before, after in pairwise(made))
    assert all(chapter.duration >= 30 for chapter in made)
    assert [round(float(chapter.start), 2) for chapter in made] == [round(border, 2) for border in borders]
    titles = [chapter.title.lower() for chapter in made]
    assert "database" in titles[0]
    assert "search" in titles[1] or "query" in titles[1]
    assert "video" in titles[2] or "export" in titles[2]


def test_titles_are_short_distinct_and_begin_with_a_capital() -> None:
    plan, timeline, transcript, _ = recording(TOPICS, pace=2.2, pause=1.5)
    titles = [chapter.title for chapter in chapters(plan, timeline, transcript)]
    assert len(set(titles)) == len(titles)
    assert all(2 < len(title) <= 48 and title[0].isupper() and title[-1].isalnum() for title in titles)


def test_a_title_is_rather_a_whole_sentence_than_its_end_or_one_that_points_elsewhere() -> None:
    said = (
        "The server needs a database, a password protecting the disk. It keeps the database password. "
        "The server starts the database."
    )
    plan, timeline, transcript, _ = recording((said,), pace=0.8, pause=0)
    (only,) = chapters(plan, timeline, transcript)
    assert only.title == "The server needs a database"


def test_chapters_are_lines_that_a_description_can_hold() -> None:
    short = (Chapter(start=0, end=70, title="Server"), Chapter(start=70, end=200, title="Search"))
    assert to_text(short) == "0:00 Server\n1:10 Search\n"
    long = (Chapter(start=0, end=3600, title="Server"), Chapter(start=3661.5, end=3700, title="Search"))
    assert to_text(long) == "0:00:00 Server\n1:01:01 Search\n"
    assert to_text(()) == ""


def test_a_short_output_has_one_chapter() -> None:
    plan, timeline, transcript, _ = recording(TOPICS[:1], pace=0.8, pause=0)
    (only,) = chapters(plan, timeline, transcript)
    assert (only.start, only.end) == (0, timeline.duration)


def test_no_words_no_chapters() -> None:
    plan, timeline, transcript, _ = recording(TOPICS, pace=2.2, pause=1.5)
    assert chapters(plan, timeline, transcript.model_copy(update={"words": ()})) == ()


def test_narration_gives_chapters_their_titles_too() -> None:
    action = EditAction(
        id="a", type="rewrite", start=0, end=40, narration="Configure the proxy server.", reason="test"
    )
    plan = EditPlan(recording_sha256="a" * 64, duration=40, director="person", actions=(action,))
    timeline = Timeline(
        recording_sha256="a" * 64,
        rate=RATE,
        segments=(Segment(action="a", type="rewrite", first_frame=0, frames=1000, source_frame=0, speed=1),),
        sounds=(),
    )
    silent = Transcript(language="en", model="base", duration=40, words=(), segments=())
    (only,) = chapters(plan, timeline, silent)
    assert only.title == "Configure the proxy server"
