"""Spoken length told from text, against what the voice really takes."""

from __future__ import annotations

import statistics

import pytest

from cutdown.errors import ProviderError
from cutdown.voice.forecast import spoken_seconds, syllables
from cutdown.voice.hibari import HibariVoice
from cutdown.voice.polish import polished
from cutdown.voice.service import PACE
from cutdown.voice.shorten import shortened
from cutdown.voice.speak import _check_length

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
        ("10²", 3),
        ("①", 2),
        ("设置页面", 4),
        ("エディター", 5),
        ("설정을", 3),
        ("настройки", 3),
        ("ρυθμίσεων", 4),
        ("المحرر", 3),
        ("iPhoneを使う", 5),
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


@pytest.mark.parametrize(
    ("line", "taken"),
    [  # seconds at usual rates: 5 syllables a second in Chinese, 7.5 morae in Japanese, 5 to 6 elsewhere
        ("请打开设置页面，然后选择编辑器的颜色。", 3.6),
        ("設定ページを開いて、エディターの色を選びます。", 4.0),
        ("설정 페이지를 열고 편집기의 색상을 선택하세요.", 4.0),
        ("Откройте страницу настроек и выберите цвет редактора.", 4.0),
        ("افتح صفحة الإعدادات واختر لون المحرر.", 3.5),
    ],
)
@pytest.mark.parametrize("speed", [0.8, 1.25])
def test_a_line_in_any_script_that_is_spoken_whole_is_believed(line: str, taken: float, speed: float) -> None:
    for times in (1, 4):
        text = " ".join([line] * times)
        _check_length(times * taken * speed, spoken_seconds(text, PACE))
        with pytest.raises(ProviderError, match="words are missing or repeated"):
            _check_length(times * taken * 6, spoken_seconds(text, PACE))


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
