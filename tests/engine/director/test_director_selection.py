"""The choice of sentences: exact where it can be, bounded where not, nothing without what it needs."""

from __future__ import annotations

import itertools
import random
from collections.abc import Collection, Sequence

import pytest

from cutdown.director.dependencies import cues_of, find_dependencies
from cutdown.director.problem import Problem
from cutdown.director.programme import choose, greedy
from cutdown.director.search import CLOSE
from cutdown.director.selection import coverage, opening_and_ending, problem_of
from cutdown.director.traits import Spoken


def a_problem(count: int, seed: int) -> Problem:
    """Sentences with everything: joints of both signs, needs, shared terms."""
    dice = random.Random(seed)
    return Problem(
        worths=[dice.uniform(0.1, 9) for _ in range(count)],
        lengths=[dice.randint(800, 9000) for _ in range(count)],
        joints=[dice.choice([-400, -150, 0, 300]) for _ in range(count - 1)],
        needs=sorted({(one, dice.randrange(one)) for one in range(1, count) if dice.random() < 0.3}),
        terms=[
            (dice.uniform(0.1, 4), tuple(sorted(dice.sample(range(count), dice.randint(2, 4)))))
            for _ in range(count)
        ],
        wanted=(0, count - 1),
    )


def allowed(problem: Problem, kept: Collection[int], room: int) -> bool:
    return problem.length(kept) <= room and problem.without_needing(kept) == frozenset(kept)


def best_by_trying(problem: Problem, room: int, wanted: Collection[int]) -> float:
    """The most worth of all subsets that are allowed."""
    count = len(problem.worths)
    subsets = itertools.chain.from_iterable(itertools.combinations(range(count), n) for n in range(count + 1))
    return max(
        problem.worth(kept)
        for kept in map(frozenset, subsets)
        if set(wanted) <= kept and allowed(problem, kept, room)
    )


@pytest.mark.parametrize("seed", range(12))
def test_a_choice_is_within_its_gap_of_the_best_of_all_subsets(seed: int) -> None:
    problem = a_problem(11, seed)
    room = 24_000
    chosen = choose(problem, room)
    assert allowed(problem, chosen.kept, room)
    wanted = problem.with_needed([0]) | problem.with_needed([10])
    assert wanted <= chosen.kept
    best = best_by_trying(problem, room, wanted)
    assert problem.worth(chosen.kept) <= best + 1e-9
    assert problem.worth(chosen.kept) * (1 + chosen.gap + 1e-4) >= best
    assert chosen.gap <= CLOSE + 1e-4


def test_the_search_finds_what_the_greedy_choice_misses() -> None:
    problem = Problem(worths=[10, 6, 6], lengths=[1100, 1000, 1000])
    assert greedy(problem, 2000) == {0}
    assert choose(problem, 2000).kept == {1, 2}


def test_a_term_counts_once() -> None:
    problem = Problem(worths=[1, 1, 1], lengths=[1000] * 3, terms=[(5.0, (0, 1)), (4.0, (2,))])
    assert choose(problem, 2000).kept in ({0, 2}, {1, 2})


def test_what_is_needed_comes_along_or_neither_stays() -> None:
    problem = Problem(worths=[0.1, 5, 3], lengths=[2000, 1000, 1500], needs=[(1, 0)])
    assert choose(problem, 3000).kept == {0, 1}
    assert choose(problem, 2900).kept == {2}


def test_neighbours_that_both_stay_save_their_pause() -> None:
    problem = Problem(worths=[3, 3, 3.2], lengths=[1000, 1000, 1000], joints=[-300, 0])
    assert choose(problem, 1700).kept == {0, 1}
    assert choose(Problem(worths=[3.1, 3, 2], lengths=[1000] * 3, joints=[300, 0]), 2000).kept == {0, 2}


def test_wanted_sentences_stay_where_they_fit_the_most_wanted_first() -> None:
    problem = Problem(worths=[1, 9, 1], lengths=[1000, 1000, 1500], wanted=(0, 2))
    assert choose(problem, 2500).kept == {0, 2}
    assert choose(problem, 2000).kept == {0, 1}
    assert choose(problem, 500).kept == frozenset()


