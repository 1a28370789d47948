import pytest

from cutdown.director.wording import begins_like, ends_sentence, letters, likeness, plain, shares_beginning


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Hello, World!", "hello world"),
        ("it’s --no-execute", "it's no execute"),
        ("GRÖẞE_2", "grösse 2"),
        ("…", ""),
    ],
)
def test_plain(text: str, expected: str) -> None:
    assert plain(text) == expected


def test_letters_drop_everything_that_is_not_heard() -> None:
    assert letters("It's open -graph.") == "itsopengraph"


@pytest.mark.parametrize(
    ("word", "expected"), [("end.", True), ('end?"', True), ("end,", False), ("e.g", False)]
)
def test_ends_sentence(word: str, expected: bool) -> None:
    assert ends_sentence(word) is expected


def test_a_beginning_is_recognised_whatever_follows() -> None:
    assert begins_like("bydefaultthethumb", "bydefaultthethumbnailsaremade") == 1.0
    assert begins_like("bydefaultsomenails", "bydefaultthumbnailsaremade") > 0.6
    assert begins_like("bydefaultthethumb", "theredbuttondeletesit") < 0.4
    assert begins_like("", "anything") == 0.0


def test_the_shorter_may_be_the_later_one() -> None:
    assert shares_beginning("bydefaultthethumbnailsare", "bydefaultthe") == 1.0


def test_likeness_bounds() -> None:
    assert likeness("", "") == 1.0
    assert likeness("abc", "xyz") == 0.0
