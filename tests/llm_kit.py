"""A language model's brain that can be foreseen: it reads the prompt as it is written and decides by simple rules."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

NEEDLESS = ("scratch that", "can you see", "let me start over", "forget that")
HESITATION = re.compile(r"(?i)\b(um|uh|erm)\b,?\s*")


class Asked(Protocol):
    """What a brain needs of a request."""

    @property
    def user(self) -> str: ...

    @property
    def schema(self) -> Mapping[str, Any]: ...


@dataclass(frozen=True)
class ReadLine:
    """A line of a transcript as it stands in a prompt."""

    first: int
    text: str

    @property
    def last(self) -> int:
        return self.first + len(self.text.split()) - 1

    @property
    def quote(self) -> str:
        words = self.text.split()
        return self.text if len(words) <= 12 else f"{' '.join(words[:4])} ... {' '.join(words[-4:])}"


def own_lines(user: str) -> list[ReadLine]:
    """The lines that the last window of a prompt asks about."""
    block = user[user.rindex("<transcript>") :]
    block = block[: block.index("</transcript>")]
    block = re.sub(r"(?s)\[(before|after)\].*?\[end of \1\]", "", block)
    return [ReadLine(int(m[1]), m[2]) for m in re.finditer(r"(?m)^(\d+) (.+)$", block)]


def think(request: Asked) -> dict[str, Any]:
    """An answer that holds: cuts what is needless, rewrites what hesitates, values long lines."""
    lines = own_lines(request.user)
    if "parts" in request.schema["properties"]:
        middle = len(lines) // 2
        return {
            "subject": "A recording.",
            "parts": [
                {
                    "first": lines[0].first,
                    "last": lines[middle - 1].last,
                    "title": "Beginning",
                    "importance": 8,
                },
                {"first": lines[middle].first, "last": lines[-1].last, "title": "End", "importance": 4},
            ],
            "rules": ["Keep what is shown."],
        }
    rewrites = "Narration: none" not in request.user
    decisions = [made for line in lines if (made := decide(line, rewrites=rewrites))]
    return {"decisions": decisions, "pauses": [], "worths": worths(lines, map(worth, lines))}


def decide(line: ReadLine, *, rewrites: bool) -> dict[str, Any] | None:
    said = line.text.lower()
    kept = HESITATION.sub("", line.text).strip()
    if any(phrase in said for phrase in NEEDLESS):
        return decision("cut", line, reason="Beside the matter")
    if rewrites and kept != line.text and len(kept.split()) > 3:
        return decision("rewrite", line, reason="It hesitates", narration=kept[0].upper() + kept[1:])
    return None


def decision(
    action: str, line: ReadLine, *, reason: str = "Said so", narration: str = "", **changes: Any
) -> dict[str, Any]:
    """A decision about a whole line."""
    made = {
        "action": action, "first": line.first, "last": line.last, "quote": line.quote, "reason": reason,
        "confidence": 0.9, "narration": narration,
    }  # fmt: skip
    return {**made, **changes}


def worths(lines: Iterable[ReadLine], values: Iterable[int]) -> list[dict[str, int]]:
    """Worths as a model writes them."""
    return [{"first": line.first, "worth": value} for line, value in zip(lines, values, strict=False)]


def worth(line: ReadLine) -> int:
    return min(100, 10 + 4 * len(line.text.split()))
