"""Meetings as dialogue acts with human choices, in the form of the AMI corpus.

A meeting is a file ``NAME.da`` (human text) and, where a recogniser heard it, ``NAME.da-asr``: a line an act,
tab-separated: id, start s, end s, speaker, role, act type, label (+1 chosen for the extract, -1 not), links
(sentences of the human abstract that point at it), text. ``LIST.list`` names the meetings of a split.
"""

from __future__ import annotations

import re
import tarfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from cutdown.errors import UsageError
from cutdown.signals import Signals
from cutdown.timebase import Span
from cutdown.transcript import Transcript, TranscriptSegment, Word

TEXTS: Final = {"human": ".da", "ASR": ".da-asr"}
_FIELDS: Final = 9
_MARKUP: Final = re.compile(r"\{[^{}]*\}")  # {disfmarker}, {vocalsound}: nobody says them
_PAUSE: Final = 0.06  # seconds between two acts that count as silence: the shortest that is measured in sound
_BREATH: Final = 0.15  # seconds
_FASTEST_WORD: Final = 0.02  # seconds; an act with less for each of its words was hidden by another


@dataclass(frozen=True)
class Act:
    """One dialogue act; times in seconds. What a product cannot know of it (speaker, type) is left out."""

    start: float
    end: float
    chosen: bool
    links: int
    text: str

    @property
    def seconds(self) -> float:
        """Its length; a few acts of the corpus end before they start and count as nothing."""
        return max(0.0, self.end - self.start)


@dataclass(frozen=True)
class Meeting:
    """One meeting in one text."""

    name: str
    acts: tuple[Act, ...]

    @property
    def seconds(self) -> NDArray[np.float64]:
        """Length of each act."""
        return np.array([act.seconds for act in self.acts])

    @property
    def chosen(self) -> NDArray[np.bool_]:
        """Whether a human chose each act."""
        return np.array([act.chosen for act in self.acts])

    @property
    def links(self) -> NDArray[np.float64]:
        """How often the human abstract points at each act."""
        return np.array([float(act.links) for act in self.acts])


def read_meetings(folder: Path, split: str) -> dict[str, list[Meeting]]:
    """The meetings of a split in every text there is, from a folder or the one ``.tar.xz`` in it.

    A meeting without a line in a text (the corpus has one) is not in that text's list; a text without a meeting
    is left out.

    Raises:
        UsageError: there is no such folder or split, a meeting's file is missing or a line cannot be read, or nobody
            chose anything.
    """
    files = _texts_of(folder)
    names = files.get(f"{split}.list")
    if names is None:
        known = sorted(name.removesuffix(".list") for name in files if name.endswith(".list"))
        raise UsageError(
            f"there is no '{split}.list' in '{folder}'; "
            + (
                f"choose from {', '.join(known)}"
                if known
                else "give a folder with NAME.da files and a LIST.list"
            )
        )
    found: dict[str, list[Meeting]] = {}
    for text, suffix in TEXTS.items():
        found[text] = []
        for name in names.split():
            if suffix == TEXTS["human"] and name + suffix not in files:
                raise UsageError(f"'{split}.list' names '{name}', but '{folder}' holds no '{name}{suffix}'")
            acts = parse_acts(files.get(name + suffix, ""), name + suffix)
            if any(act.chosen for act in acts) and any(act.links for act in acts):
                found[text].append(Meeting(name, acts))
    if not any(found.values()):
        raise UsageError(
            f"no meeting of '{split}.list' in '{folder}' has an act that people chose (label +1) and one that their "
            "abstract points at (links above 0)"
        )
    return {text: meetings for text, meetings in found.items() if meetings}


def _texts_of(folder: Path) -> Mapping[str, str]:
    if not folder.is_dir():
        raise UsageError(f"there is no folder '{folder}'; give one with meetings (NAME.da, LIST.list)")
    wanted = (".list", *TEXTS.values())
    files = {path.name: _text(path) for path in sorted(folder.iterdir()) if path.name.endswith(wanted)}
    for archive in () if files else sorted(folder.glob("*.tar.xz")):
        try:
            with tarfile.open(archive) as opened:
                for member in opened:
                    held = opened.extractfile(member) if member.name.endswith(wanted) else None
                    if held is not None:
                        files[Path(member.name).name] = held.read().decode("utf-8")
        except (tarfile.TarError, OSError, EOFError, ValueError) as error:
            raise UsageError(f"'{archive.name}' cannot be unpacked ({error}); fetch it again") from error
    return files


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"cannot read '{path}': {error}; give a text in UTF-8") from error


def parse_acts(text: str, name: str) -> tuple[Act, ...]:
    """The acts of a file's text, in the file's order.

    Raises:
        UsageError: a line is not one of nine fields.
    """
    acts = []
    for number, line in enumerate(text.splitlines(), start=1):
        fields = line.split("\t")
        try:
            start, end, links = float(fields[1]), float(fields[2]), int(fields[7])
            words = " ".join(_MARKUP.sub(" ", fields[_FIELDS - 1]).split())
        except (IndexError, ValueError) as error:
            raise UsageError(
                f"line {number} of '{name}' is no dialogue act; it needs {_FIELDS} fields with tabs between:"
                " id, start, end, speaker, role, type, label, links, text"
            ) from error
        acts.append(Act(start, end, fields[6] == "+1", links, words))
    return tuple(acts)


def as_heard(
    acts: Sequence[Act], seconds: float | None = None, breath: float = _BREATH
) -> tuple[Transcript, Signals]:
    """What one listener would make of the acts: one voice at a time, words spread evenly over their act.

    Args:
        acts: in order of their starts; one that another one hides is not heard.
        seconds: only so much from the beginning, else all.
        breath: seconds of silence at the end of an act, at most a tenth of it. The corpus has none between two
            acts of one speaker; people mostly breathe there.
    """
    words: list[Word] = []
    segments: list[TranscriptSegment] = []
    at = 0.0
    for act in acts:
        text = act.text.split()
        start = max(act.start, at)
        if seconds is not None and act.end > seconds:
            break
        if not text or act.end - start < _FASTEST_WORD * len(text):
            continue
        end = act.end - min(breath, (act.end - start) / 10)
        step = (end - start) / len(text)
        first = len(words)
        words += [
            Word(start=start + index * step, end=start + (index + 1) * step, text=word)
            for index, word in enumerate(text)
        ]
        segments.append(TranscriptSegment(first=first, end=len(words)))
        at = act.end
    duration = Fraction(round(seconds if seconds is not None else at + 1))
    spans = [Span(start=words[s.first].start, end=words[s.end - 1].end) for s in segments]
    silences = [
        Span(start=one.end, end=other.start)
        for one, other in pairwise(spans)
        if other.start - one.end >= _PAUSE
    ]
    signals = Signals(
        duration=duration,
        noise_floor_db=-60.0,
        speech_level_db=-20.0,
        silences=tuple(silences),
        speech=tuple(spans),
        screen=(),
    )
    transcript = Transcript(
        language="en", model="human", duration=duration, words=tuple(words), segments=tuple(segments)
    )
    return transcript, signals
