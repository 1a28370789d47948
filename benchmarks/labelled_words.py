"""Words with labels, as a file: what a speaker said, and what of it nobody should have to hear.

A line a word, tab-separated: the word, its start and end in seconds, and its label. An empty label
means that the word stays, any other names why it goes: ``filler``, ``repeat``, ``restart``,
``bad_take``, ``mark``, ``aside`` or a name of your own. A line ``# NAME`` begins a recording.

``python -m benchmarks.labelled_words DIR FILE`` makes such a file of labelled screencasts (X.mp4 with
X.json beside it): the labelled text with its letters spread evenly over its time, or with ``--heard``
what Whisper heard, each word with the label of the speech that it is heard in.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Final

from benchmarks.screencasts import Labels, find_screencasts, ingested
from cutdown.errors import CutdownError, UsageError
from cutdown.phases import examine
from cutdown.settings import SpeechOptions
from cutdown.shared_store import local_store
from cutdown.signals import Signals
from cutdown.store import Store
from cutdown.timebase import Span
from cutdown.transcript import Transcript, TranscriptSegment, Word

STAYS: Final = ""
_FORM: Final = (
    "it needs a word, start, end and label with tabs between, such as 'um<tab>1.20<tab>1.45<tab>filler'"
)
_WITHOUT_A_NAME: Final = "recording"
_PAUSE: Final = (
    0.06  # seconds between two words that count as silence: the shortest that is measured in sound
)
_AT_THE_END: Final = 0.5  # seconds of silence after the last word


@dataclass(frozen=True)
class LabelledWord:
    """One word with its times in seconds, and why it should go, or `STAYS`."""

    text: str
    start: float
    end: float
    label: str

    @property
    def goes(self) -> bool:
        """Whether nobody should have to hear it."""
        return self.label != STAYS


@dataclass(frozen=True)
class LabelledTalk:
    """The words of one recording in order."""

    name: str
    words: tuple[LabelledWord, ...]

    def as_heard(self) -> tuple[Transcript, Signals]:
        """What a director gets of it: the words, and silence where there are none."""
        words = tuple(Word(start=w.start, end=w.end, text=w.text) for w in self.words)
        duration = words[-1].end + Fraction(_AT_THE_END)
        gaps = [
            (Fraction(0), words[0].start),
            *((one.end, other.start) for one, other in pairwise(words)),
            (words[-1].end, duration),
        ]
        silences = tuple(Span(start=a, end=b) for a, b in gaps if b - a >= _PAUSE)
        signals = Signals(
            duration=duration,
            noise_floor_db=-60.0,
            speech_level_db=-20.0,
            silences=silences,
            speech=tuple(_between(silences, duration)),
            screen=(),
        )
        segment = TranscriptSegment(first=0, end=len(words))
        transcript = Transcript(
            language="en", model="labels", duration=duration, words=words, segments=(segment,)
        )
        return transcript, signals


def _between(silences: Sequence[Span], duration: Fraction) -> Iterator[Span]:
    edges = [Fraction(0), *(edge for span in silences for edge in (span.start, span.end)), duration]
    for start, end in zip(edges[::2], edges[1::2], strict=True):
        if end > start:
            yield Span(start=start, end=end)


def read_talks(path: Path) -> tuple[LabelledTalk, ...]:
    """All recordings of a file.

    Raises:
        UsageError: the file cannot be read, holds no word, or has a line that is no word.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"cannot read '{path}': {error}; give a file of labelled words") from error
    talks: list[tuple[str, list[LabelledWord]]] = []
    for number, line in enumerate(lines, start=1):
        if line.startswith("# ") and "\t" not in line:
            talks.append((line[2:].strip(), []))
        elif line.strip():
            if not talks:
                talks.append((_WITHOUT_A_NAME, []))
            talks[-1][1].append(_word(line, f"line {number} of '{path.name}'", talks[-1][1]))
    found = tuple(LabelledTalk(name, tuple(words)) for name, words in talks if words)
    if not found:
        raise UsageError(f"'{path.name}' holds no word; {_FORM}")
    return found


