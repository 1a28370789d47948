"""Plans become timelines: exact, gapless, with narration that fits or says that it does not."""

from __future__ import annotations

import random
from fractions import Fraction
from itertools import pairwise

import pytest
from fitting_kit import RATE, levers, narration, plan, recording, signals

from cutdown.errors import PlanError
from cutdown.fitting import build_timeline
from cutdown.fitting.limits import FASTEST_VOICE, HOLD_LIMIT, LAST_RESORT, LEAD, SLOWEST, TAIL
from cutdown.narration import Narration
from cutdown.plan import EditPlan
from cutdown.recording import Recording
from cutdown.signals import Signals
from cutdown.timebase import SAMPLE_RATE, sample_of_frame
from cutdown.timeline import Timeline
from cutdown.transcript import Transcript, Word


def test_kept_neighbours_are_seamless_in_picture_and_sound() -> None:
    edits = plan(("keep", 1.234), ("keep", 2.345), ("cut", 1.111), ("keep", 2.02))
    rate = Fraction(30000, 1001)
    timeline = build_timeline(edits, None, recording(6.71), signals(6.71), rate=rate)
    first, second, third = timeline.segments
    assert first.source_frame + first.frames == second.source_frame
    assert [s.speed for s in timeline.segments] == [1, 1, 1]
    assert [s.kind for s in timeline.sounds] == ["recording", "recording"]  # one run a side of the cut
    assert timeline.sounds[1].source_sample == sample_of_frame(third.source_frame, rate)
    assert timeline.sounds[1].first_sample == sample_of_frame(third.first_frame, rate)


def test_speedup_covers_its_source_exactly() -> None:
    timeline = build_timeline(
        plan(("speedup", 10, 3), ("keep", 1)), None, recording(11), signals(11), rate=RATE
    )
    wait = timeline.segments[0]
    assert wait.frames == 100
    assert wait.frames * wait.speed == 300
    assert timeline.segments[1].source_frame == 300


@pytest.mark.parametrize(
    ("factor", "speech", "kind"),
    [("3", [(0, 10)], "room"), ("1.5", [], "room"), ("1.5", [(2, 6)], "recording")],
)
def test_sped_up_speech_is_heard_only_while_it_can_be_followed(factor, speech, kind) -> None:
    edits = plan(("speedup", 10, factor))
    timeline = build_timeline(edits, None, recording(10), signals(10, speech=speech), rate=RATE)
    (sound,) = timeline.sounds
    assert sound.kind == kind
    assert sound.tempo == (timeline.segments[0].speed if kind == "recording" else 1)


def test_sound_is_absent_only_where_there_is_neither_sound_nor_narration() -> None:
    silent = recording(4, sound=False)
    edits = plan(("keep", 2), ("rewrite", 2))
    assert build_timeline(edits, None, silent, signals(4), rate=RATE).sounds == ()
    spoken = build_timeline(edits, narration(edits, (("a1",), 1.0)), silent, signals(4), rate=RATE)
    assert [s.kind for s in spoken.sounds] == ["room", "narration", "room"]


def test_a_last_action_that_ends_inside_a_frame_does_not_reach_past_the_source() -> None:
    timeline = build_timeline(plan(("keep", 1.05)), None, recording(1.05), signals(1.05), rate=RATE)
    assert timeline.frames == 31
    exact = build_timeline(plan(("keep", "1.333333")), None, recording(1.333333), signals(2), rate=RATE)
    assert exact.frames == 40


def test_actions_shorter_than_half_a_frame_vanish_unless_spoken() -> None:
    edits = plan(("keep", 1), ("rewrite", 0.004), ("keep", 0.004), ("keep", 0.992))
    timeline = build_timeline(edits, narration(edits, (("a1",), 0.5)), recording(2), signals(2), rate=RATE)
    assert [s.action for s in timeline.segments] == ["a0", "a1", "a3"]
    assert "flag" in levers(timeline)


