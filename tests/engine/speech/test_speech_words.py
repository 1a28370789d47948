"""Words follow each other, whatever the model says about their times."""

import random
from fractions import Fraction
from itertools import pairwise

import pytest

from cutdown.speech.words import SHORTEST, HeardSegment, HeardWord, is_invented, order, to_transcript_words


def word(start: float, end: float, text: str = "word", probability: float = 0.9) -> HeardWord:
    return HeardWord(Fraction(str(start)), Fraction(str(end)), text, probability)


def segment(*words: HeardWord, no_speech: float = 0.0, average: float = -0.3) -> HeardSegment:
    return HeardSegment(words, no_speech, average, 1.0)


def check(words: list[HeardWord], duration: Fraction) -> None:
    assert all(0 <= w.start < w.end <= duration for w in words)
    assert all(before.end <= after.start for before, after in pairwise(words))


def test_good_words_are_left_alone():
    words = [word(0.5, 0.9), word(0.9, 1.4), word(3, 3.5)]
    assert order(words, Fraction(4)) == words


def test_an_empty_word_gets_some_room_from_the_silence_after_it():
    ordered = order([word(1, 1), word(2, 2.5)], Fraction(4))
    assert (ordered[0].start, ordered[0].end) == (1, 1 + SHORTEST)
    assert ordered[1].start == 2


def test_an_overlap_ends_where_the_next_word_starts():
    ordered = order([word(1, 2), word(1.5, 2.5)], Fraction(4))
    assert [(w.start, w.end) for w in ordered] == [(1, Fraction(3, 2)), (Fraction(3, 2), Fraction(5, 2))]


def test_words_beyond_the_end_move_inside():
    check(order([word(3.5, 4.5), word(4.5, 5), word(5, 5)], Fraction(4)), Fraction(4))


@pytest.mark.parametrize("seed", range(30))
def test_any_times_at_all_are_put_right(seed: int):
    chance = random.Random(seed)
    duration = Fraction(chance.choice([1, 3, 20]), chance.choice([1, 7]))
    words = [
        word(round(chance.uniform(0, 4), 2), round(chance.uniform(0, 5), 2))
        for _ in range(chance.randint(0, 40))
    ]
    ordered = order(words, duration)
    assert len(ordered) == len(words)
    check(ordered, duration)
    kept, bounds = to_transcript_words([segment(word) for word in words], duration)
    assert [(b.first, b.end) for b in bounds] == [(number, number + 1) for number in range(len(kept))]
    assert len(kept) == len(words)


def test_what_is_said_into_silence_was_invented():
    thanks = (word(1, 2, "Thank", 0.5), word(2, 2.3, "you.", 0.6))
    assert is_invented(segment(*thanks, no_speech=0.9, average=-1.0))
    assert is_invented(segment(word(1, 2, "You", 0.11), no_speech=0.93, average=-0.7))
    assert is_invented(segment(word(1, 2, "..."), word(2, 3, "♪")))
    assert not is_invented(segment(*thanks, no_speech=0.05, average=-0.4))
    assert not is_invented(segment(word(1, 2, "Да.", 0.8), no_speech=0.7, average=-0.5))


def test_more_words_than_a_mouth_can_say_were_invented():
    loop = [word(27.6 + i / 200, 27.6 + i / 200 + 0.005, "sorry", 0.99) for i in range(80)]
    assert is_invented(segment(*loop, average=-0.1))
    assert not is_invented(segment(*(word(i / 6, (i + 1) / 6) for i in range(30))))


def test_invented_segments_leave_no_trace():
    silence = segment(word(5, 6, "Thanks", 0.2), no_speech=0.95, average=-1.2)
    words, bounds = to_transcript_words(
        [segment(word(0, 1)), silence, segment(word(8, 9), word(9, 10))], Fraction(10)
    )
    assert [float(w.start) for w in words] == [0, 8, 9]
    assert [(b.first, b.end) for b in bounds] == [(0, 1), (1, 3)]