def test_a_large_problem_is_bounded_and_the_same_at_each_call() -> None:
    problem = a_problem(900, 5)
    chosen = choose(problem, 400_000)
    assert allowed(problem, chosen.kept, 400_000)
    assert 400_000 - problem.length(chosen.kept) < 9000
    assert chosen.gap < 0.03
    assert choose(problem, 400_000) == chosen


def said(*texts: str, pause: int = 600) -> list[Spoken]:
    found, at = [], 0
    for text in texts:
        found.append(Spoken(text, at, at + 300 * len(text.split())))
        at = found[-1].end + pause
    return found


def kinds(*texts: str) -> list[tuple[int, int, str]]:
    return [(one.sentence, one.needed, one.kind) for one in find_dependencies(said(*texts), "en")]


@pytest.mark.parametrize(
    ("first", "second", "kind"),
    [
        ("The kernel restarts the notebook.", "It takes the variables with it.", None),
        ("The kernel restarts the notebook.", "And then it deletes the variables.", "step"),
        ("The kernel restarts the notebook.", "Well, it deletes all variables.", "antecedent"),
        ("The kernel restarts the notebook.", "That's what deletes all variables.", "antecedent"),
        ("The kernel restarts the notebook.", "This means a fresh table.", "cause"),
        ("The kernel restarts the notebook.", "That is why the table is empty.", "cause"),
        ("The kernel restarts the notebook.", "Because the table was full.", "cause"),
        ("The kernel restarts the notebook.", "After that you run the cell.", "step"),
        ("The kernel restarts the notebook.", "As before you run the cell.", "step"),
        ("What does the kernel restart?", "The notebook with every variable.", "question"),
        ("So how do kernels restart notebooks", "Every variable goes away.", "question"),
        ("The kernel restarts the notebook.", "This button saves the table.", None),
        ("The kernel restarts the notebook.", "It's important to save the table.", None),
        ("The kernel restarts the notebook.", "The table is empty then.", None),
        ("The kernel restarts the notebook.", "Item five follows.", None),
    ],
)
def test_how_a_sentence_shows_what_it_needs(first: str, second: str, kind: str | None) -> None:
    assert kinds(first, second) == ([] if kind is None else [(1, 0, kind)])


def test_a_reply_is_nothing_to_rest_on_and_what_is_long_ago_is_forgotten() -> None:
    assert kinds("The kernel restarts the notebook.", "Yeah.", "It deletes all variables.") == [
        (2, 0, "antecedent")
    ]
    assert kinds("Okay.", "It deletes all variables.") == []
    late = [*said("The kernel restarts the notebook."), Spoken("It deletes all variables.", 60_000, 62_000)]
    assert find_dependencies(late, "en") == ()


def test_a_language_without_a_list_has_no_dependencies() -> None:
    assert cues_of("de") == cues_of("und")
    assert find_dependencies(said("Der Kern startet neu.", "It deletes all variables."), "de") == ()


def test_an_opening_and_an_ending_have_substance() -> None:
    texts = [
        "Okay.",
        "Um.",
        "Today the kernel restarts.",
        "Yeah.",
        "The notebook ends here.",
        "Bye.",
        "Thanks.",
    ]
    assert opening_and_ending(said(*texts), [1.0] * 7) == (2, 4)
    assert opening_and_ending(said("Okay.", "Bye."), [1.0, 1.0]) == (0, 1)
    assert opening_and_ending([], []) == ()


def test_coverage_weighs_terms_by_how_often_they_are_said() -> None:
    texts: Sequence[str] = ["kernel notebook", "kernel", "kernel variable", "okay so"]
    assert coverage(texts, {1}) == 0.6
    assert coverage(texts, {0, 2}) == 1.0
    assert coverage(texts, set()) == 0.0
    assert coverage(["okay"], set()) == 1.0


def test_whole_sentences_bring_what_they_need_into_a_choice() -> None:
    spoken = said(
        "Today we look at the settings page.",
        "The remote kernel restarts the notebook server.",
        "It deletes every variable of the session.",
        "A folder holds the package.",
        "We saw the settings page.",
    )
    problem = problem_of(spoken, [1, 0.1, 9, 1, 1], [2000] * 5, language="en")
    assert (2, 1) in problem.needs
    assert choose(problem, 8000).kept == {0, 1, 2, 4}
