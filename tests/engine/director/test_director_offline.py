import itertools
import json
import random
from pathlib import Path

import pytest
from director_kit import Script, goes, of_type, stays
from service_kit import an_account

from cutdown.director import director_names, open_director
from cutdown.errors import UsageError
from cutdown.plan import EditPlan
from cutdown.services.choices import Choice

FIRST = "Today we look at the settings page of the editor."
SECOND = "Here you can change the colour of every window."


def test_an_unknown_director_is_told_with_those_there_are(tmp_path: Path) -> None:
    assert "offline" in director_names()
    with pytest.raises(
        UsageError, match="no director named 'hal'; choose from anthropic, compatible, offline, openai"
    ):
        open_director(Choice(provider="hal"), an_account(tmp_path))


def test_a_recording_without_waste_is_kept_whole() -> None:
    plan = Script().pause(200).say(FIRST, 400).say(SECOND, 300).plan()
    assert [action.type for action in plan.actions] == ["keep"]
    assert stays(plan) == f"{FIRST} {SECOND}"


def test_dead_time_is_cut_to_a_breath() -> None:
    script = Script().say(FIRST)
    speech_ends = script.at
    plan = script.pause(5000).say(SECOND, 300).plan()
    (cut,) = of_type(plan, "cut")
    assert 250 <= cut.start * 1000 - speech_ends <= 450
    assert 50 <= speech_ends + 5000 - cut.end * 1000 <= 200
    assert {evidence.kind for evidence in cut.evidence} == {"silence", "still"}
    assert stays(plan) == f"{FIRST} {SECOND}"


def test_silence_with_activity_is_sped_up_and_never_cut() -> None:
    plan = Script().say(FIRST).pause(12_000, changed=0.004).say(SECOND).plan()
    assert not of_type(plan, "cut")
    (faster,) = of_type(plan, "speedup")
    assert faster.factor is not None
    assert 2 <= faster.factor <= 16
    assert faster.duration > 11


def test_a_large_change_is_not_shown_as_a_flicker() -> None:
    small = Script().say(FIRST).pause(60_000, changed=0.004).say(SECOND).plan()
    large = Script().say(FIRST).pause(60_000, changed=0.4).say(SECOND).plan()
    fast, slow = of_type(small, "speedup")[0].factor, of_type(large, "speedup")[0].factor
    assert fast is not None
    assert slow is not None
    assert slow <= 6 < fast


def test_what_a_wait_leads_to_is_shown_as_recorded_from_a_beat_before_it() -> None:
    script = Script().say(FIRST).pause(5000, changed=0.01)
    done = script.at
    plan = script.pause(5000).say(SECOND).plan()
    assert [action.type for action in plan.actions] == ["keep", "speedup", "keep", "cut", "keep"]
    shown = plan.actions[2]
    assert 200 <= done - shown.start * 1000 <= 500
    assert 500 <= shown.end * 1000 - done <= 1000


def test_sound_without_picture_counts_as_still() -> None:
    plan = Script().say(FIRST).pause(5000).say(SECOND).plan(picture=False)
    assert len(of_type(plan, "cut")) == 1


def test_a_hesitation_between_silences_is_cut_and_its_neighbours_stay() -> None:
    plan = Script().say("You can change", 120).say("um,", 120).say("the colour of every window.", 300).plan()
    (cut,) = of_type(plan, "cut")
    assert cut.quote == "um,"
    assert stays(plan) == "You can change the colour of every window."
    assert "filler" in {evidence.kind for evidence in cut.evidence}


def test_a_voice_without_a_word_in_mid_sentence_is_a_hesitation() -> None:
    script = Script().say("You can change", 120).hum(300, 120).say("the colour of every window.", 300)
    (cut,) = of_type(script.plan(), "cut")
    assert cut.quote == ""


def test_you_know_is_kept_where_it_carries_meaning() -> None:
    plan = Script().say("As you know this editor has windows.", 300).plan()
    assert [action.type for action in plan.actions] == ["keep"]


def test_a_hesitation_without_silence_around_it_makes_a_rewrite() -> None:
    script = Script().say(FIRST, 500).say("You can um change the colour of every window.", 300)
    plan = script.plan(narration="clean")
    (anew,) = of_type(plan, "rewrite")
    assert anew.narration == "You can change the colour of every window."
    assert stays(plan) == FIRST
    assert not of_type(script.plan(narration="none"), "rewrite")


def test_full_narration_speaks_every_kept_sentence_anew() -> None:
    script = (
        Script()
        .say("when you open the page it is", 600)
        .say("scratch that.", 600)
        .say("when you open the page it is empty.", 500)
        .say("You can", 120)
        .say("um,", 120)
        .say("change it.", 300)
    )
    anew = of_type(script.plan(narration="full"), "rewrite")
    assert [action.narration for action in anew] == [
        "When you open the page it is empty.",
        "You can change it.",
    ]