def test_a_plan_that_shows_nothing_is_refused() -> None:
    with pytest.raises(PlanError, match="keep at least one action"):
        build_timeline(plan(("cut", 3)), None, recording(3), signals(3), rate=RATE)


def test_narration_of_a_cut_action_is_refused() -> None:
    made = plan(("rewrite", 2), ("keep", 1))
    changed = plan(("cut", 2), ("keep", 1))
    with pytest.raises(PlanError, match="action 'a0'"):
        build_timeline(changed, narration(made, (("a0",), 1)), recording(3), signals(3), rate=RATE)


def test_a_line_across_a_kept_action_is_refused() -> None:
    edits = plan(("rewrite", 1), ("keep", 1), ("rewrite", 1))
    with pytest.raises(PlanError, match="not neighbours"):
        build_timeline(edits, narration(edits, (("a0", "a2"), 1)), recording(3), signals(3), rate=RATE)


def test_a_line_for_several_actions_runs_over_their_joined_picture() -> None:
    edits = plan(("rewrite", 2), ("cut", 0.3), ("rewrite", 2), ("keep", 1))
    timeline = build_timeline(
        edits, narration(edits, (("a0", "a2"), 3.6)), recording(5.3), signals(5.3), rate=RATE
    )
    (line,) = [s for s in timeline.sounds if s.kind == "narration"]
    assert timeline.fits == ()
    assert line.samples == round(3.6 * SAMPLE_RATE)
    assert line.end_sample <= sample_of_frame(timeline.segments[2].first_frame, RATE)


def test_dead_time_that_was_cut_comes_back_before_anything_else_is_done() -> None:
    edits = plan(("rewrite", 3), ("cut", 5), ("keep", 2))
    world = signals(10, silences=[(3, 8)], still=[(2.9, 8)])
    timeline = build_timeline(edits, narration(edits, (("a0",), 4)), recording(10), world, rate=RATE)
    assert levers(timeline) == ["slack"]
    assert timeline.segments[0].frames == timeline.segments[1].first_frame == 128  # ceil(4.25 s * 30)
    assert timeline.segments[0].speed == 1


def test_kept_silence_lends_its_time_but_not_its_words() -> None:
    edits = plan(("rewrite", 3), ("keep", 5))
    world = signals(8, silences=[(3, 3.6)])
    timeline = build_timeline(edits, narration(edits, (("a0",), 3.15)), recording(8), world, rate=RATE)
    assert levers(timeline) == ["slack"]
    assert timeline.segments[1].source_frame == 102  # 0.4 s later than planned
    assert timeline.frames == 240  # and the output is no longer than before


def test_a_still_screen_is_held_but_a_moving_one_is_slowed() -> None:
    edits = plan(("rewrite", 3), ("keep", 2))
    said = narration(edits, (("a0",), 3.75))
    held = build_timeline(edits, said, recording(5), signals(5, still=[(2.5, 5)]), rate=RATE)
    assert levers(held) == ["hold"]
    assert held.segments[0].hold == 30
    slowed = build_timeline(edits, said, recording(5), signals(5), rate=RATE)
    assert levers(slowed) == ["slow"]
    assert slowed.segments[0].hold == 0
    assert slowed.segments[0].speed == Fraction(90, 120)


def test_a_wait_is_sped_up_less_when_a_line_runs_over_it() -> None:
    edits = plan(("speedup", 12, 6, "We wait."), ("keep", 2))
    timeline = build_timeline(edits, narration(edits, (("a0",), 3.75)), recording(14), signals(14), rate=RATE)
    assert levers(timeline) == ["slow"]
    assert timeline.segments[0].speed == 3


def test_the_voice_hurries_by_a_tenth_at_the_most_and_the_rest_is_flagged() -> None:
    edits = plan(("rewrite", 3), ("keep", 2))
    hurried = build_timeline(edits, narration(edits, (("a0",), 4.5)), recording(5), signals(5), rate=RATE)
    assert levers(hurried) == ["slow", "voice"]
    flagged = build_timeline(edits, narration(edits, (("a0",), 8)), recording(5), signals(5), rate=RATE)
    assert levers(flagged) == ["slow", "voice", "flag"]
    line = next(s for s in flagged.sounds if s.kind == "narration")
    assert line.tempo == FASTEST_VOICE
    assert line.samples == round(8 * SAMPLE_RATE / FASTEST_VOICE)
    assert line.end_sample <= sample_of_frame(flagged.segments[0].end_frame, RATE)


