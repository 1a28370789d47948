"""The screen that the demo shows: an editor above a terminal, drawn with Pillow."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from io import BytesIO
from typing import Final

from PIL import Image, ImageDraw, ImageFont

WIDTH: Final = 1280
HEIGHT: Final = 720

_INK: Final = "#cdd6f4"
_FAINT: Final = "#7f849c"
_GREEN: Final = "#a6e3a1"
_RED: Final = "#f38ba8"
_BLUE: Final = "#89b4fa"
_MAUVE: Final = "#cba6f7"
_PEACH: Final = "#fab387"
_PAPER: Final = "#1e1e2e"
_PANEL: Final = "#181825"
_EDGE: Final = "#11111b"
_LINE: Final = "#313244"

_BAR: Final = 38  # height of the title bar and of the tabs
_SIDE: Final = 216  # width of the list of files
_FLOOR: Final = 28  # height of the status bar
_SHELL: Final = 434  # where the terminal begins
_CODE_SIZE: Final = 20
_SHELL_SIZE: Final = 18
_PROMPT: Final = "❯ "
_SHELL_ROWS: Final = 9

_TOKENS: Final = re.compile(
    r"(?P<comment>#.*)|(?P<string>\"[^\"]*\"?)|(?P<word>\b(?:def|return|for|in|class|import|from|if)\b)"
    r"|(?P<number>\b\d+\b)|(?P<call>\w+(?=\())|(?P<rest>\w+|\s+|.)"
)
_TOKEN_COLOURS: Final = {
    "comment": _FAINT,
    "string": _GREEN,
    "word": _MAUVE,
    "number": _PEACH,
    "call": _BLUE,
    "rest": _INK,
}
_MARK_COLOURS: Final = {"✓": _GREEN, "✗": _RED, "$": _FAINT, "❯": _MAUVE, "█": _BLUE}


@dataclass(frozen=True)
class Screen:
    """What stands on the screen at a moment."""

    code: tuple[str, ...]
    row: int = 0
    """Line of the editor's cursor, from 0."""
    column: int = 0
    lines: tuple[str, ...] = ()
    """Lines of the terminal above its prompt; the first character gives a line its colour."""
    typed: str | None = ""
    """What stands after the prompt; None while a program runs and there is no prompt."""
    in_shell: bool = False
    """Whether the terminal has the cursor, not the editor."""
    saved: bool = field(default=True)


@cache
def _font(size: int, *, bold: bool = False) -> ImageFont.FreeTypeFont:
    name = "DejaVuSansMono-Bold.ttf" if bold else "DejaVuSansMono.ttf"
    data = BytesIO(files("cutdown.demo").joinpath("fonts", name).read_bytes())
    return ImageFont.truetype(data, size, layout_engine=ImageFont.Layout.BASIC)


def draw(screen: Screen) -> Image.Image:
    """The picture of a screen: RGB, 1280x720."""
    picture = _furniture().copy()
    pen = ImageDraw.Draw(picture)
    _draw_editor(pen, screen)
    _draw_shell(pen, screen)
    _draw_status(pen, screen)
    return picture


