"""``python -m benchmarks.flame_graph``: a picture of where the time of a whole run goes, all its threads.

py-spy looks at every thread of the run twenty times a second. A thread that waits for another is left out; one that waits
for an ffmpeg, or for Whisper's own threads, stands for their work. Of each stack the program's own calls are shown, and the
first two of a library that they end in. The temporary Prefect server is a program of its own, and not in the picture.
"""

from __future__ import annotations

import argparse
import colorsys
import re
import subprocess  # noqa: TID251  # the run is watched from outside
import sys
import tempfile
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from html import escape
from pathlib import Path
from typing import Final, Self

from benchmarks.machine import ROOT
from benchmarks.standard_videos import StandardVideo, take
from cutdown.errors import CutdownError, RenderError
from cutdown.settings import HOME_VARIABLE, STORE_VARIABLE, child_environment
from cutdown.store import write_whole

_RATE: Final = 20  # looks a second
_OURS: Final = re.compile(r" \(((cutdown|flows|tasks)/)")
_WAITING: Final = re.compile(
    r"^(Condition\.wait|Thread\._wait_for_tstate_lock|EpollSelector\.select|PollSelector\.select|_worker|Popen\._try_wait"
    r"|SyncStream\.read|SocketIO\.readinto|_Server\._wait_until_it_answers|.*heartbeat_loop) \("
)
_PROGRAM_AT_WORK: Final = re.compile(r" \(cutdown/media/ffmpeg\.py\)")
_LIBRARY_CALLS: Final = 2
_SMALLEST: Final = 0.004  # of the whole; narrower calls are left white
_WIDTH, _ROW, _LETTER, _MARGIN = 1200, 18, 6.7, 10  # pixels of the picture
_HUES: Final = {"ours": 0.08, "library": 0.55, "prefect": 0.78}
_KEYS: Final = {"ours": "Cutdown", "library": "libraries and Python", "prefect": "Prefect"}


@dataclass
class Call:
    """A call, the looks at which it was under way, and what it called."""

    name: str
    looks: int = 0
    calls: dict[str, Call] = field(default_factory=dict)

    def add(self, names: Sequence[str], looks: int) -> None:
        """Count a stack, outermost call first."""
        self.looks += looks
        if names:
            self.calls.setdefault(names[0], Call(names[0])).add(names[1:], looks)

    @classmethod
    def of(cls, lines: Iterable[str]) -> Self:
        """From py-spy's raw form: calls divided by semicolons, outermost first, then the number of looks."""
        root = cls("the whole run")
        for line in lines:
            stack, _, looks = line.rpartition(" ")
            if names := list(_told(stack.split(";"))):
                root.add(names, int(looks))
        return root

    def without_small(self, least: float) -> Call:
        """The same without calls of fewer looks."""
        kept = {name: call.without_small(least) for name, call in self.calls.items() if call.looks >= least}
        return Call(self.name, self.looks, kept)

    @property
    def depth(self) -> int:
        """Rows that it takes with all below it."""
        return 1 + max((call.depth for call in self.calls.values()), default=0)


def _told(stack: Sequence[str]) -> Iterator[str]:
    """What is shown of a stack; nothing of a thread that waits."""
    calls = [call for call in stack if not call.startswith("process ")]
    ours = [at for at, call in enumerate(calls) if _OURS.search(call)]
    if not calls or (_WAITING.match(calls[-1]) and not any(map(_PROGRAM_AT_WORK.search, calls))):
        return
    if not ours:
        yield (
            "Prefect in the run" if any("prefect/" in call for call in calls) else "Python: start and imports"
        )
        return
    yield from (calls[at] for at in ours)
    yield from (call for call in calls[ours[-1] + 1 :][:_LIBRARY_CALLS] if "importlib" not in call)


def picture(root: Call) -> str:
    """The flame graph as an SVG, outermost call at the top; hovering over a call tells its share."""
    shown = root.without_small(_SMALLEST * root.looks)
    bottom = _MARGIN + shown.depth * _ROW
    boxes = "".join(_boxes(shown, root.looks, _MARGIN, _MARGIN))
    keys = "".join(
        _box(_MARGIN + 180 * place, bottom + _ROW, 170, _tint(group, 0.8), text, text)
        for place, (group, text) in enumerate(_KEYS.items())
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH + 2 * _MARGIN} {bottom + 2 * _ROW + _MARGIN}" '
        f'font-family="monospace" font-size="11"><rect width="100%" height="100%" fill="#fff"/>{boxes}{keys}</svg>\n'
    )