def test_a_short_line_sheds_still_picture_and_nothing_that_moves() -> None:
    edits = plan(("keep", 1), ("rewrite", 10), ("keep", 1))
    world = signals(12, still=[(4, 8)])
    timeline = build_timeline(edits, narration(edits, (("a1",), 5.75)), recording(12), world, rate=RATE)
    assert levers(timeline) == ["trim"]
    before, after = [s for s in timeline.segments if s.action == "a1"]
    assert before.source_frame == 30
    assert after.source_frame == 240  # what moves from 8 s on is whole
    assert before.source_frame + before.frames >= 120 + 9  # and so is what moves until 4 s
    moving = build_timeline(edits, narration(edits, (("a1",), 5.75)), recording(12), signals(12), rate=RATE)
    assert moving.fits == ()
    assert moving.segments[1].frames == 300


def test_text_shortened_before_speaking_is_on_the_record() -> None:
    edits = plan(("rewrite", 3, "Well, basically, open the file."), ("keep", 1))
    said = narration(edits, (("a0",), 2))
    line = said.lines[0].model_copy(update={"text": "Open the file."})
    said = said.model_copy(update={"lines": (line,)})
    timeline = build_timeline(edits, said, recording(4), signals(4), rate=RATE)
    assert timeline.fits[0].lever == "text"
    assert timeline.fits[0].seconds > 1


def _random_case(seed: int) -> tuple[EditPlan, Narration, Recording, Signals, Fraction]:
    dice = random.Random(seed)  # plans, not secrets
    actions: list[tuple] = []
    for _ in range(dice.randint(1, 25)):
        kind = dice.choice(["keep", "cut", "speedup", "rewrite"])
        length = Fraction(round(dice.choice([0.01, 0.2, 1, 4, 15]) * dice.uniform(0.5, 1.5) * 1e6), 10**6)
        if kind == "speedup":
            actions.append(
                (kind, length, dice.choice(["1.25", "2", "4", "33", "64"]), dice.choice([None, "A bridge."]))
            )
        else:
            actions.append((kind, length))
    actions.append(("keep", Fraction(2)))
    edits = plan(*actions)
    lines: list[tuple[tuple[str, ...], float]] = []
    open_ids: list[str] = []
    for action in edits.actions:
        joins = action.type == "rewrite" and dice.random() < 0.5
        if open_ids and not (joins or action.type == "cut"):
            lines.append((tuple(open_ids), dice.uniform(0.05, 12)))
            open_ids = []
        if action.narration:
            open_ids.append(action.id)
    if open_ids:
        lines.append((tuple(open_ids), dice.uniform(0.05, 12)))
    duration = float(edits.duration)
    world = signals(
        duration,
        silences=_random_spans(dice, duration),
        still=_random_spans(dice, duration),
        speech=_random_spans(dice, duration),
    )
    source = recording(duration, sound=dice.random() < 0.8, picture=dice.random() < 0.9)
    rate = Fraction(dice.choice(["30", "30000/1001", "25", "24000/1001", "60", "12"]))
    return edits, narration(edits, *lines), source, world, rate


def _random_spans(dice: random.Random, duration: float) -> list[tuple[float, float]]:
    marks = sorted({round(dice.uniform(0, duration), 3) for _ in range(2 * dice.randint(0, 12))})
    return list(zip(marks[::2], marks[1::2], strict=False))


def _words_near_changes(seed: int, world: Signals) -> Transcript | None:
    """A word of the made narration at every other change of the screen, so that lines are tied to it."""
    if seed % 2:
        return None
    ends = [span.start for span in world.screen[1::2]]
    words = tuple(Word(text="words", start=at, end=at + Fraction(1, 5)) for at in sorted(ends))
    return Transcript(language="en", model="made", duration=world.duration, words=words, segments=())


