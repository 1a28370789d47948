"""A plan's narration becomes sounds in the store: once, trimmed, level, and checked."""

from __future__ import annotations

import wave
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from service_kit import an_account

import cutdown.voice.hibari as hibari_voice
from cutdown.errors import ProviderError, UsageError
from cutdown.narration import Narration
from cutdown.plan import EditAction, EditPlan
from cutdown.services.choices import parse_choices
from cutdown.settings import VoiceOptions
from cutdown.store import Store
from cutdown.voice import Speech, voice_names
from cutdown.voice import speak as speaking
from cutdown.voice.polish import LEVEL_DB, PEAK_DB, polished

OPTIONS = VoiceOptions()


def speak(edits: EditPlan, options: VoiceOptions, store: Store, **more: Any) -> Narration:
    """Speak with the voice that the options name."""
    choices = parse_choices(options.voice, "voice", voice_names())
    with an_account(store.root.parent, store=store) as account:
        return speaking.speak(edits, options, store, choices=choices, account=account, **more)


def plan(*actions: tuple, language: str = "en") -> EditPlan:
    """Actions as (type, seconds, narration)."""
    made, at = [], Fraction(0)
    for index, (kind, seconds, *text) in enumerate(actions):
        end = at + Fraction(str(seconds))
        made.append(
            EditAction(
                id=f"a{index}",
                type=kind,
                start=at,
                end=end,
                factor=4 if kind == "speedup" else None,
                narration=text[0] if text else None,
                reason="test",
            )
        )
        at = end
    return EditPlan(
        recording_sha256="a" * 64, duration=at, language=language, director="person", actions=tuple(made)
    )


def samples_of(store: Store, narration: Narration, line: int) -> np.ndarray:
    with wave.open(str(store.path(narration.lines[line].sound)), "rb") as file:
        assert (file.getnchannels(), file.getsampwidth(), file.getframerate()) == (1, 2, 48_000)
        return np.frombuffer(file.readframes(file.getnframes()), "<i2").astype(np.float64) / 32768


