"""What a sentence is worth: the traits, the trees, the judge that comes with the program."""

from __future__ import annotations

import json
from importlib.resources import files

import numpy as np
import pytest

from cutdown.director.traits import Spoken, traits
from cutdown.director.trees import Tree, Trees
from cutdown.director.worth import Judge, learnt, worths

TALK = (
    "Okay.",
    "So today we decided that the remote control needs a speech button for everybody.",
    "Yeah.",
    "Um.",
    "The battery lasts twenty hours because the speech button sleeps most of the time.",
    "Right.",
    "I think we should ask the marketing people what a customer would pay for the battery.",
    "Okay.",
)


def said(*texts: str, word: int = 300, pause: int = 500) -> list[Spoken]:
    found, at = [], 0
    for text in texts:
        end = at + word * len(text.split())
        found.append(Spoken(text, at, end))
        at = end + pause
    return found


def test_traits_are_what_they_are_named() -> None:
    known = traits(said(*TALK))
    assert all(len(values) == len(TALK) and np.isfinite(values).all() for values in known.values())
    assert known["words"].tolist()[:3] == [1, 14, 1]
    assert known["seconds"][1] == pytest.approx(14 * 0.3)
    assert known["words a second"][1] == pytest.approx(1 / 0.3)
    assert known["'we'"].tolist() == [0, 1, 0, 0, 0, 0, 1, 0]
    assert known["'because'"].sum() == 1
    assert known["'number'"][4] == 1
    assert known["'hesitation'"].tolist() == [0, 0, 0, 1, 0, 0, 0, 0]
    assert known["gap before"].tolist() == [0] + [0.5] * 7
    # "battery" and "speech" are new in the sentences that say them first, and come again.
    assert known["new and recurring"][1] > known["new and recurring"][6]
    assert known["for the last time"][6] > 0
    assert known["most like one before"][4] > 0 == known["most like one before"][1]


def test_windows_are_in_seconds_so_that_parting_matters_little() -> None:
    whole = traits([Spoken("one two three four", 0, 4000), Spoken("five six", 4000, 6000)])
    parted = traits(
        [Spoken("one two", 0, 2000), Spoken("three four", 2000, 4000), Spoken("five six", 4000, 6000)]
    )
    assert whole["seconds within 15 s"][0] == pytest.approx(3)
    assert parted["seconds within 15 s"][0] == pytest.approx(2)
    assert parted["seconds within 5 s"].tolist() == [2, 2, 2]


@pytest.mark.parametrize("texts", [("",), ("word",), ("", "", ""), ("a", "a"), ("¿qué?", "12", "…")])
def test_odd_talks_have_traits_and_worths_too(texts: tuple[str, ...]) -> None:
    spoken = [Spoken(text, 0, 0) for text in texts]
    assert all(np.isfinite(values).all() for values in traits(spoken).values())
    assert len(worths(spoken)) == len(texts)
    assert min(worths(spoken)) > 0


def test_trees_go_left_up_to_and_with_the_threshold() -> None:
    tree = Tree(trait=(0, 1), most=(1.0, 5.0), left=(-1, -2), right=(1, -3), leaf=(10.0, 20.0, 30.0))
    stump = Tree(trait=(), most=(), left=(), right=(), leaf=(0.5,))
    known = {
        "b": np.array([9.0, 5.0, 5.1, 0.0]),
        "a": np.array([1.0, 1.1, 2.0, -7.0]),
        "unasked": np.zeros(4),
    }
    assert Trees(traits=("a", "b"), trees=(tree, stump)).sums(known).tolist() == [10.5, 20.5, 30.5, 10.5]


def test_the_judge_adds_the_seconds_people_choose_and_the_links_they_make() -> None:
    def always(value: float) -> Trees:
        return Trees(traits=("seconds",), trees=(Tree(trait=(), most=(), left=(), right=(), leaf=(value,)),))

    judge = Judge(chosen=always(0.0), links=always(np.log(3)), seconds_a_link=2)
    assert judge.values({"seconds": np.array([4.0, 10.0])}) == pytest.approx(
        [0.5 * 4 + 2 * 3, 0.5 * 10 + 2 * 3]
    )


def test_the_learnt_judge_asks_for_traits_that_there_are_and_is_small() -> None:
    known = traits(said(*TALK))
    judge = learnt()
    assert set(judge.chosen.traits) | set(judge.links.traits) <= set(known)
    held = (files("cutdown.director") / "worth.json").read_bytes()
    assert len(held) < 300_000
    assert json.loads(held)["schema_version"] == 1


def test_matter_is_worth_more_than_a_reply_or_a_hesitation() -> None:
    spoken = said(*TALK)
    values = worths(spoken)
    matter = [index for index, one in enumerate(spoken) if len(one.text.split()) > 5]
    # The first and the last sentence have a bonus of their own, so they are not compared.
    replies = [index for index in range(1, len(spoken) - 1) if index not in matter]
    assert min(values[index] for index in matter) > max(values[index] for index in replies)


def test_only_a_sentence_that_is_said_again_whole_is_worth_less() -> None:
    again = said("Well.", "The kernel restarts itself after every crash.", "So.", "kernel", "And.", "End.")
    whole = [
        *again[:3],
        Spoken("the kernel restarts itself after every crash", again[3].start, again[3].end),
        *again[4:],
    ]
    assert worths(whole)[1] < worths(again)[1] / 2


def test_worths_are_the_same_at_each_call() -> None:
    spoken = said(*TALK * 20)
    assert worths(spoken) == worths(list(spoken))
