"""What is said in the output, word by word, and the captions that show it."""

from __future__ import annotations

import random
import re
from fractions import Fraction
from itertools import pairwise

import pytest

from cutdown.captions import Caption, captions, spoken_words, to_srt, to_vtt
from cutdown.captions.layout import FLASH, GAP, LINE, LONGEST, SHORTEST
from cutdown.narration import Narration, NarrationLine
from cutdown.plan import EditAction, EditPlan
from cutdown.store import Ref
from cutdown.timebase import SAMPLE_RATE
from cutdown.timeline import Segment, Sound, Timeline
from cutdown.transcript import Transcript, Word

RATE = Fraction(25)
TALK = """
Welcome to this tour of the editor. Today we look at three things: the search field, the list of files
and the new terminal. Open the settings first. Then, if you like, change the theme; it takes effect at
once, and nothing has to be restarted. That is all there is to it.
"""


def transcript(*words: tuple[str, float, float], language: str = "en") -> Transcript:
    made = tuple(Word(text=text, start=start, end=end) for text, start, end in words)
    return Transcript(language=language, model="base", duration=600, words=made, segments=())


def talk(texts: list[str], start: float = 0, pace: float = 0.35) -> Transcript:
    return transcript(
        *((text, start + i * pace, start + (i + 1) * pace - 0.03) for i, text in enumerate(texts))
    )


def timeline(*sounds: tuple[str, float, float, str]) -> Timeline:
    """Sounds as (kind, seconds, source second, tempo or line)."""
    made, at = [], 0
    for kind, seconds, source, extra in sounds:
        samples = round(seconds * SAMPLE_RATE)
        made.append(
            Sound(
                kind=kind,
                first_sample=at,
                samples=samples,
                source_sample=round(source * SAMPLE_RATE),
                tempo=Fraction(extra) if kind == "recording" else Fraction(1),
                line=int(extra) if kind == "narration" else None,
            )
        )
        at += samples
    frames = round(Fraction(at, SAMPLE_RATE) * RATE)
    shown = Segment(action="a", type="keep", first_frame=0, frames=frames, source_frame=0, speed=1)
    return Timeline(recording_sha256="a" * 64, rate=RATE, segments=(shown,), sounds=tuple(made))


def narration(*texts: str) -> Narration:
    lines = tuple(
        NarrationLine(actions=("a",), text=text, spoken=text, sound=Ref(sha256="0", size=1), samples=48_000)
        for text in texts
    )
    return Narration(provider="hibari", voice="heart", language="en", lines=lines)


def plan(language: str = "en") -> EditPlan:
    keep = EditAction(id="a", type="keep", start=0, end=600, reason="test")
    return EditPlan(
        recording_sha256="a" * 64, duration=600, language=language, director="person", actions=(keep,)
    )


def test_words_move_with_the_sound_they_are_in() -> None:
    heard = transcript(("one", 1, 1.4), ("two", 5, 5.5), ("three", 12, 13), ("four", 20, 20.5))
    edited = timeline(("recording", 2, 0, "1"), ("room", 1, 0, "1"), ("recording", 2, 11, "2"))
    words = spoken_words(edited, heard, None)
    assert words == [("one", 1, Fraction(14, 10)), ("three", Fraction(7, 2), 4)]


@pytest.mark.parametrize(("cut_at", "heard"), [(1.16, False), (1.24, True)])
def test_a_word_is_heard_where_half_of_it_is(cut_at: float, heard: bool) -> None:
    words = spoken_words(timeline(("recording", cut_at, 0, "1")), transcript(("word", 1, 1.4)), None)
    assert bool(words) == heard


def test_a_word_stretched_over_a_pause_is_heard_where_it_is_spoken() -> None:
    words = spoken_words(timeline(("recording", 2, 4.6, "1")), transcript(("Okay.", 1, 5)), None)
    assert [word.text for word in words] == ["Okay."]
    assert words[0].start == 0


def test_words_that_the_recogniser_gave_in_parts_are_whole_again() -> None:
    heard = transcript(
        ("nine", 0, 0.4), ("o", 0.4, 0.6), ("'clock", 0.6, 1), ("use", 1.5, 1.8), ("-v", 2.2, 2.5)
    )
    words = spoken_words(timeline(("recording", 4, 0, "1")), heard, None)
    assert [word.text for word in words] == ["nine", "o'clock", "use", "-v"]


def test_narration_is_spread_over_its_sound_and_in_its_place() -> None:
    edited = timeline(("recording", 1, 0, "1"), ("narration", 3, 0, "0"), ("recording", 1, 9, "1"))
    heard = transcript(("Hi.", 0.2, 0.6), ("old", 5, 5.5), ("Bye.", 9.2, 9.6))
    words = spoken_words(edited, heard, narration("Now open it, please."))
    assert [word.text for word in words] == ["Hi.", "Now", "open", "it,", "please.", "Bye."]
    assert words[1].start == 1
    assert words[4].end == 4
    assert all(before.end <= after.start for before, after in pairwise(words))
    assert [word.text for word in spoken_words(edited, heard, None)] == ["Hi.", "Bye."]


