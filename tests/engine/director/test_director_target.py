import random
from itertools import pairwise

import pytest
from director_kit import Script, of_type, stays

from cutdown.approval import ActionChange, changed
from cutdown.director.dependencies import clause_openers
from cutdown.director.sentences import find_sentences, in_breaths
from cutdown.director.talk import lay_out
from cutdown.director.traits import Spoken
from cutdown.director.worth import worths

NOUNS = [
    "editor",
    "window",
    "colour",
    "server",
    "notebook",
    "table",
    "chart",
    "kernel",
    "package",
    "cell",
    "value",
    "folder",
]


def a_lecture(sentences: int, seed: int = 3) -> Script:
    chance = random.Random(seed)
    script = Script().pause(300)
    for number in range(sentences):
        words = [f"Part{number}", *chance.choices(NOUNS, k=chance.randint(4, 14))]
        script.say(" ".join(words) + ".", chance.choice([300, 450, 500, 2500]))
    return script


def test_two_hours_of_talk_meet_their_length_too_and_the_gap_is_stated() -> None:
    script = a_lecture(1800)
    assert script.at > 2 * 3600 * 1000
    plan = script.plan(target_seconds=600)
    assert float(plan.planned_duration) == pytest.approx(600, rel=0.02)
    assert plan.selection is not None
    assert 0 <= plan.selection.gap < 0.1


@pytest.mark.parametrize("ratio", [0.1, 0.2, 0.3, 0.5, 0.8])
@pytest.mark.parametrize("seed", range(4))
def test_a_length_is_met_within_two_percent_or_one_sentence(ratio: float, seed: int) -> None:
    script = a_lecture(40, seed)
    plan = script.plan(target_ratio=ratio)
    wanted = script.at / 1000 * ratio
    longest = 15 * 0.32 + 0.6
    clean = float(script.plan().planned_duration)
    if clean <= wanted:
        assert float(plan.planned_duration) == pytest.approx(clean)
    else:
        assert (
            wanted - max(0.02 * wanted, longest)
            <= plan.planned_duration
            <= wanted + max(0.02 * wanted, longest)
        )


def test_nothing_more_goes_where_the_clean_length_is_short_enough() -> None:
    script = a_lecture(12)
    assert script.plan(target_ratio=0.99).actions == script.plan().actions


def test_sentences_stay_whole() -> None:
    plan = a_lecture(30).plan(target_ratio=0.3)
    sentences = [s.strip() for s in stays(plan).split(".") if s.strip()]
    assert all(sentence.startswith("Part") for sentence in sentences)


def test_the_opening_and_the_close_are_preferred() -> None:
    kept = stays(a_lecture(30).plan(target_ratio=0.4))
    assert "Part0 " in kept
    assert "Part29 " in kept


def test_waits_are_shown_faster_before_sentences_go() -> None:
    script = Script().say("Part0 opens the editor window.").pause(60_000, changed=0.004)
    script.say("Part1 closes the editor window.", 300)
    plain = script.plan()
    plan = script.plan(target_seconds=float(plain.planned_duration) - 1.5)
    assert stays(plan) == stays(plain)
    before, after = of_type(plain, "speedup")[0].factor, of_type(plan, "speedup")[0].factor
    assert before is not None
    assert after is not None
    assert after > before


def test_an_opening_and_an_ending_stay_even_in_a_very_short_version() -> None:
    script = a_lecture(60)
    plan = script.plan(target_seconds=12)
    kept = [word for word in stays(plan).split() if word.startswith("Part")]
    numbers = [int(word.removeprefix("Part")) for word in kept]
    assert min(numbers) < 10
    assert max(numbers) >= 50


def test_the_waits_on_both_sides_of_what_is_left_out_count_too() -> None:
    script = Script()
    for number in range(30):
        script.say(f"Part{number} opens the {NOUNS[number % 12]} with a {NOUNS[number * 5 % 12]}.", 500)
        script.pause(9_000, changed=0.004)  # something runs between any two sentences
    plan = script.plan(target_seconds=40)
    assert float(plan.planned_duration) == pytest.approx(40, abs=5)