def test_a_line_is_trimmed_level_and_as_long_as_it_says(tmp_path: Path) -> None:
    store = Store(tmp_path)
    edits = plan(("rewrite", 4, "First we open the settings of the editor."), ("keep", 2))
    narration = speak(edits, OPTIONS, store)
    (line,) = narration.lines
    sound = samples_of(store, narration, 0)
    assert sound.size == line.samples
    assert (narration.provider, narration.voice, narration.language) == ("hibari", "heart", "en")
    windows = sound[: sound.size // 480 * 480].reshape(-1, 480)
    level = 10 * np.log10(np.mean(windows**2, axis=1) + 1e-12)
    assert level[:6].max() > level.max() - 45  # what is left at the ends is speech or close to it
    assert level[-8:].max() > level.max() - 45
    active = level[level > level.max() - 30]
    assert 10 * np.log10(np.mean(10 ** (active / 10))) == pytest.approx(LEVEL_DB, abs=1)
    assert np.abs(sound).max() <= 10 ** (PEAK_DB / 20) + 1e-4
    assert sound[0] == 0
    assert abs(sound[-1]) < 0.001


def test_the_same_phrase_is_synthesised_once_ever(tmp_path: Path, monkeypatch) -> None:
    store = Store(tmp_path)
    edits = plan(
        ("rewrite", 3, "Run the tests again."),
        ("keep", 2),
        ("rewrite", 3, "Run the tests again."),
        ("keep", 1),
    )
    first = speak(edits, OPTIONS, store)
    assert first.calls == 1
    assert first.characters == len("Run the tests again.")
    assert first.lines[0].sound == first.lines[1].sound

    def never() -> None:
        raise AssertionError("the model was loaded for a phrase that is known")

    monkeypatch.setattr(hibari_voice, "_load", never)
    second = speak(edits, OPTIONS, store)
    assert second.calls == second.characters == 0
    assert second.lines == first.lines


def test_a_lost_sound_is_made_again(tmp_path: Path) -> None:
    store = Store(tmp_path)
    edits = plan(("rewrite", 3, "Run the tests again."), ("keep", 2))
    first = speak(edits, OPTIONS, store)
    store.path(first.lines[0].sound).unlink()
    second = speak(edits, OPTIONS, store)
    assert second.calls == 1
    assert second.lines == first.lines


def test_short_neighbours_are_spoken_as_one_line(tmp_path: Path) -> None:
    edits = plan(
        ("rewrite", 2, "Open the file."),
        ("cut", 0.4),
        ("rewrite", 2, "Save it."),
        ("cut", 0.6),
        ("rewrite", 2, "Close it."),
        ("keep", 1),
        ("rewrite", 2, "Done."),
    )
    narration = speak(edits, OPTIONS, Store(tmp_path))
    assert [line.actions for line in narration.lines] == [("a0", "a2"), ("a4",), ("a6",)]
    assert narration.lines[0].text == "Open the file. Save it."


def test_a_bridge_over_a_wait_is_a_line_of_its_own(tmp_path: Path) -> None:
    edits = plan(("rewrite", 2, "Start the build."), ("speedup", 20, "It takes a while."), ("keep", 1))
    narration = speak(edits, OPTIONS, Store(tmp_path))
    assert [line.actions for line in narration.lines] == [("a0",), ("a1",)]


def test_the_dictionary_changes_the_voice_never_the_captions(tmp_path: Path) -> None:
    own = tmp_path / "mein wörterbuch.json"
    own.write_text('{"Xyzzy": "ex why zee"}', encoding="utf-8")
    edits = plan(("rewrite", 6, "Use kubectl with Xyzzy."), ("keep", 1))
    narration = speak(edits, VoiceOptions(pronunciation=own), Store(tmp_path / "store"))
    assert narration.lines[0].text == "Use kubectl with Xyzzy."
    assert narration.lines[0].spoken == "Use cube control with ex why zee."
    assert narration.pronunciation_fixes == 2


def test_nothing_to_say_loads_nothing(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(hibari_voice, "_load", lambda: pytest.fail("loaded"))
    narration = speak(plan(("keep", 3), language="de"), OPTIONS, Store(tmp_path))
    assert narration.lines == ()
    assert narration.calls == 0


def test_a_language_that_the_voice_does_not_have_is_refused_before_any_work(
    tmp_path: Path, monkeypatch
) -> None:
    monkeypatch.setattr(hibari_voice, "_load", lambda: pytest.fail("loaded"))
    with pytest.raises(
        ProviderError, match=r"'hibari' speaks en only, but the plan is in 'de'.*--narration none"
    ):
        speak(plan(("rewrite", 3, "Guten Tag."), language="de"), OPTIONS, Store(tmp_path))
    with pytest.raises(UsageError, match="choose from"):
        speak(plan(("keep", 3)), VoiceOptions(voice="hal"), Store(tmp_path))


def test_english_of_any_region_is_english(tmp_path: Path) -> None:
    narration = speak(plan(("rewrite", 3, "Good day."), language="en-GB"), OPTIONS, Store(tmp_path))
    assert narration.calls == 1


def test_a_line_without_anything_to_speak_names_its_action(tmp_path: Path) -> None:
    with pytest.raises(ProviderError, match="action 'a1': voice 'hibari' found nothing to speak"):
        speak(plan(("keep", 1), ("rewrite", 3, "你好")), OPTIONS, Store(tmp_path))


@pytest.mark.parametrize(
    ("sound", "message"),
    [
        (np.zeros(0, np.float32), "no usable sound"),
        (np.full(24_000, np.nan, np.float32), "no usable sound"),
        (np.zeros(24_000, np.float32), "only silence"),
        (np.sin(np.arange(24_000 * 60) / 20).astype(np.float32), "words are missing or repeated"),
        (np.sin(np.arange(2_000) / 20).astype(np.float32), "words are missing or repeated"),
    ],
)
def test_sound_that_cannot_be_the_line_is_refused_and_not_remembered(
    tmp_path, monkeypatch, sound, message
) -> None:
    monkeypatch.setattr(hibari_voice.HibariVoice, "say", lambda _self, _line: Speech(sound, 24_000))
    store = Store(tmp_path)
    edits = plan(("rewrite", 9, "This is a whole sentence with quite a number of words in it, is it not?"))
    with pytest.raises(ProviderError, match=message):
        speak(edits, OPTIONS, store)
    assert not list(tmp_path.rglob("*.wav"))


def test_a_line_far_too_long_for_its_picture_loses_what_is_missed_least(tmp_path: Path) -> None:
    text = "So, basically, you just open the menu (the one on the left) and then you really click on save."
    narration = speak(plan(("rewrite", 2, text), ("keep", 1)), OPTIONS, Store(tmp_path))
    assert narration.lines[0].text == "You open the menu and then you click on save."
    untouched = speak(plan(("rewrite", 9, text), ("keep", 1)), OPTIONS, Store(tmp_path))
    assert untouched.lines[0].text == text


def test_progress_runs_to_the_end_and_never_back(tmp_path: Path) -> None:
    shares: list[float] = []
    edits = plan(("rewrite", 3, "One line."), ("keep", 1), ("rewrite", 3, "And another line."), ("keep", 1))
    speak(edits, OPTIONS, Store(tmp_path), progress=shares.append)
    assert shares == sorted(shares)
    assert shares[-1] == 1


def test_loud_peaks_are_rounded_off_not_clipped() -> None:
    time = np.arange(24_000) / 24_000
    tone = 0.02 * np.sin(2 * np.pi * 220 * time)
    tone[::2400] = 0.9  # clicks far above the speech
    sound = polished(Speech(tone.astype(np.float32), 24_000))
    assert np.abs(sound.astype(float)).max() / 32768 <= 10 ** (PEAK_DB / 20)