def test_captions_break_where_sentences_do() -> None:
    shown = captions(timeline(("recording", 30, 0, "1")), talk(TALK.split()), None, plan())
    assert " ".join(caption.text.replace("\n", " ") for caption in shown) == " ".join(TALK.split())
    ends = [caption.text[-1] for caption in shown]
    assert all(end in ".:;," for end in ends)
    assert shown[0].text.replace("\n", " ") == "Welcome to this tour of the editor."
    _check_practice(shown, Fraction(30))


def test_a_pause_ends_a_caption_and_leaves_the_screen_empty() -> None:
    heard = transcript(("Before", 1, 1.5), ("after.", 9, 9.5))
    shown = captions(timeline(("recording", 12, 0, "1")), heard, None, plan())
    assert [caption.text for caption in shown] == ["Before", "after."]
    assert shown[0].end == 2


def test_a_word_stretched_over_a_long_pause_does_not_stay_with_it() -> None:
    shown = captions(timeline(("recording", 20, 0, "1")), transcript(("Okay.", 1, 16)), None, plan())
    assert [caption.duration for caption in shown] == [LONGEST]


def test_a_short_gap_does_not_flicker() -> None:
    heard = transcript(
        ("The first of", 0, 1), ("these sentences.", 1, 2), ("The second one", 2.4, 3), ("follows.", 3, 4)
    )
    shown = captions(timeline(("recording", 6, 0, "1")), heard, None, plan())
    assert shown[1].start - shown[0].end == GAP


def test_words_longer_than_a_line_are_broken() -> None:
    heard = transcript(("https://example.com/" + "x" * 90, 0, 4))
    shown = captions(timeline(("recording", 6, 0, "1")), heard, None, plan())
    assert "".join(c.text.replace("\n", "").replace(" ", "") for c in shown).endswith("x" * 90)
    assert max(len(line) for c in shown for line in c.text.split("\n")) <= LINE


def test_languages_without_spaces_are_set_without_them() -> None:
    heard = transcript(
        *(
            (sign, i * 0.3, i * 0.3 + 0.29)
            for i, sign in enumerate("設定を開いてください。次に名前を入力します。")
        )
    )
    shown = captions(timeline(("recording", 10, 0, "1")), heard, None, plan("ja"))
    assert [caption.text for caption in shown] == ["設定を開いてください。", "次に名前を入力します。"]


def test_nothing_said_means_no_captions() -> None:
    edited = timeline(("room", 4, 0, "1"))
    assert captions(edited, transcript(), None, plan()) == ()
    assert to_srt(()) == ""
    assert to_vtt(()) == "WEBVTT\n"


def test_files_are_written_as_players_expect_them() -> None:
    shown = (
        Caption(start=0, end=1.5, text="a < b & c"),
        Caption(start=3661.042, end=3662, text="two\nlines"),
    )
    assert to_srt(shown) == (
        "1\n00:00:00,000 --> 00:00:01,500\na < b & c\n\n2\n01:01:01,042 --> 01:01:02,000\ntwo\nlines\n\n"
    )
    assert to_vtt(shown) == (
        "WEBVTT\n\n00:00:00.000 --> 00:00:01.500\na &lt; b &amp; c\n"
        "\n01:01:01.042 --> 01:01:02.000\ntwo\nlines\n"
    )


@pytest.mark.parametrize("seed", range(12))
def test_good_practice_holds_whatever_is_said(seed: int) -> None:
    dice = random.Random(seed)  # speech, not secrets
    words, at = [], 0.0
    for _ in range(200):
        length = dice.uniform(0.05, 0.6)
        text = "x" * dice.randint(1, 14) + dice.choice(["", "", "", "", ",", "."])
        words.append((text, round(at, 3), round(at + length, 3)))
        at += dice.choice([0, length, length, length, length + 0.2, length + 3])
    heard = transcript(*words)
    edited = timeline(("recording", 40, 0, "1"), ("narration", 5, 0, "0"), ("recording", 50, 45, "1.5"))
    said = narration("This is a line that is spoken anew, and it goes on for a while.")
    shown = captions(edited, heard, said, plan())
    expected = " ".join(word.text for word in spoken_words(edited, heard, said))
    assert " ".join(caption.text.replace("\n", " ") for caption in shown) == expected
    _check_practice(shown, edited.duration)


def _check_practice(shown: tuple[Caption, ...], duration: Fraction) -> None:
    for caption in shown:
        lines = caption.text.split("\n")
        assert len(lines) <= 2
        assert all(len(line) <= LINE and line == line.strip() for line in lines)
        assert caption.duration <= LONGEST + FLASH
        assert caption.end <= duration
        assert (caption.start * 1000).denominator == 1
    for before, after in pairwise(shown):
        gap = after.start - before.end
        assert gap > 0
        room = after.start - before.start >= SHORTEST + GAP
        assert not room or before.duration >= SHORTEST - Fraction(1, 1000)
        assert gap <= FLASH / 2 or gap >= FLASH - Fraction(1, 1000) or before.duration >= LONGEST - FLASH


def test_most_captions_can_be_read_in_time() -> None:
    shown = captions(timeline(("recording", 30, 0, "1")), talk(TALK.split()), None, plan())
    fast = [c for c in shown if len(re.sub(r"\n", " ", c.text)) / c.duration > 20]
    assert not fast