@cache
def _furniture() -> Image.Image:
    """What never changes."""
    picture = Image.new("RGB", (WIDTH, HEIGHT), _PAPER)
    pen = ImageDraw.Draw(picture)
    pen.rectangle((0, 0, WIDTH, _BAR), fill=_EDGE)
    for order, colour in enumerate((_RED, "#f9e2af", _GREEN)):
        _dot(picture, 24 + 24 * order, _BAR // 2, 7, colour)
    title = "cart.py - shop"
    pen.text((WIDTH // 2, _BAR // 2), title, _FAINT, _font(15), anchor="mm")
    pen.rectangle((0, _BAR, _SIDE, HEIGHT - _FLOOR), fill=_PANEL)
    pen.text((24, _BAR + 20), "SHOP", _FAINT, _font(13, bold=True))
    pen.rectangle((0, _BAR + 46, _SIDE, _BAR + 76), fill=_LINE)
    for order, name in enumerate(("cart.py", "test_cart.py", "README.md")):
        pen.text((40, _BAR + 61 + 32 * order), name, _FAINT if order else _INK, _font(16), anchor="lm")
    pen.rectangle((_SIDE, _BAR, WIDTH, 2 * _BAR), fill=_PANEL)
    pen.rectangle((_SIDE, _BAR, _SIDE + 150, 2 * _BAR), fill=_PAPER)
    pen.line((_SIDE, _BAR, _SIDE + 150, _BAR), fill=_MAUVE, width=2)
    pen.text((_SIDE + 24, _BAR + _BAR // 2), "cart.py", _INK, _font(16), anchor="lm")
    pen.rectangle((_SIDE, _SHELL, WIDTH, HEIGHT - _FLOOR), fill=_PANEL)
    pen.line((_SIDE, _SHELL, WIDTH, _SHELL), fill=_LINE, width=1)
    pen.text((_SIDE + 24, _SHELL + 22), "TERMINAL", _FAINT, _font(13, bold=True), anchor="lm")
    return picture


def _dot(picture: Image.Image, x: int, y: int, radius: int, colour: str) -> None:
    """A disc with smooth edges, drawn large and made small."""
    mask = Image.new("L", (radius * 16, radius * 16))
    ImageDraw.Draw(mask).ellipse((0, 0, radius * 16 - 1, radius * 16 - 1), fill=255)
    small = mask.resize((radius * 2, radius * 2), Image.Resampling.LANCZOS)
    picture.paste(colour, (x - radius, y - radius), small)


def _draw_editor(pen: ImageDraw.ImageDraw, screen: Screen) -> None:
    font, height = _font(_CODE_SIZE), 28
    left, top = _SIDE + 84, 2 * _BAR + 14
    cell = font.getlength("m")
    if not screen.in_shell:
        y = top + screen.row * height
        pen.rectangle((_SIDE, y - 1, WIDTH, y + height - 2), fill="#27283a")
    for number, line in enumerate(screen.code):
        y = top + number * height
        here = number == screen.row and not screen.in_shell
        pen.text((left - 24, y + 2), str(number + 1), _INK if here else "#585b70", font, anchor="ra")
        for token in _TOKENS.finditer(line):
            colour = _TOKEN_COLOURS[token.lastgroup or "rest"]
            pen.text((left + token.start() * cell, y + 2), token.group(), colour, font)
    if not screen.in_shell:
        x, y = left + screen.column * cell, top + screen.row * height
        pen.rectangle((x, y, x + 2, y + height - 4), fill=_PEACH)
    if not screen.saved:
        pen.ellipse((_SIDE + 124, _BAR + 16, _SIDE + 132, _BAR + 24), fill=_INK)


def _draw_shell(pen: ImageDraw.ImageDraw, screen: Screen) -> None:
    font, height = _font(_SHELL_SIZE), 24
    left, top = _SIDE + 24, _SHELL + 40
    cell = font.getlength("m")
    lines = list(screen.lines)
    if screen.typed is not None:
        lines.append(_PROMPT + screen.typed)
    lines = lines[-_SHELL_ROWS:]
    for number, line in enumerate(lines):
        y = top + number * height
        mark = _MARK_COLOURS.get(line[:1], _INK)
        if line[:1] in ("❯", "$"):
            pen.text((left, y), line[:1], mark, font)
            pen.text((left + cell, y), line[1:], _INK, font)
        else:
            pen.text((left, y), line, mark, font)
    if screen.typed is not None and screen.in_shell:
        x = left + len(lines[-1]) * cell
        y = top + (len(lines) - 1) * height
        pen.rectangle((x, y + 1, x + cell - 1, y + 21), fill=_INK)


def _draw_status(pen: ImageDraw.ImageDraw, screen: Screen) -> None:
    top = HEIGHT - _FLOOR
    pen.rectangle((0, top, WIDTH, HEIGHT), fill=_EDGE)
    middle = top + _FLOOR // 2
    pen.text((16, middle), "main", _MAUVE, _font(14, bold=True), anchor="lm")
    place = f"Ln {screen.row + 1}, Col {screen.column + 1}   Python 3.12   UTF-8"
    pen.text((WIDTH - 16, middle), place, _FAINT, _font(14), anchor="rm")
