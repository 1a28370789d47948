"""``python -m benchmarks.transcription FILE ...``: our transcription beside bare faster-whisper, on the same sound.

All hear the same samples with the same weights (int8), five beams and word times. ``faster-whisper`` is
`WhisperModel.transcribe` with its voice activity detector on; ``batched`` is `BatchedInferencePipeline`. Each case runs
in a process of its own; a round runs every contestant once on every file, the next round in the opposite order. What
is timed begins with the samples in memory and the model loaded. Where ``FILE`` has the true words beside it
(``NAME.ref.txt``), wrong words are counted.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess  # noqa: TID251  # a case's memory is measured in a process of its own
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from fractions import Fraction
from pathlib import Path
from statistics import median
from typing import Any, Final, NamedTuple

from rapidfuzz.distance import Levenshtein
from rich.box import SIMPLE_HEAD, Box
from rich.console import Console
from rich.table import Table

from benchmarks.machine import made
from benchmarks.report import circumstances, write_page
from cutdown.media.probe import probe
from cutdown.media.sound import extract_sound, open_wav
from cutdown.metrics import MEGABYTE, describe_hardware
from cutdown.metrics.processes import high_water
from cutdown.settings import SpeechOptions
from cutdown.speech.passages import WHISPER_RATE, find_speech, pack, to_wave
from cutdown.speech.weights import unpacked
from cutdown.verify.wording import tokens

BEAMS: Final = 5  # what the product searches with
BATCH: Final = 8  # the pipeline's own default
OURS: Final = "ours"
SECTION: Final = "transcription"

Words = Sequence[str]


class Took(NamedTuple):
    """One case."""

    wall: float
    cpu: float
    memory: float
    words: Words


def ours(wav: Path, model: str) -> Callable[[], Words]:
    """The product's own, as phase 1 uses it."""
    from cutdown.speech.whisper import Whisper, listeners, load_model

    samples = open_wav(wav)[:, 0]
    load_model(model, listeners(len(pack(samples, find_speech(samples)))))
    duration = Fraction(len(samples), WHISPER_RATE)
    options = SpeechOptions(whisper_model=model)
    return lambda: [word.text for word in Whisper().transcribe(wav, options, duration=duration).words]


def bare(wav: Path, model: str) -> Callable[[], Words]:
    """faster-whisper as its own documentation calls it, with word times and the detector."""
    loaded, wave = _loaded(model), to_wave(open_wav(wav)[:, 0])

    def hear() -> Words:
        segments, _ = loaded.transcribe(wave, beam_size=BEAMS, word_timestamps=True, vad_filter=True)
        return _words(segments)

    return hear


def batched(wav: Path, model: str) -> Callable[[], Words]:
    """faster-whisper's pipeline for several windows at once."""
    from faster_whisper import BatchedInferencePipeline

    pipeline, wave = BatchedInferencePipeline(_loaded(model)), to_wave(open_wav(wav)[:, 0])

    def hear() -> Words:
        segments, _ = pipeline.transcribe(wave, beam_size=BEAMS, word_timestamps=True, batch_size=BATCH)
        return _words(segments)

    return hear


CONTESTANTS: Final[Mapping[str, Callable[[Path, str], Callable[[], Words]]]] = {
    OURS: ours,
    "faster-whisper": bare,
    "batched": batched,
}


def _loaded(model: str) -> Any:
    from faster_whisper import WhisperModel

    with unpacked(model) as folder:
        return WhisperModel(str(folder), device="cpu", compute_type="int8", cpu_threads=os.cpu_count() or 1)


def _words(segments: Iterable[Any]) -> Words:
    return [word.word.strip() for segment in segments for word in segment.words or ()]


def run_case(contestant: str, wav: Path, model: str) -> Took:
    """One contestant on one sound, in this process."""
    hear = CONTESTANTS[contestant](wav, model)
    began, cpu = time.perf_counter(), time.process_time()
    words = hear()
    wall, cpu = time.perf_counter() - began, time.process_time() - cpu
    return Took(wall, cpu, high_water().own / MEGABYTE, words)


