"""Words inside a sentence that nobody meant to say, and those that only look like it."""

import pytest
from director_kit import Script, of_type, stays

from cutdown.director.phrasebook import phrasebook
from cutdown.director.tidying import untidy
from cutdown.signals import Signals
from cutdown.timebase import Span
from cutdown.transcript import Transcript, Word


def tidied(sentence: str, language: str = "en") -> str:
    """The sentence without what is untidy in it."""
    texts = sentence.split()
    words = [Word.model_validate({"start": at, "end": at + 1, "text": text}) for at, text in enumerate(texts)]
    gone = untidy(words, phrasebook(language))
    return " ".join(text for index, text in enumerate(texts) if index not in gone)


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("You can um change the uh colour.", "You can change the colour."),
        ("It is, you know, very fast.", "It is, very fast."),
        ("This one is, like, the default.", "This one is, the default."),
        ("The page, I mean, opens by itself.", "The page, opens by itself."),
        ("Open the the page.", "Open the page."),
        ("Open the um the page.", "Open the page."),
        ("You can you can change it.", "you can change it."),
        ("You can, you can change it.", "you can change it."),
        ("If you want if you want to keep it, save it.", "if you want to keep it, save it."),
        ("It goes in the in the folder.", "It goes in the folder."),
        ("Open the, the page.", "Open the page."),
        ("Open it. You can, you can change it.", "Open it. you can change it."),
        ("We set the col- the colour here.", "We set the colour here."),
        ("If you go to— if you open the menu, it is there.", "if you open the menu, it is there."),
        ("Here is the set- settings page.", "Here is the settings page."),
    ],
)
def test_what_was_not_meant_goes(said: str, meant: str) -> None:
    assert tidied(said) == meant


@pytest.mark.parametrize(
    "sentence",
    [
        "I like this editor, and you will like it too.",
        "It looks like a list, like the one before.",
        "As you know, this editor has windows.",
        "You know this page, I mean the first one.",
        "It is very very fast.",
        "Try it again and again and again.",
        "Step by step by step it grows.",
        "That that is so is known.",
        "He had had enough.",
        "Press one two one two.",
        "Is it on? It is on.",
        "Save it. It is saved.",
        "We open the page, the page of settings.",
        "I like it, it is fast.",
        "If it is, it is fast.",
        "As you can, you can see it.",
        "Log in, in the next step.",
        "Turn it on, on the other side.",
        "A read-only file is not written.",
        "The first run - the slow one - takes a minute.",
    ],
)
def test_what_was_meant_stays(sentence: str) -> None:
    assert tidied(sentence) == sentence


def test_a_doubtful_hesitation_stays() -> None:
    words = [
        Word.model_validate({"start": at, "end": at + 1, "text": text, "probability": sure})
        for at, (text, sure) in enumerate([("take", 0.9), ("er", 0.1), ("home", 0.9)])
    ]
    assert not untidy(words, phrasebook("en"))


@pytest.mark.parametrize(
    ("sentence", "language"),
    [
        ("Das ist, like, er sagt um acht.", "de"),
        ("Menschen, die die Software nutzen, sehen das das erste Mal.", "de"),
        ("你 看 看 这 个 。", "zh"),
    ],
)
def test_another_language_keeps_its_words(sentence: str, language: str) -> None:
    assert tidied(sentence, language) == sentence


def test_a_sentence_with_a_phrase_said_twice_is_spoken_anew() -> None:
    plan = Script().say("You can you can change it here.", 300).plan(narration="clean")
    (anew,) = of_type(plan, "rewrite")
    assert anew.narration == "You can change it here."


def hummed(text: str, probability: float, length: int = 300, silence: int = 90) -> tuple[Transcript, Signals]:
    """A talk in which one sound in mid-sentence holds a vowel; what the recogniser wrote for it, and how sure."""
    script = Script().say("You can change", silence)
    start = script.at
    if text:
        script.words.append((start, start + length, text))
    script.hum(length, silence).say("the colour of it.", 300)
    transcript = script.transcript()
    words = tuple(
        word.model_copy(update={"probability": probability}) if word.text == text else word
        for word in transcript.words
    )
    hum = Span.model_validate({"start": start / 1000, "end": (start + length) / 1000})
    signals = script.signals().model_copy(update={"hums": (hum,)})
    return transcript.model_copy(update={"words": words}), signals


@pytest.mark.parametrize(
    ("text", "probability", "silence", "goes"),
    [
        ("", 1.0, 90, True),
        ("and", 0.4, 90, True),
        ("our", 0.35, 90, True),
        ("and", 0.95, 90, False),
        ("page", 0.4, 90, False),
        ("and", 0.4, 700, False),
    ],
)
def test_a_held_vowel_is_a_hesitation_where_no_sure_word_was_heard(
    text: str, probability: float, silence: int, *, goes: bool
) -> None:
    from cutdown.director.hesitations import find_hesitations
    from cutdown.director.talk import lay_out

    transcript, signals = hummed(text, probability, silence=silence)
    noisy = signals.model_copy(update={"speech_level_db": -45.0})  # so that no other rule speaks up
    found = find_hesitations(lay_out(transcript, noisy), noisy, phrasebook("en"), frozenset())
    assert bool(found) == goes


def test_what_is_cut_of_a_held_vowel_leaves_its_neighbours() -> None:
    script = Script().say("You can change", 90)
    start = script.at
    plan = script.hum(300, 90).say("the colour of it.", 300).plan()
    (cut,) = of_type(plan, "cut")
    assert cut.start * 1000 <= start
    assert cut.end * 1000 >= start + 300
    assert stays(plan) == "You can change the colour of it."
