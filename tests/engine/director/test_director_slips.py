import pytest
from director_kit import Script, goes, of_type, stays

from cutdown.director.offline import OfflineDirector
from cutdown.director.phrasebook import phrasebook, spellings
from cutdown.director.wording import contrasts
from cutdown.plan import EditPlan
from cutdown.settings import DirectorOptions
from cutdown.transcript import Word

SENTENCE = "By default the thumbnails are made without running the notebook."


def plan_with_doubt(script: Script, doubted: set[str], probability: float) -> EditPlan:
    """The plan where some words were heard with a probability."""
    heard = script.transcript()
    words = tuple(
        word.model_copy(update={"probability": probability}) if word.text in doubted else word
        for word in heard.words
    )
    return OfflineDirector().plan(
        script.recording(),
        heard.model_copy(update={"words": words}),
        script.signals(),
        DirectorOptions(narration="none"),
    )


@pytest.mark.parametrize(
    "mark",
    [
        "scratch that.",
        "Scratch hat,",
        "scratch net",
        "no wait.",
        "No way.",
        "let me start over.",
        "sorry, let me say that again.",
        "hang on, let me redo that.",
    ],
)
def test_a_mark_takes_back_what_was_begun(mark: str) -> None:
    plan = (
        Script()
        .say("We look at previews.", 500)
        .say("By default the thumbnails are made", 900)
        .say(mark, 500)
        .say(SENTENCE, 400)
        .plan()
    )
    assert stays(plan) == f"We look at previews. {SENTENCE}"


def test_a_word_that_was_broken_off_is_no_other_word() -> None:
    script = Script().say("Do you want me to d", 500).say("Do you want me to do my design last?", 400)
    assert stays(script.plan()) == "Do you want me to do my design last?"


def test_a_mark_that_corrects_takes_back_what_was_another_thing() -> None:
    script = (
        Script().say("We open the first page.", 500).say("Sorry.", 500).say("We open the second page.", 400)
    )
    assert stays(script.plan()) == "We open the second page."


def test_several_takes_leave_the_last() -> None:
    plan = (
        Script()
        .say("By default the thumbnails are made without", 900)
        .say("no wait.", 600)
        .say("By default the thumbnails", 900)
        .say("let me start over.", 500)
        .say(SENTENCE, 400)
        .plan()
    )
    assert stays(plan) == SENTENCE


def test_a_sentence_begun_again_needs_no_mark() -> None:
    plan = Script().say("By default the thumbnails are made.", 700).say(SENTENCE, 400).plan()
    assert stays(plan) == SENTENCE
    (cut,) = of_type(plan, "cut")
    assert cut.evidence[0].kind == "retake"


def test_a_take_heard_a_little_differently_is_still_the_same() -> None:
    plan = (
        Script().say("My default some nails are made with", 800).say("no way.", 500).say(SENTENCE, 400).plan()
    )
    assert stays(plan) == SENTENCE


def test_a_mark_alone_takes_back_the_sentence_before() -> None:
    plan = (
        Script()
        .say("We look at previews.", 500)
        .say("The red button deletes it.", 800)
        .say("scratch that.", 600)
        .say("Nothing is ever deleted here.", 400)
        .plan()
    )
    assert stays(plan) == "We look at previews. Nothing is ever deleted here."


@pytest.mark.parametrize(
    "sentences",
    [
        ("You can scratch that file from the list.", "Then the list is shorter."),
        ("There is no way around it.", "So we wait for the result."),
        ("First open the file menu.", "First of all this saves time."),
        ("Click on save.", "Click on save as to choose a name."),
        ("The blue one is fast.", "The red one is slow."),
        ("Let me close this window.", "Let me show you the settings."),
    ],
)
def test_what_only_looks_like_a_slip_stays(sentences: tuple[str, str]) -> None:
    plan = Script().say(sentences[0], 380).say(sentences[1], 380).plan()
    assert [action.type for action in plan.actions] == ["keep"]


@pytest.mark.parametrize(
    "step",
    [
        "Let's try again.",
        "Delete that.",
        "One more time.",
        "Let me go back.",
        "That's wrong.",
        "Let's start over.",
    ],
)
def test_a_step_that_sounds_like_a_mark_takes_nothing_back_by_itself(step: str) -> None:
    said = ("We run the command.", "It fails.", step, "Now everything is green.")
    script = Script()
    for sentence in said:
        script.say(sentence, 600)
    assert stays(script.plan()) == " ".join(said)


@pytest.mark.parametrize("mark", ["Let's try that again.", "One more time.", "Let's start over."])
def test_it_does_where_the_same_beginning_follows(mark: str) -> None:
    script = Script().say("By default the thumbnails are made", 900).say(mark, 500).say(SENTENCE, 400)
    assert stays(script.plan()) == SENTENCE


@pytest.mark.parametrize(("probability", "stays_in"), [(0.97, True), (0.4, False), (1.0, False)])
def test_a_short_word_between_two_silences_stays_where_it_was_surely_heard(
    probability: float, stays_in: bool
) -> None:
    """A probability of 1 is what a transcript says that has none."""
    script = Script().say("You can choose red", 150).say("or", 150).say("the blue one.", 400)
    script.words = [(a, b - 60 if text == "or" else b, text) for a, b, text in script.words]
    plan = plan_with_doubt(script, {"or"}, probability)
    assert ("or" in stays(plan).split()) == stays_in