def test_what_is_left_out_is_listed_with_its_time_its_words_and_its_worth() -> None:
    script = a_lecture(30)
    plan = script.plan(target_ratio=0.3)
    told = plan.selection
    assert told is not None
    assert 0.3 < told.coverage < 1
    listed = {
        word
        for start, end, word in script.words
        for passage in told.left_out
        if word.startswith("Part") and passage.start * 1000 <= start and end <= passage.end * 1000
    }
    assert listed == {f"Part{number}" for number in range(30) if f"Part{number} " not in stays(plan)}
    assert all(passage.quote.startswith("Part") for passage in told.left_out)
    assert all(before.end <= after.start for before, after in pairwise(told.left_out))
    assert 0 < sum(passage.worth for passage in told.left_out) < 1
    cuts = [action for action in plan.actions if action.type == "cut"]
    for passage in told.left_out:
        assert any(cut.start <= passage.start and passage.end <= cut.end for cut in cuts)
    assert plan.left_out == told.left_out


def test_a_passage_that_a_person_brings_back_is_no_longer_listed() -> None:
    plan = a_lecture(30).plan(target_ratio=0.3)
    first = plan.left_out[0]
    back = next(a for a in plan.actions if a.type == "cut" and a.start <= first.start < a.end)
    again = changed(plan, [ActionChange(id=back.id, type="keep")])
    assert plan.left_out[1:] == again.left_out


def test_no_selection_where_no_length_is_asked_for() -> None:
    plan = a_lecture(5).plan()
    assert plan.selection is None
    assert "selection" not in plan.to_json()
    easy = a_lecture(5).plan(target_ratio=1.0)
    assert easy.selection is not None
    assert (easy.selection.coverage, easy.selection.left_out) == (1.0, ())


def test_the_target_is_written_into_the_plan() -> None:
    plan = a_lecture(20).plan(target_seconds=20)
    assert plan.target_seconds == 20
    assert any(e.kind == "selection" for a in plan.actions for e in a.evidence)


def sentences_of(script: Script) -> list[str]:
    talk = lay_out(script.transcript(), script.signals())
    return [one.text for one in in_breaths(talk, find_sentences(talk, ()))]


def test_a_long_passage_without_full_stops_is_parted_where_it_pauses_most() -> None:
    script = Script()
    for number in range(5):
        script.say(f"and then part{number} comes after it", 320 if number == 1 else 220)
    first, second = sentences_of(script)
    assert first.endswith("part1 comes after it")
    assert second.startswith("and then part2")


def test_of_equal_pauses_the_one_nearest_the_middle_parts_a_passage() -> None:
    script = Script()
    for number in range(4):
        script.say(f"and then part{number} comes after it", 220)
    assert [text.count("part") for text in sentences_of(script)] == [2, 2]


def test_a_sentence_with_its_full_stop_is_parted_later_than_a_passage_without_one() -> None:
    script = Script()
    for number in range(4):
        script.say(f"the part{number} of it all{'.' if number == 3 else ''}", 300)
    script.say("of the first part the second part of it")
    assert [text.count("part") for text in sentences_of(script)] == [4, 2]


def test_a_long_sentence_is_parted_where_a_clause_begins_after_a_breath() -> None:
    script = Script()
    script.say("the kernel restarts the notebook after every crash", 140)
    script.say("of any of its cells", 400)
    script.say("but the variables of the session stay the same.", 140)
    talk = lay_out(script.transcript(), script.signals())
    parted = in_breaths(talk, find_sentences(talk, ()), clause_openers("en"))
    assert [one.text.split()[0] for one in parted] == ["the", "but"]
    assert len(in_breaths(talk, find_sentences(talk, ()))) == 1


def test_a_short_passage_and_one_without_a_pause_stay_whole() -> None:
    short = Script()
    for _ in range(3):
        short.say("and then it comes again", 220)
    assert len(sentences_of(short)) == 1
    breathless = Script()
    for _ in range(12):
        breathless.say("and then it comes after that", 80)
    assert len(sentences_of(breathless)) == 1


def said(*texts: str) -> list[Spoken]:
    """Sentences of three seconds, one after the other."""
    return [Spoken(text, 4000 * index, 4000 * index + 3000) for index, text in enumerate(texts)]


def test_a_rare_word_is_worth_more_than_a_common_one() -> None:
    values = worths(
        said("start here", "common words again", "common words there", "platypus words again", "end it")
    )
    assert values[3] > values[1]


def test_what_is_said_twice_is_worth_less_the_first_time() -> None:
    values = worths(
        said("start", "x", "the kernel restarts itself", "y", "the kernel restarts itself", "z", "end")
    )
    assert values[2] < values[4]
