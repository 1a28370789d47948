"""What happens in the demo: a bug is found and fixed, with everything that a first take has.

Data only; `cutdown.demo.recorder` plays it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

Kind = Literal[
    "content",
    "gap",
    "pause",
    "wait",
    "bad_take",
    "retake_gap",
    "filler",
    "typing",
    "demonstration",
]

KEEP: Final[dict[Kind, bool]] = {
    "content": True,
    "gap": True,
    "typing": True,  # may be hurried, must not be lost
    "demonstration": True,
    "pause": False,
    "wait": False,
    "bad_take": False,
    "retake_gap": False,
    "filler": False,
}
"""Whether a short version must still show it."""


@dataclass(frozen=True)
class Say:
    """Someone speaks; takes of the same sentence share a number."""

    text: str
    kind: Kind = "content"
    take: int | None = None
    typing: str = ""
    """A command that is typed meanwhile."""


@dataclass(frozen=True)
class Rest:
    """Nothing is said and nothing moves."""

    seconds: float
    kind: Kind = "gap"


@dataclass(frozen=True)
class Command:
    """A command is typed in silence; what was typed before it stays."""

    text: str


@dataclass(frozen=True)
class Run:
    """The command is started and its program shows that it works, then what it found."""

    seconds: float
    label: str
    output: tuple[str, ...]


@dataclass(frozen=True)
class Edit:
    """The cursor walks to a place in the editor, text is typed there, the file is saved."""

    row: int
    column: int
    text: str


Beat = Say | Rest | Command | Run | Edit

CODE: Final = (
    "# cart.py",
    "def total(items):",
    '    """What the customer pays."""',
    "    amount = 0",
    "    for item in items:",
    "        amount += item.price",
    "    return amount",
)

SCRIPT: Final[tuple[Beat, ...]] = (
    Rest(1.2, "pause"),
    Say("In this video we find a bug in a small shopping cart, and we fix it.", take=1),
    Rest(0.45),
    Say("Um,", "filler", take=2),
    Rest(0.25),
    Say("The total function adds up the price of every item.", take=2),
    Rest(0.5),
    Say("Let's run the tests and see what happens.", take=3, typing="pytest -q"),
    Rest(0.3),
    Run(
        6.5,
        "collecting and running 3 tests",
        ("✗ test_total_counts_quantity", "  expected 9, got 3", "✗ 1 failed, 2 passed in 6.21s"),
    ),
    Rest(0.5),
    Say("One test fails. We expected nine, but we got three.", take=4),
    Rest(7.0, "pause"),
    Say("To fix it, we add the quantity to the", "bad_take", take=5),
    Rest(0.35, "retake_gap"),
    Say("No, scratch that.", "bad_take", take=5),
    Rest(1.3, "retake_gap"),
    Say("To fix it, we multiply the price by the quantity.", take=5),
    Rest(0.4),
    Edit(5, 28, " * item.quantity"),
    Rest(0.6),
    Say("That was,", take=6),
    Rest(0.15),
    Say("you know,", "filler", take=6),
    Rest(0.2),
    Say("the whole change.", take=6),
    Rest(0.5),
    Say("Now we run the same tests again.", take=7),
    Rest(0.3),
    Command("pytest -q"),
    Run(6.0, "collecting and running 3 tests", ("✓ 3 passed in 5.87s",)),
    Rest(0.5),
    Say("All three tests pass, so the bug is gone.", take=8),
    Rest(4.5, "pause"),
    Say("Last, we commit the change.", take=9),
    Rest(0.3),
    Command('git commit -am "Count the quantity"'),
    Run(0.4, "", ("[main 4f1c2d9] Count the quantity", " 1 file changed, 1 insertion(+), 1 deletion(-)")),
    Rest(0.6),
    Say("Thanks for watching.", take=10),
    Rest(1.5, "pause"),
)