def test_a_long_wait_gets_a_bridge_only_where_it_was_asked_for() -> None:
    script = Script().say(FIRST).pause(30_000, changed=0.004).say(SECOND)
    (bridged,) = of_type(script.plan(narration="bridges"), "speedup")
    assert bridged.narration
    assert len(bridged.narration.split()) * 0.4 < bridged.planned_duration
    (plain,) = of_type(script.plan(narration="clean"), "speedup")
    assert plain.narration is None


def test_another_language_gets_only_the_rules_that_need_no_language() -> None:
    script = (
        Script()
        .say("Heute sehen wir uns die", 700)
        .say("Heute sehen wir uns die Einstellungen an.", 4000)
        .say("so", 120)
        .say("um", 120)
        .say("geht es weiter.", 300)
    )
    plan = script.plan("de")
    assert goes(plan).split() == ["Heute", "sehen", "wir", "uns", "die"]
    assert "um" in stays(plan)


def test_silent_recording_keeps_every_state_of_the_screen_visible() -> None:
    script = Script()
    for _ in range(3):
        script.pause(2000, changed=0.3).pause(8000)
    plan = script.plan(sound=False)
    cuts = of_type(plan, "cut")
    assert len(cuts) == 3
    for cut, (_, active_end, _) in zip(cuts, script.active, strict=True):
        assert cut.start * 1000 - active_end >= 1000
    moving = [(a, b) for a, b, _ in script.active]
    assert not any(cut.start * 1000 < b and cut.end * 1000 > a for cut in cuts for a, b in moving)


def test_silent_recording_meets_a_length_by_speed_alone() -> None:
    script = Script().pause(20_000, changed=0.3).pause(1000).pause(20_000, changed=0.3)
    plan = script.plan(sound=False, target_ratio=0.25)
    assert float(plan.planned_duration) == pytest.approx(script.at / 4000, rel=0.02)
    assert not of_type(plan, "cut")


def test_steady_sound_without_speech_is_content() -> None:
    script = Script()
    script.active, script.at = [], 20_000
    plan = script.plan()
    assert [action.type for action in plan.actions] == ["keep"]


def test_the_same_input_gives_the_same_bytes() -> None:
    script = a_talk(7)
    assert script.plan(target_ratio=0.5).to_json() == script.plan(target_ratio=0.5).to_json()


WORDS = [
    "open",
    "the",
    "page",
    "then",
    "set",
    "colour",
    "of",
    "every",
    "window",
    "um",
    "save",
    "it",
    "and",
    "look",
    "at",
    "what",
    "changes",
]


def a_talk(seed: int) -> Script:
    """A talk of any shape: phrases, hesitations, takes, silences, waits."""
    chance = random.Random(seed)
    script = Script().pause(chance.choice([0, 100, 3000]))
    for _ in range(chance.randint(1, 25)):
        text = " ".join(chance.choices(WORDS, k=chance.randint(1, 9))) + chance.choice([".", ",", ""])
        pause = chance.choice([0, 60, 90, 130, 300, 500, 900, 4000])
        kind = chance.random()
        if kind < 0.6:
            script.say(text, pause)
        elif kind < 0.7:
            script.say(text, 500).say("scratch that.", 500).say(text + " again.", pause)
        elif kind < 0.8:
            script.hum(chance.randint(60, 900), pause)
        else:
            script.pause(chance.choice([200, 1000, 9000]), chance.choice([0.0, 0.003, 0.2]))
    if not script.at:
        script.say("end.")
    return script


@pytest.mark.parametrize("seed", range(25))
@pytest.mark.parametrize(
    "options", [{}, {"target_ratio": 0.4}, {"narration": "full"}, {"narration": "bridges"}]
)
def test_whatever_is_said_the_plan_keeps_its_contract(seed: int, options: dict[str, object]) -> None:
    script = a_talk(seed)
    plan = script.plan(**options)
    assert EditPlan.from_json(plan.to_json()).to_json() == plan.to_json()
    assert [a.id for a in plan.actions] == [f"a{n:03d}" for n in range(1, len(plan.actions) + 1)]
    assert json.loads(plan.to_json())["director"] == "offline/2"
    edges = {round(action.start * 1000) for action in plan.actions[1:]}
    for start, end, _ in script.words:
        assert not any(start < edge < end for edge in edges), "a cut inside a word"
    for before, after in itertools.pairwise(plan.actions):
        assert (before.type, before.reason) != (after.type, after.reason) or before.type != "cut"
    for cut in of_type(plan, "cut"):
        reasons = {evidence.kind for evidence in cut.evidence}
        if reasons <= {"silence", "still"}:
            assert not cut.quote, "dead time in which somebody speaks"
