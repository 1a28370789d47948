"""What goes on in each stretch, by speech and screen together, and what the plan makes of it."""

import itertools
import random

import pytest
from director_kit import Script, of_type

from cutdown.director.pacing import paces_beside_speech, paces_without_speech
from cutdown.director.reading import Reading
from cutdown.director.screen import Screen
from cutdown.director.talk import lay_out
from cutdown.plan import Activity, EditAction
from cutdown.signals import ChangeKind

FIRST = "Now we run the tests and wait."
SECOND = "All of them pass at last."


def between(script: Script) -> list[EditAction]:
    """What the plan does between the first sentence and the second."""
    plan = script.say(SECOND, 300).plan()
    return [action for action in plan.actions if not action.quote]


def pressed(script: Script, length: int, every: int) -> Script:
    """Keys that are heard over the next ``length`` ms."""
    script.clicks += range(script.at + 50, script.at + length, every)
    return script


@pytest.mark.parametrize(
    ("changed", "change", "activity", "kind"),
    [
        (0.001, "typing", "typing", "speedup"),
        (0.001, "progress", "waiting", "speedup"),
        (0.0, "spinner", "waiting", "speedup"),
        (0.002, "pointer", "demonstration", "speedup"),
        (0.3, "motion", "demonstration", "speedup"),
        (0.3, "page", "demonstration", "speedup"),
        (0.0, "blink", "dead", "cut"),
        (0.0, "none", "dead", "cut"),
    ],
)
def test_a_silence_is_what_the_screen_does_in_it(
    changed: float, change: ChangeKind, activity: Activity, kind: str
) -> None:
    found = between(Script().say(FIRST).pause(9000, changed, change))
    assert (found[0].type, found[0].activity) == (kind, activity)
    assert len(found[0].evidence) >= 2
    assert "silence" in {evidence.kind for evidence in found[0].evidence}


@pytest.mark.parametrize("missing", ["sound", "picture"])
def test_evidence_tells_of_nothing_that_the_recording_lacks(missing: str) -> None:
    signals = Script().pause(9000).signals(sound=missing != "sound", picture=missing != "picture")
    (scene,) = Reading(lay_out(Script().transcript(), signals), Screen(signals)).scenes
    assert f"the recording has no {missing}" in [evidence.note for evidence in scene.evidence]
    assert len({evidence.kind for evidence in scene.evidence}) == 2


def test_speech_is_speech_whatever_the_screen_does() -> None:
    script = Script().say(FIRST)
    script.active, script.kinds = [(0, script.at, 0.4)], ["motion"]
    (action,) = script.plan().actions
    assert (action.type, action.activity) == ("keep", "speech")
    assert action.evidence[0].note == "somebody speaks"


def test_keys_make_typing_of_small_changes_nobody_looked_at() -> None:
    heard = between(pressed(Script().say(FIRST), 6000, 150).pause(6000, 0.003, "unseen"))[0]
    assert heard.activity == "typing"
    assert "36 clicks" in next(e.note for e in heard.evidence if e.kind == "clicks")
    silent = between(Script().say(FIRST).pause(6000, 0.003, "unseen"))[0]
    assert silent.activity == "demonstration"


def test_keys_over_a_still_screen_are_dead_time() -> None:
    found = between(pressed(Script().say(FIRST), 6000, 150).pause(6000))
    assert (found[0].type, found[0].activity) == ("cut", "dead")


def test_a_bar_stays_a_bar_where_some_keys_are_heard() -> None:
    some = between(pressed(Script().say(FIRST), 6000, 400).pause(6000, 0.003, "progress"))[0]
    assert some.activity == "waiting"
    many = between(pressed(Script().say(FIRST), 6000, 120).pause(6000, 0.003, "progress"))[0]
    assert many.activity == "typing"


