"""``python -m benchmarks.rates DIR [TABLE ...]``: what another setting would save, measured.

The figures in ``src/cutdown/advice/rates.yaml`` come from here. DIR holds ``speech/NAME.*`` with the
true words in ``speech/NAME.ref.txt``, and recordings in ``video/``. Every case runs in a process of
its own, so that its memory is its own; shares are of CPU seconds, which another program on the
machine disturbs least. Prints one table a setting (speech, engine, lines, more-lines, preset), the
median over the recordings.
"""

from __future__ import annotations

import argparse
import json
import subprocess  # noqa: TID251  # a case's memory is measured in a process of its own
import sys
import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from fractions import Fraction
from pathlib import Path
from statistics import median
from typing import Any, Final

from rapidfuzz.distance import Levenshtein
from rich.console import Console
from rich.table import Table

from cutdown import phases
from cutdown.narration import Narration
from cutdown.plan import EditAction, EditPlan
from cutdown.services.choices import Choice
from cutdown.services.terms import Terms
from cutdown.settings import RenderOptions, SpeechOptions
from cutdown.signals import ScreenSpan, Signals
from cutdown.store import Store
from cutdown.timebase import Span
from cutdown.transcript import Transcript
from cutdown.verify.wording import tokens

SPEECH: Final = ("columbia.wma", "jfk.flac", "sonnet.mp3")
SCREENS: Final = ("screen_lazy-execution.mp4", "screen_mcp-server.mp4", "talking_720p30.mp4")
LARGE: Final = ("screen_lazy-execution.mp4", "screen_mcp-server.mp4")  # 1080 lines
LARGER: Final = ("screen_remote-storage.mp4",)  # 1520 lines
SECONDS: Final = 4  # of picture a case: about a hundred frames tell settings apart
PRESETS: Final = ("superfast", "veryfast", "faster", "fast", "medium", "slow", "slower", "veryslow")


def listen(path: Path, model: str) -> dict[str, float]:
    """Transcribe, and count the words that are wrong."""
    with tempfile.TemporaryDirectory() as folder:
        store = Store(Path(folder))
        recording = phases.examine(store, path)
        heard = phases.ingest(
            store,
            source=path,
            recording=recording,
            options=SpeechOptions(transcriber="", whisper_model=model, language="en"),
            choices=(Choice(provider="local"),),
            terms=Terms(),
        )
        words = Transcript.model_validate_json(store.read_text(heard.transcript)).text()
    told, true = tokens(words), tokens(path.with_suffix(".ref.txt").read_text(encoding="utf-8"))
    record = heard.record
    return {
        "cpu": record.cpu_seconds,
        "memory": record.peak_memory_mb,
        "words": len(true),
        "wrong": Levenshtein.distance(told, true),
    }


def draw(path: Path, options: Mapping[str, Any]) -> dict[str, float]:
    """Render the first `SECONDS` of the picture as they are."""
    with tempfile.TemporaryDirectory() as folder:
        store = Store(Path(folder))
        recording = phases.examine(store, path).model_copy(update={"audio": ()})
        whole = recording.duration
        shown = min(Fraction(SECONDS), whole)
        keep = EditAction(id="a1", type="keep", start=Fraction(0), end=shown, reason="shown")
        cut = EditAction(id="a2", type="cut", start=shown, end=whole, reason="long enough")
        plan = EditPlan(
            recording_sha256=recording.sha256,
            duration=whole,
            director="by-hand/1",
            actions=(keep, cut) if shown < whole else (keep,),
        )
        silent = Signals(
            duration=whole,
            noise_floor_db=None,
            speech_level_db=None,
            silences=(Span(start=Fraction(0), end=whole),),
            speech=(),
            screen=(ScreenSpan(start=Fraction(0), end=whole, still=False, changed=0.5),),
        )
        unheard = Transcript(language="und", model="none", duration=whole, words=(), segments=())
        unsaid = Narration(provider="hibari", voice="heart", language="en", lines=())
        record = phases.assemble(
            store,
            source=path,
            recording=recording,
            transcript=store.put_text(unheard.model_dump_json()),
            signals=store.put_text(silent.model_dump_json()),
            plan=store.put_text(plan.to_json()),
            narration=store.put_text(unsaid.model_dump_json()),
            options=RenderOptions.model_validate(options),
            audio_track=None,
        ).record
    return {"cpu": record.cpu_seconds, "memory": record.peak_memory_mb, "size": record.output_video_size_mb}


