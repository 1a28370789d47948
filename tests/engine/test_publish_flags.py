"""What a person is told to look at."""

from __future__ import annotations

from director_kit import Script

from cutdown.publish import _too_long


def a_silent_recording() -> Script:
    script = Script()
    for _ in range(20):
        script.pause(4000, changed=0.3).pause(8000)
    return script


def test_a_silent_recording_that_cannot_be_as_short_as_asked_for_says_so() -> None:
    script = a_silent_recording()
    (told,) = _too_long(script.plan(sound=False, target_seconds=2))
    assert "the plan lasts 6.9 s where 2 s were asked for" in told
    assert not _too_long(script.plan(sound=False, target_seconds=20))
    assert not _too_long(script.plan(sound=False))


def test_a_talk_is_as_long_as_its_sentences_let_it_be() -> None:
    plan = Script().say("This is the one sentence that is said here.", 500).plan(target_seconds=1)
    assert plan.planned_duration > 2
    assert not _too_long(plan)