def test_stillness_after_a_key_that_ends_in_a_change_is_a_wait_and_its_answer_is_shown() -> None:
    script = Script().say(FIRST).pause(500)
    script.clicks.append(script.at + 100)
    began = script.at
    script.pause(6000).pause(200, 0.2, "page")
    answered = script.at
    found = between(script.pause(5000))
    wait, shown, rest = found
    assert (wait.type, wait.activity) == ("cut", "waiting")
    assert wait.start * 1000 <= began + 200
    assert wait.end * 1000 <= answered - 400, "the answer comes out of nowhere"
    assert shown.type == "keep"
    assert shown.end * 1000 >= answered + 500, "the answer cannot be read"
    assert (rest.type, rest.activity) == ("cut", "dead")


def test_a_pause_within_a_sentence_is_thinking_and_after_one_is_dead() -> None:
    plan = (
        Script().say("Here we can see the", 2500).say("settings of the page.", 2500).say(SECOND, 300).plan()
    )
    thinking, dead = of_type(plan, "cut")
    assert (thinking.activity, dead.activity) == ("thinking", "dead")
    assert thinking.reason != dead.reason


def test_a_hesitation_is_thinking() -> None:
    plan = Script().say("You can change", 120).say("um,", 120).say("the colour.", 300).plan()
    assert [cut.activity for cut in of_type(plan, "cut")] == ["thinking"]


def test_typing_is_hurried_less_than_a_bar_and_both_within_their_bounds() -> None:
    typing = between(Script().say(FIRST).pause(90_000, 0.001, "typing"))[0].factor
    waiting = between(Script().say(FIRST).pause(90_000, 0.001, "progress"))[0].factor
    assert typing is not None
    assert waiting is not None
    assert (
        2
        <= typing
        <= paces_beside_speech()["typing"].fastest
        < waiting
        <= paces_beside_speech()["waiting"].fastest
    )


def test_a_state_that_another_one_follows_is_not_hidden_by_a_cut() -> None:
    script = Script().say(FIRST).pause(3000).pause(200, 0.2, "page")
    second = script.at
    plan = script.pause(4000).pause(200, 0.2, "page").pause(3000).say(SECOND, 300).plan()
    shown = [(a.start * 1000, a.end * 1000) for a in plan.actions if a.type == "keep"]
    assert any(start <= second and end >= second + 400 for start, end in shown)


def test_every_activity_has_its_pace() -> None:
    activities = set(Activity.__args__) - {"speech"}  # type: ignore[attr-defined]
    assert set(paces_beside_speech()) == set(paces_without_speech()) == activities


KINDS: tuple[ChangeKind, ...] = ("typing", "progress", "pointer", "page", "motion", "unseen")


@pytest.mark.parametrize("seed", range(20))
def test_whatever_happens_all_time_is_told_and_what_moves_is_never_cut(seed: int) -> None:
    chance = random.Random(seed)
    script = Script()
    for _ in range(chance.randint(1, 20)):
        if chance.random() < 0.4:
            script.say(chance.choice([FIRST, SECOND, "And then", "um,"]), chance.choice([0, 100, 300, 900]))
        elif chance.random() < 0.5:
            script.pause(chance.choice([200, 900, 7000]), 0.01, chance.choice(KINDS))
        else:
            script.pause(chance.choice([300, 2500, 8000]), 0.0, chance.choice(["none", "blink", "spinner"]))
    if not script.at:
        script.pause(500)
    signals = script.signals()
    scenes = Reading(lay_out(script.transcript(), signals), Screen(signals)).scenes
    assert scenes[0].start == 0
    assert scenes[-1].end == script.at
    assert all(one.end == other.start for one, other in itertools.pairwise(scenes))
    plan = script.plan()
    assert all(action.activity and action.evidence for action in plan.actions)
    moving = [(a, b) for a, b, _ in script.active if b - a > 450]
    for cut in of_type(plan, "cut"):
        if not cut.quote and {e.kind for e in cut.evidence} <= {
            "silence",
            "still",
            "activity",
            "clicks",
            "words",
        }:
            hidden = [min(cut.end * 1000, b) - max(cut.start * 1000, a) for a, b in moving]
            assert max(hidden, default=0) <= 300, "movement is cut"