def _boxes(call: Call, whole: int, left: float, top: int) -> Iterator[str]:
    share = f"{call.looks / whole:.1%}"
    tint = _tint(
        _group(call.name), 0.78 + zlib.crc32(call.name.encode()) % 12 / 100
    )  # neighbours differ a little
    width = call.looks / whole * _WIDTH
    yield _box(left, top, width, tint, f"{_short(call.name)} {share}", f"{call.name}: {share}")
    for inner in sorted(call.calls.values(), key=lambda each: -each.looks):
        yield from _boxes(inner, whole, left, top + _ROW)
        left += inner.looks / whole * _WIDTH


def _box(left: float, top: int, width: float, tint: str, label: str, title: str) -> str:
    letters = int((width - 4) / _LETTER)
    shown = label if len(label) <= letters else label[: letters - 1] + "…" if letters > 3 else ""
    return (
        f'<g><title>{escape(title)}</title><rect x="{left:.1f}" y="{top}" width="{max(width - 0.5, 0.3):.1f}" '
        f'height="{_ROW - 1}" fill="{tint}"/><text x="{left + 2:.1f}" y="{top + 12}">{escape(shown)}</text></g>'
    )


def _short(name: str) -> str:
    """``listen, whisper`` for ``Whisper._all.<locals>.listen (cutdown/speech/whisper.py)``."""
    call, _, path = name.partition(" (")
    return f"{call.rsplit('.', 1)[-1]}, {Path(path.rstrip(')')).stem}" if path else call


def _group(name: str) -> str:
    return "ours" if _OURS.search(name) else "prefect" if "refect" in name else "library"


def _tint(group: str, lightness: float) -> str:
    red, green, blue = colorsys.hls_to_rgb(_HUES[group], lightness, 0.75)
    return "#" + "".join(f"{round(255 * part):02x}" for part in (red, green, blue))


def watched(recording: Path, folder: Path) -> Call:
    """Run the whole job on a recording, cold, and watch it.

    Raises:
        RenderError: it failed; its last words are in the message.
    """
    raw = folder / "stacks"
    spy = [str(Path(sys.executable).with_name("py-spy")), "record", "--idle", "--nolineno"]
    job = [sys.executable, "-m", "flows", "optimize", str(recording), "--out", str(folder / "out")]
    run = subprocess.run(
        [*spy, "--rate", str(_RATE), "--format", "raw", "--output", str(raw), "--", *job],
        cwd=ROOT,
        env=child_environment(
            **{HOME_VARIABLE: str(folder / "state"), STORE_VARIABLE: "", "PYTHONPATH": str(ROOT)}
        ),
        capture_output=True,
        text=True,
        check=False,
    )
    if not (folder / "out" / "certificate.json").exists():
        raise RenderError(f"the watched run failed: {' '.join(run.stderr.split())[-400:]}")
    return Call.of(raw.read_text(encoding="utf-8").splitlines())


def main() -> int:
    """Watch a run, draw the picture."""
    options = argparse.ArgumentParser(prog="python -m benchmarks.flame_graph", description=__doc__)
    options.add_argument("--minutes", type=float, default=5, help="length of the made recording (default: 5)")
    options.add_argument("--svg", type=Path, default=Path("flame-graph.svg"), help="where the picture goes")
    given = options.parse_args()
    seconds = round(given.minutes * 60)
    recording = take(StandardVideo(f"screencast-{seconds}", seconds, "screencast"))
    with tempfile.TemporaryDirectory() as folder:
        root = watched(recording, Path(folder))
    with write_whole(given.svg) as temporary:
        temporary.write_text(picture(root), encoding="utf-8")
    print(f"{given.svg}: {root.looks / _RATE:.0f} thread seconds at work")
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except CutdownError as error:
        sys.exit(f"error: {error}")