@pytest.mark.parametrize("block", range(10))
def test_whatever_the_plan_the_timeline_keeps_its_promises(block: int) -> None:
    for seed in range(block * 40, block * 40 + 40):
        edits, said, source, world, rate = _random_case(seed)
        words = _words_near_changes(seed, world)
        timeline = build_timeline(edits, said, source, world, rate=rate, transcript=words)
        again = Timeline.model_validate_json(
            timeline.model_dump_json()
        )  # gapless, and its written form is exact
        assert again == timeline
        _check_picture(edits, said, timeline)
        _check_sound(said, source, timeline)
        _check_holds(said, source, world, timeline)


def _check_picture(edits: EditPlan, said: Narration, timeline: Timeline) -> None:
    flagged = {fit.action for fit in timeline.fits if fit.lever == "flag"}
    strained = {name for line in said.lines if line.actions[0] in flagged for name in line.actions}
    actions = {action.id: action for action in edits.actions}
    ticks = edits.duration * timeline.rate
    for segment in timeline.segments:
        action = actions[segment.action]
        shown = segment.frames - segment.hold
        assert action.type == segment.type != "cut"
        assert (segment.speed * shown).denominator == 1  # it covers whole ticks
        assert segment.source_frame + segment.speed * shown <= ticks + Fraction(1, 10)
        assert segment.speed >= (LAST_RESORT if segment.action in strained else SLOWEST)
        if action.type == "keep":
            assert segment.speed == 1
            assert segment.hold == 0
            assert abs(segment.source_frame - action.start * timeline.rate) <= timeline.rate + 1
    for before, after in pairwise(timeline.segments):
        if actions[before.action].narration is None or before.action != after.action:
            overlap = before.source_frame + before.speed * (before.frames - before.hold) - after.source_frame
            assert overlap <= 1  # a line over less than a frame may show its neighbour's frame once more


def _check_sound(said: Narration, source: Recording, timeline: Timeline) -> None:
    if not timeline.sounds:
        assert not source.audio
        assert not said.lines
        return
    assert (
        timeline.sounds[-1].end_sample == timeline.samples == sample_of_frame(timeline.frames, timeline.rate)
    )
    spoken = [sound for sound in timeline.sounds if sound.kind == "narration"]
    assert [sound.line for sound in spoken] == list(range(len(said.lines)))
    for sound in spoken:
        line = said.lines[sound.line]
        assert 1 <= sound.tempo <= FASTEST_VOICE
        assert sound.samples == max(1, round(line.samples / sound.tempo))  # no word is cut off
        own = [segment for segment in timeline.segments if segment.action in line.actions]
        first = sample_of_frame(own[0].first_frame, timeline.rate)
        last = sample_of_frame(own[-1].end_frame, timeline.rate)
        assert sound.first_sample >= first + LEAD * SAMPLE_RATE
        assert sound.end_sample <= last - TAIL * SAMPLE_RATE + 1  # it never runs into the next action
        assert {
            segment.action
            for segment in timeline.segments
            if own[0].first_frame <= segment.first_frame < own[-1].end_frame
        } == set(line.actions)
    if not source.audio:
        assert all(sound.kind != "recording" for sound in timeline.sounds)


def _check_holds(said: Narration, source: Recording, world: Signals, timeline: Timeline) -> None:
    flagged = {fit.action for fit in timeline.fits if fit.lever == "flag"}
    leader = {name: line.actions[0] for line in said.lines for name in line.actions}
    for segment in timeline.segments:
        if segment.hold == 0 or leader[segment.action] in flagged:
            continue
        last = (segment.source_frame + segment.speed * (segment.frames - segment.hold) - 1) / timeline.rate
        assert segment.hold <= HOLD_LIMIT * timeline.rate
        assert source.picture is None or any(s.still and s.start <= last < s.end for s in world.screen)
