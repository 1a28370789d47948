"""Spoken length told from text, against what the voice really takes."""

from __future__ import annotations

import statistics

import pytest

from cutdown.voice.forecast import spoken_seconds, syllables
from cutdown.voice.hibari import HibariVoice
from cutdown.voice.polish import polished
from cutdown.voice.shorten import shortened

LINES = (
    "Open the terminal and go to the folder of your project.",
    "The first test fails, because the server was never started.",
    "Here you can see every request, with its time and its sender.",
    "Save the file. The page reloads by itself, and the new title appears.",
    "In 2024 we had 350 customers; now there are more than 12,000.",
    "This setting is optional.",
    "If nothing happens, look at the log, which lies beside the program.",
    "A second window opens on the right and shows the documentation of the function.",
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("cat", 1),
        ("table", 2),
        ("settings", 2),
        ("make", 1),
        ("started", 2),
        ("saved", 1),
        ("function", 2),
        ("optional", 3),
        ("API", 3),
        ("AWS", 5),
        ("7", 2),
        ("17", 3),
        ("70", 3),
        ("42", 3),
        ("350", 5),
        ("12,000", 3),
        ("3.5", 3),
        ("", 0),
    ],
)
def test_syllables_are_counted_by_rule(text: str, expected: int) -> None:
    assert syllables(text) == expected


def test_the_forecast_is_near_what_the_voice_takes() -> None:
    voice = HibariVoice()
    errors = []
    for line in LINES:
        taken = polished(voice.say(line)).size / 48_000
        errors.append(spoken_seconds(line, voice.pace) / taken - 1)
    assert statistics.median(abs(error) for error in errors) < 0.08
    assert max(abs(error) for error in errors) < 0.25
    assert abs(statistics.mean(errors)) < 0.06


def test_shortening_stops_as_soon_as_the_line_fits() -> None:
    pace = HibariVoice().pace
    text = "So, we open the file (the first one in the list) and we just read it."
    without_aside = "So, we open the file and we just read it."
    assert shortened(text, 100, pace) == text
    assert shortened(text, spoken_seconds(without_aside, pace) / 1.2, pace) == without_aside
    assert shortened(text, 0.5, pace) == "We open the file and we read it."


def test_shortening_never_takes_more_than_half_of_the_words() -> None:
    pace = HibariVoice().pace
    text = "Save it (this is the part that everybody forgets about)."
    assert shortened(text, 0.1, pace) == text