def _word(line: str, place: str, before: Sequence[LabelledWord]) -> LabelledWord:
    fields = line.split("\t")
    try:
        text, start, end = fields[0].strip(), float(fields[1]), float(fields[2])
    except (IndexError, ValueError) as error:
        raise UsageError(f"{place} is no word; {_FORM}") from error
    if not text or not 0 <= start < end:
        raise UsageError(f"{place} has no text, or does not end after its start; {_FORM}")
    if before and start < before[-1].start:
        raise UsageError(f"{place} begins before the word above it; put the words in order")
    return LabelledWord(text, start, end, fields[3].strip() if len(fields) > 3 else STAYS)


def write_talks(talks: Sequence[LabelledTalk], path: Path) -> None:
    """Write a file that `read_talks` reads.

    Raises:
        UsageError: the file cannot be written.
    """
    rows = []
    for talk in talks:
        rows.append(f"# {talk.name}")
        rows += [f"{w.text}\t{w.start:.3f}\t{w.end:.3f}\t{w.label}" for w in talk.words]
    try:
        path.write_text("\n".join(rows) + "\n", encoding="utf-8")
    except OSError as error:
        raise UsageError(f"cannot write '{path}': {error.strerror}; choose another place") from error


def labelled_text(name: str, labels: Labels) -> LabelledTalk:
    """The words of the labels themselves, each as long as its letters' share of its label's time."""
    words: list[LabelledWord] = []
    for label in labels.segments:
        parts = [part for part in label.text.split() if any(letter.isalnum() for letter in part)]
        letters = sum(map(len, parts))
        at = label.start
        for part in parts:
            end = at + (label.end - label.start) * len(part) / letters
            words.append(LabelledWord(part, at, end, STAYS if label.keep else label.kind))
            at = end
    return LabelledTalk(name, tuple(words))


def labelled_hearing(name: str, labels: Labels, transcript: Transcript) -> LabelledTalk:
    """The words of a transcript, each with the label of the speech that covers most of it, or is nearest."""
    words = []
    spoken = [label for label in labels.segments if label.text]
    for word in transcript.words if spoken else ():
        start, end = float(word.start), float(word.end)
        best = max(spoken, key=lambda label: min(end, label.end) - max(start, label.start))
        words.append(LabelledWord(word.text.strip(), start, end, STAYS if best.keep else best.kind))
    return LabelledTalk(name, tuple(words))


def convert(folder: Path, store: Store, model: str | None) -> list[LabelledTalk]:
    """Every labelled screencast of a folder: its labels' text, or what a Whisper model hears of it.

    Raises:
        UsageError: there is no labelled video.
    """
    talks = []
    for video, labels in find_screencasts(folder):
        if model is None:
            talks.append(labelled_text(video.stem, labels))
            continue
        heard = ingested(store, video, examine(store, video), SpeechOptions(whisper_model=model))
        transcript = Transcript.model_validate_json(store.read_text(heard.transcript))
        talks.append(labelled_hearing(video.stem, labels, transcript))
    return [talk for talk in talks if talk.words]


def main() -> None:
    """Convert, and turn an error into one line and its exit code."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path, help="labelled screencasts: X.mp4 with X.json beside it")
    parser.add_argument("file", type=Path, help="the file to write")
    parser.add_argument("--heard", action="store_true", help="what Whisper heard instead of the labels' text")
    parser.add_argument("--model", default="base", help="Whisper model that hears")
    asked = parser.parse_args()
    try:
        write_talks(convert(asked.folder, local_store(), asked.model if asked.heard else None), asked.file)
    except CutdownError as error:
        print(f"cutdown: {error}", file=sys.stderr)
        sys.exit(error.exit_code)


if __name__ == "__main__":
    main()