def _apart(contestant: str, wav: Path, model: str) -> Took:
    """The same in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.transcription", "--case", contestant, str(wav), model],
        check=True,
        capture_output=True,
        text=True,
    )
    return Took(*json.loads(done.stdout.splitlines()[-1]))


class Contest(NamedTuple):
    """All cases of one file."""

    name: str
    seconds: float
    truth: Words | None
    took: dict[str, list[Took]]

    def ratio(self, contestant: str, figure: str) -> float:
        """Ours against a contestant, the median over the rounds; below 1 we are faster."""
        pairs = zip(self.took[OURS], self.took[contestant], strict=True)
        return median(getattr(own, figure) / getattr(other, figure) for own, other in pairs)

    def wrong(self, contestant: str) -> float | None:
        """Share of the true words that are wrong; None where nobody wrote them down."""
        if self.truth is None:
            return None
        told = tokens(" ".join(self.took[contestant][0].words))
        return Levenshtein.distance(told, self.truth) / len(self.truth)


def contest(files: Sequence[Path], model: str, rounds: int) -> list[Contest]:
    """Let all contestants hear all files."""
    with tempfile.TemporaryDirectory() as folder:
        contests, wavs = [], {}
        for file in files:
            recording = probe(file)
            wavs[file.stem] = wav = Path(folder, f"{file.stem}.wav")
            extract_sound(file, recording, wav, track=None, sample_rate=WHISPER_RATE, channels=1)
            true = file.with_suffix(".ref.txt")
            truth = tokens(true.read_text(encoding="utf-8")) if true.is_file() else None
            contests.append(Contest(file.stem, float(recording.duration), truth, {}))
        for number in range(rounds):
            order = list(CONTESTANTS) if number % 2 == 0 else list(reversed(CONTESTANTS))
            for each in contests:
                for contestant in order:
                    each.took.setdefault(contestant, []).append(_apart(contestant, wavs[each.name], model))
        return contests


def print_contests(console: Console, head: Sequence[str], contests: Sequence[Contest], box: Box) -> None:
    """A table: seconds for each second of sound, and ours against each."""
    for line in head:
        console.print(line, soft_wrap=True, highlight=False)
    table = Table(box=box, pad_edge=False)
    headings = (
        "sound",
        "who",
        "wall s a second",
        "CPU s a second",
        "ours against it",
        "in CPU",
        "wrong words",
        "peak MB",
    )
    for heading in headings:
        table.add_column(heading, justify="left" if heading in ("sound", "who") else "right")
    for each in contests:
        for name in CONTESTANTS:
            took = each.took[name]
            wrong = each.wrong(name)
            table.add_row(
                f"{each.name}, {each.seconds:.0f} s",
                name,
                *(f"{median(getattr(one, figure) for one in took) / each.seconds:.4f}" for figure in ("wall", "cpu")),
                *(f"{each.ratio(name, figure):.2f}" for figure in ("wall", "cpu")),
                "" if wrong is None else f"{wrong:.1%}",
                f"{max(one.memory for one in took):.0f}",
            )  # fmt: skip
    console.print(table)


def main() -> int:
    """Print the table, or run one case."""
    if sys.argv[1:2] == ["--case"]:
        contestant, wav, model = sys.argv[2:5]
        sys.stdout.write(json.dumps(run_case(contestant, Path(wav), model)) + "\n")
        return 0
    parser = argparse.ArgumentParser(prog="python -m benchmarks.transcription", description=__doc__)
    parser.add_argument("files", metavar="FILE", nargs="+", type=Path)
    parser.add_argument("--model", default="base", help="base or tiny.en (default: base)")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument(
        "--page", type=Path, help="write the table into this page, such as docs/performance.md"
    )
    asked = parser.parse_args()
    if missing := [file for file in asked.files if not file.is_file()]:
        parser.error(f"there is no '{missing[0]}'")
    circumstance = made(datetime.now(UTC), quick=False, handicap={})
    contests = contest(asked.files, asked.model, asked.rounds)
    hardware = describe_hardware(Path(tempfile.gettempdir()))
    head = (
        f"{hardware.cpu}, {hardware.ram}",
        circumstances(circumstance),
        f"model {asked.model}, {BEAMS} beams, word times, rounds: {asked.rounds}",
    )
    print_contests(Console(), head, contests, SIMPLE_HEAD)
    if asked.page:
        write_page(asked.page, SECTION, lambda into, box: print_contests(into, head, contests, box))
    return 0


if __name__ == "__main__":
    sys.exit(main())
