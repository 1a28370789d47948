"""What kind of change a screen undergoes, on films that are drawn for it."""

from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from film_kit import Draw, film, letters
from numpy.typing import NDArray

from cutdown.media.probe import probe
from cutdown.media.stillness import watch
from cutdown.signals import ChangeKind

Picture = NDArray[np.uint8]
SECONDS = 9.0


def seconds_of(path: Path, start: float = 1.0, end: float = SECONDS - 1) -> Counter[ChangeKind]:
    """How long each kind lasts between two moments."""
    recording = probe(path)
    assert recording.picture is not None
    found: Counter[ChangeKind] = Counter()
    for span in watch(path, recording.picture, float(recording.duration), None):
        length = min(float(span.end), end) - max(float(span.start), start)
        if length > 0:
            found[span.change] += length  # type: ignore[assignment]
    return found


def mostly(found: Counter[ChangeKind]) -> ChangeKind:
    return found.most_common(1)[0][0]


def glyph(picture: Picture, number: int) -> None:
    """A letter with holes, in a line of its own text."""
    left, top = 20 + 12 * number, 100
    shape = np.random.default_rng(number).integers(0, 2, (7, 4)).astype(bool)
    shape[:, 0] = shape[0] = True
    block = np.kron(shape, np.ones((2, 2), bool))
    picture[top : top + 14, left : left + 8][block] = 220


def typed(picture: Picture, at: float) -> None:
    for number in range(round(5 * at)):
        glyph(picture, number)


def typed_with_a_block_cursor(picture: Picture, at: float) -> None:
    typed(picture, at)
    left = 20 + 12 * round(5 * at)
    picture[98:116, left : left + 10] = 200


def bar(picture: Picture, at: float) -> None:
    picture[300:312, 20 : 20 + round(40 * at)] = 170


def slow_bar_with_a_counter(picture: Picture, at: float) -> None:
    picture[300:312, 20 : 20 + round(9 * at)] = 170
    for digit in range(3):
        lit = np.random.default_rng(round(at * 10) * 7 + digit).integers(0, 2, (6, 4)).astype(bool)
        picture[300:312, 560 + 10 * digit : 568 + 10 * digit][np.kron(lit, np.ones((2, 2), bool))] = 220


def wheel(picture: Picture, at: float) -> None:
    angle = round(at * 10) % 8
    rows, columns = ((0, 8), (0, 16), (8, 16), (16, 16), (16, 8), (16, 0), (8, 0), (0, 0))[angle]
    picture[170 + rows : 178 + rows, 310 + columns : 318 + columns] = 220


def cursor(picture: Picture, at: float) -> None:
    letters(picture, 30)
    if at % 1 < 0.5:
        picture[20:34, 400:403] = 220


def pointer(picture: Picture, at: float) -> None:
    left, top = 320 + round(200 * np.sin(at)), 180 + round(120 * np.sin(1.7 * at))
    picture[top : top + 14, left : left + 9] = 240


def page(picture: Picture, at: float) -> None:
    shade = 60 + 40 * (int(at / 3) % 3)
    picture[40:320, 60:580] = shade


def scrolling(picture: Picture, at: float) -> None:
    for row in range(0, 360, 24):
        top = (row - round(60 * at)) % 350
        picture[top : top + 10, 40 : 240 + 37 * (row // 24 % 9)] = 200


@pytest.mark.parametrize(
    ("draw", "kind"),
    [
        (typed, "typing"),
        (typed_with_a_block_cursor, "typing"),
        (bar, "progress"),
        (slow_bar_with_a_counter, "progress"),
        (wheel, "spinner"),
        (cursor, "blink"),
        (pointer, "pointer"),
        (scrolling, "motion"),
    ],
)
def test_a_kind_of_change_is_told(tmp_path: Path, draw: Draw, kind: ChangeKind) -> None:
    found = seconds_of(film(tmp_path / "film.mp4", SECONDS, draw))
    assert mostly(found) == kind, found
    assert found[kind] >= 0.75 * found.total()


def test_a_page_that_changes_is_a_moment_between_still_ones(tmp_path: Path) -> None:
    found = seconds_of(film(tmp_path / "film.mp4", SECONDS, page))
    assert set(found) == {"none", "page"}
    assert 0.2 <= found["page"] <= 1.0


def test_an_activity_is_parted_where_typing_becomes_a_bar(tmp_path: Path) -> None:
    def draw(picture: Picture, at: float) -> None:
        typed(picture, min(at, 4.5))
        if at > 4.8:
            bar(picture, at - 4.8)

    path = film(tmp_path / "film.mp4", SECONDS, draw)
    assert mostly(seconds_of(path, 0.5, 4.2)) == "typing"
    assert mostly(seconds_of(path, 5.5, 8.5)) == "progress"


def test_text_that_scrolls_up_from_the_last_line_does_not_flicker(tmp_path: Path) -> None:
    def draw(picture: Picture, at: float) -> None:
        line, within = divmod(round(10 * at), 25)
        for above in range(1, 12):
            if line >= above:
                picture[330 - 24 * above : 344 - 24 * above, 20 : 220 + 31 * ((line - above) % 7)] = 180
        picture[330:344, 20 : 20 + 8 * within] = 220

    assert seconds_of(film(tmp_path / "film.mp4", 14, draw), 1, 13)["spinner"] < 2