def apart(kind: str, path: Path, given: object) -> dict[str, float]:
    """The same in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.rates", "--case", kind, str(path), json.dumps(given)],
        check=True,
        capture_output=True,
        text=True,
    )
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def compared(
    paths: Sequence[Path], settings: Iterable[str], best: str, case: Callable[[Path, str], dict[str, float]]
) -> Table:
    """A table: what ``best`` saves against each other setting."""
    table = Table(title=f"{best} saves", box=None, header_style="bold")
    for heading in ("instead of", "CPU %", "memory MB", "size x", "wrong words % (its own)"):
        table.add_column(heading, justify="left" if heading == "instead of" else "right")
    taken = {(path, name): case(path, name) for name in (best, *settings) for path in paths}
    for name in (best, *settings):
        pairs = [(taken[path, best], taken[path, name]) for path in paths]
        words = sum(other.get("words", 0) for _, other in pairs)
        table.add_row(
            name,
            f"{100 * median(1 - new['cpu'] / old['cpu'] for new, old in pairs):.1f}",
            f"{median(old['memory'] - new['memory'] for new, old in pairs):.0f}",
            f"{median(new['size'] / old['size'] for new, old in pairs):.2f}" if "size" in pairs[0][0] else "",
            f"{100 * sum(old['wrong'] for _, old in pairs) / words:.2f}" if words else "",
        )
    return table


def main() -> int:
    """Print every table, or run one case."""
    if sys.argv[1:2] == ["--case"]:
        kind, path, given = sys.argv[2:5]
        work: dict[str, Callable[[Path, Any], dict[str, float]]] = {"listen": listen, "draw": draw}
        sys.stdout.write(json.dumps(work[kind](Path(path), json.loads(given))) + "\n")
        return 0
    parser = argparse.ArgumentParser(prog="python -m benchmarks.rates", description=__doc__)
    parser.add_argument("folder", metavar="DIR", type=Path)
    parser.add_argument("tables", metavar="TABLE", nargs="*")
    asked = parser.parse_args()
    folder: Path = asked.folder
    console = Console(width=100)

    def drawn(change: str) -> Callable[[Path, str], dict[str, float]]:
        return lambda path, name: apart("draw", path, {change: name} if name != "its own" else {})

    def named(names: Sequence[str]) -> list[Path]:
        return [folder / "video" / name for name in names]

    def heard(path: Path, name: str) -> dict[str, float]:
        return apart("listen", path, name)

    speech = [folder / "speech" / name for name in SPEECH]
    tables = {
        "speech": lambda: compared(speech, ["base"], "tiny.en", heard),
        "engine": lambda: compared(named(SCREENS), ["ffmpeg", "moviepy"], "pyav", drawn("engine")),
        "lines": lambda: compared(named(LARGE), ["its own"], "720p", drawn("resolution")),
        "more-lines": lambda: compared(named(LARGER), ["its own"], "720p", drawn("resolution")),
        "preset": lambda: compared(named(SCREENS), PRESETS[1:], "superfast", drawn("preset")),
    }
    if unknown := [name for name in asked.tables if name not in tables]:
        parser.error(f"there is no table '{unknown[0]}'; choose from {', '.join(tables)}")
    wanted = [*speech, *named([*SCREENS, *LARGE, *LARGER])]
    if missing := [path for path in wanted if not path.is_file()]:
        parser.error(f"there is no '{missing[0]}'")
    for name in asked.tables or tables:
        console.print(tables[name]())
    return 0


if __name__ == "__main__":
    sys.exit(main())