@pytest.mark.parametrize(
    "aside",
    [
        "Hold on, my phone is ringing.",
        "so long, my phone is ringing.",
        "Let me just clone this chat window.",
        "Is this thing still recording? I think so.",
        "Can you see my screen?",
        "Sorry, someone is at the door.",
    ],
)
def test_an_aside_goes(aside: str) -> None:
    plan = Script().say("We look at previews.", 500).say(aside, 700).say(SENTENCE, 400).plan()
    assert stays(plan) == f"We look at previews. {SENTENCE}"
    assert goes(plan) == aside


def test_a_stammered_word_goes_and_an_emphatic_one_stays() -> None:
    plan = Script().say("Open", 90).say("the", 130).say("the page.", 400).plan()
    assert stays(plan) == "Open the page."
    plan = Script().say("It is", 90).say("very", 130).say("very fast.", 400).plan()
    assert stays(plan) == "It is very very fast."


def test_silent_activity_between_takes_is_shown() -> None:
    plan = (
        Script()
        .say("By default the thumbnails are made", 500)
        .say("scratch that.")
        .pause(3500, changed=0.01)
        .say(SENTENCE, 400)
        .plan()
    )
    assert len(of_type(plan, "speedup")) == 1
    assert stays(plan) == SENTENCE


def test_choices_in_a_phrase_are_spelt_out() -> None:
    assert set(spellings("(oh|) no (way|wait)")) == {"oh no way", "oh no wait", "no way", "no wait"}


def test_a_language_without_a_phrasebook_has_empty_lists() -> None:
    assert phrasebook("fi").likeness_to_aside("my phone is ringing") == 0
    assert not phrasebook("fi").hesitations


@pytest.mark.parametrize(
    ("take", "again"),
    [
        ("So we write the name of the file here.", "We write the name of the new file here."),
        ("We open the settings page and then the list of windows.", "Next we open the settings page and then the list of windows."),
        ("You can always have the print plate here.", "You can always have the print plate here."),
    ],
)  # fmt: skip
def test_a_whole_sentence_said_again_leaves_the_last_take(take: str, again: str) -> None:
    plan = Script().say("Look at this.", 500).say(take, 700).say(again, 400).plan()
    assert stays(plan) == f"Look at this. {again}"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("In the first case the value is printed to the screen.", "In the second case the value is printed to the screen."),
        ("Press the left button to open the list of files.", "Press the right button to open the list of files."),
        ("If you press on the top of it the page opens.", "If you press on the bottom of it the page closes."),
        ("The input of this cell is shown in the list below.", "The output of this cell is shown in the list below."),
        ("It can be done with the mouse.", "It can't be done with the mouse."),
        ("Now this is what we want to see.", "Now this is not what we want to see."),
        ("Turn the light on in the room.", "Turn the light off in the room."),
        ("Option A is the one that we use here.", "Option B is the one that we use here."),
    ],
)  # fmt: skip
def test_sentences_that_are_parallel_but_about_two_things_both_stay(one: str, other: str) -> None:
    plan = Script().say(one, 700).say(other, 400).plan()
    assert stays(plan) == f"{one} {other}"


@pytest.mark.parametrize(
    "said",
    [
        ("We shall fight on the beaches,", "we shall fight on the landing grounds,", "we shall fight in the fields."),
        ("Some people like the red one", "some people like the blue one."),
        ("We add one to the sum,", "we add two to the sum,", "we add three to the sum."),
        ("If you click on the left", "you see the list of names.", "If you click on the right", "you see the list of files."),
        ("We add one to the sum.", "Okay.", "We add two to the sum."),
        ("Is the first one open?", "No.", "Is the second one open?", "No."),
    ],
)  # fmt: skip
def test_clauses_that_begin_alike_and_go_on_about_other_things_all_stay(said: tuple[str, ...]) -> None:
    script = Script()
    for clause in said:
        script.say(clause, 500)
    assert stays(script.plan()) == " ".join(said)


@pytest.mark.parametrize(("probability", "is_a_take"), [(0.7, True), (0.95, False)])
def test_what_was_broken_off_counts_as_another_thing_only_where_it_was_surely_heard(
    probability: float, is_a_take: bool
) -> None:
    first, again = "We open the list of all the pages", "We open the menu of all the pages by hand."
    script = Script().say(first, 700).say(again, 400)
    plan = plan_with_doubt(script, {"list", "menu"}, probability)
    assert stays(plan) == (again if is_a_take else f"{first} {again}")


def test_a_negation_that_was_perhaps_heard_twice_parts_nothing() -> None:
    def heard(probability: float) -> list[Word]:
        return [
            Word(start=at, end=at + 1, text=text, probability=probability if text == "don't" else 1)
            for at, text in enumerate(["We", "don't", "split", "it"])
        ]

    weights = phrasebook("en").weights
    assert not contrasts(heard(0.95), heard(0.4), weights)
    assert contrasts(heard(0.95), [word for word in heard(1) if word.text != "don't"], weights)
    assert not contrasts(heard(0.4), [word for word in heard(1) if word.text != "don't"], weights)


def test_a_word_that_was_misheard_once_is_no_other_word() -> None:
    script = Script().say("In the first case the thumbnails are printed to it.", 700)
    script.say("In the first case the thumb nails are printed to it.", 400)
    assert stays(script.plan()) == "In the first case the thumb nails are printed to it."
