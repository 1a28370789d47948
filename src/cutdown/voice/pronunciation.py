"""The pronunciation dictionary: how names and signs are read aloud. Captions keep the true spelling."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any, Final, NamedTuple

import yaml

from cutdown.errors import UsageError

_ALLOWED: Final = frozenset({"word", "pattern", "spoken", "note"})
_FORM: Final = (
    "an entry has 'word' or 'pattern', 'spoken' and, if you like, 'note', such as "
    "{word: kubectl, spoken: cube control}"
)


class Reading(NamedTuple):
    """A text as it is to be read aloud, and how many places were respelt for it."""

    text: str
    fixes: int


@dataclass(frozen=True)
class Entry:
    r"""What to find, and what to say instead.

    ``word`` finds whole words: written in small letters it finds any case, with a capital in it
    only exactly itself. ``pattern`` is a regular expression, its ``spoken`` form may quote groups
    (``\1``).
    """

    key: str
    found: re.Pattern[str]
    spoken: str
    is_pattern: bool

    def apply(self, text: str) -> Reading:
        """Respell every place where it is found."""
        fixes = 0

        def respell(match: re.Match[str]) -> str:
            nonlocal fixes
            said = match.expand(self.spoken) if self.is_pattern else self.spoken
            fixes += said != match.group()
            return said

        return Reading(self.found.sub(respell, text), fixes)


class Pronunciation:
    """Entries in the order in which they are applied: the user's, then those that are shipped.

    A user's entry for the same word or pattern replaces the shipped one.
    """

    def __init__(self, entries: Sequence[Entry]) -> None:
        self.entries = tuple(entries)

    def read(self, text: str) -> Reading:
        """A text as it is to be read aloud."""
        fixes = 0
        for entry in self.entries:
            text, found = entry.apply(text)
            fixes += found
        return Reading(" ".join(text.split()), fixes)


def load_dictionary(own: Path | None = None) -> Pronunciation:
    """The shipped dictionary with the user's file on top.

    Raises:
        UsageError: names the file and the entry that is wrong.
    """
    shipped = _shipped()
    if own is None:
        return Pronunciation(shipped)
    entries = read_entries(own)
    replaced = {entry.key for entry in entries}
    return Pronunciation([*entries, *(entry for entry in shipped if entry.key not in replaced)])


@cache
def _shipped() -> tuple[Entry, ...]:
    text = resources.files(__package__).joinpath("pronunciation.yaml").read_text(encoding="utf-8")
    return tuple(_entries(yaml.safe_load(text), "pronunciation.yaml"))


def read_entries(path: Path) -> list[Entry]:
    """Entries of a JSON or YAML file: a list of entries, or a plain table of word and spoken form.

    Raises:
        UsageError: names the file and the entry that is wrong.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise UsageError(f"cannot read the pronunciation dictionary '{path.name}': {reason}") from error
    try:
        raw = json.loads(text) if path.suffix.lower() == ".json" else yaml.safe_load(text)
    except json.JSONDecodeError as error:
        raise UsageError(f"'{path.name}' is not JSON: {error.msg} at line {error.lineno}") from error
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f" at line {mark.line + 1}" if mark else ""
        raise UsageError(
            f"'{path.name}' is not YAML: {getattr(error, 'problem', 'unreadable')}{where}"
        ) from error
    return list(_entries(raw, path.name))


def _entries(raw: Any, source: str) -> Iterable[Entry]:
    if raw is None:
        return
    if isinstance(raw, dict):
        raw = [{"word": word, "spoken": spoken} for word, spoken in raw.items()]
    if not isinstance(raw, list):
        raise UsageError(f"'{source}' holds neither a list of entries nor a table of words; {_FORM}")
    seen: set[str] = set()
    for number, item in enumerate(raw, start=1):
        entry = _entry(item, f"'{source}', entry {number}")
        if entry.key in seen:
            raise UsageError(f"'{source}', entry {number}: {entry.key!r} is there twice; keep one")
        seen.add(entry.key)
        yield entry


def _entry(item: Any, where: str) -> Entry:
    if not isinstance(item, dict) or ("word" in item) == ("pattern" in item):
        raise UsageError(f"{where}: {_FORM}")
    is_pattern = "pattern" in item
    key, spoken = item["pattern" if is_pattern else "word"], item.get("spoken")
    where = f"{where} ({key!r})"
    if extra := sorted(str(name) for name in item.keys() - _ALLOWED):
        raise UsageError(f"{where}: unknown field '{extra[0]}'; {_FORM}")
    if not (isinstance(key, str) and key.strip() and isinstance(spoken, str)):
        raise UsageError(f"{where}: the word and its spoken form must be text; put them in quotes")
    try:
        found = re.compile(key) if is_pattern else _whole_word(key.strip())
        if is_pattern:
            re.sub(found, spoken, "")
            re.compile(f"{key}|").sub(spoken, "")
    except (re.error, IndexError) as error:
        raise UsageError(f"{where}: not a regular expression that can be used: {error}") from error
    return Entry(key=key, found=found, spoken=spoken, is_pattern=is_pattern)


def _whole_word(word: str) -> re.Pattern[str]:
    words = r"\s+".join(re.escape(part) for part in word.split())
    return re.compile(rf"(?<!\w){words}(?!\w)", re.IGNORECASE if word == word.lower() else 0)
