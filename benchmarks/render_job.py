"""``python -m benchmarks.render_job VIDEO FOLDER``: picture and sound of one timeline, as the last phase makes them.

FOLDER holds ``timeline.json``; its ``store`` keeps what was drawn, so that a second run there with another timeline
draws what is new. Prints one `Rendering` as JSON. With ``--certify`` the recording is a numbered one, and the output is
measured against its timeline too, after the clock has stopped.
"""

from __future__ import annotations

import sys
import tempfile
from fractions import Fraction
from pathlib import Path
from typing import Final

from benchmarks.numbered import Placed, place
from cutdown.assembly.picture_format import picture_format
from cutdown.assembly.pieces import split
from cutdown.assembly.render import render
from cutdown.certificate import Certificate
from cutdown.media.probe import probe
from cutdown.metrics import PerformanceMonitor
from cutdown.narration import Narration
from cutdown.settings import RenderOptions
from cutdown.signals import Signals
from cutdown.store import Store
from cutdown.timebase import Frozen, Span, sample_of_frame
from cutdown.timeline import Sound, Timeline
from cutdown.verify import verify

_SILENCES: Final = 40  # as many as are looked at for the room's tone
_SPEECH_LEVEL: Final = -24.0  # dBFS
_NOTHING_SAID: Final = Narration(provider="none", voice="none", language="en", lines=())


class Placement(Frozen):
    """What the certificate says of picture and sound, in the segments that it samples."""

    passed: bool
    picture: float | None
    """The largest distance of the picture from its plan, in frames; None where it could not be told."""
    sync: float | None
    """The largest distance of sound and picture, in milliseconds; likewise."""
    segments: int
    """Those in which both could be told."""
    frames: Placed
    """All frames of the output, by their numbers."""


class Rendering(Frozen):
    """What one render took."""

    wall: float
    """Seconds."""
    cpu: float
    """Seconds, of all processes."""
    memory: float
    """The most that all processes together held at once, in megabytes."""
    pieces: int
    """Pieces of the picture that were drawn, not found."""
    placed: Placement | None
    """None where nothing was certified."""


def with_sound(timeline: Timeline) -> Timeline:
    """The timeline with the recording's own sound where it is kept, and the room's where it is sped up."""
    sounds = []
    for segment in timeline.segments:
        first, end = (
            sample_of_frame(frame, timeline.rate) for frame in (segment.first_frame, segment.end_frame)
        )
        kept = segment.type == "keep"
        place = sample_of_frame(segment.source_frame, timeline.rate) if kept else 0
        kind = "recording" if kept else "room"
        sounds.append(Sound(kind=kind, first_sample=first, samples=end - first, source_sample=place))
    return timeline.model_copy(update={"sounds": tuple(sounds)})


def _signals(duration: Fraction) -> Signals:
    """Silences of a second, evenly spread: where they lie does not change what a render takes."""
    step = duration / (_SILENCES + 1)
    starts = [step * (number + 1) for number in range(_SILENCES)]
    return Signals(
        duration=duration,
        noise_floor_db=-60.0,
        speech_level_db=_SPEECH_LEVEL,
        silences=tuple(Span(start=start, end=min(start + 1, duration)) for start in starts),
        speech=(),
        screen=(),
    )


def _run(path: Path, folder: Path, *, certify: bool) -> Rendering:
    recording = probe(path)
    assert recording.picture is not None
    timeline = Timeline.model_validate_json((folder / "timeline.json").read_text(encoding="utf-8"))
    store = Store(folder / "store")
    options = RenderOptions()
    picture = picture_format(recording.picture, options, timeline.rate)
    keys = {piece.key(recording, picture) for piece in split(timeline)}
    missing = [key for key in keys if store.recall(key) is None]
    with tempfile.TemporaryDirectory(dir=folder) as scratch:
        with PerformanceMonitor(video_id=recording.sha256, run_id="benchmark").phase("render") as meter:
            rendered = render(
                path, recording, timeline, None, _signals(recording.duration), options, store,
                track=None, scratch=Path(scratch),
            )  # fmt: skip
        placed = None
        if certify:
            certificate = verify(
                rendered.path, path, recording, timeline, _NOTHING_SAID, (), options,
                store=store, language="en", scratch=Path(scratch),
            )  # fmt: skip
            placed = _placed(certificate, place(rendered.path, timeline))
    usage = meter.usage
    return Rendering(
        wall=meter.elapsed_seconds,
        cpu=usage.cpu_seconds,
        memory=usage.peak_memory_mb,
        pieces=len(missing),
        placed=placed,
    )


def _placed(certificate: Certificate, frames: Placed) -> Placement:
    picture, sound, sync = (certificate.check(name) for name in ("picture", "sound", "sync"))
    return Placement(
        passed=picture.passed and sound.passed and sync.passed,
        picture=_number(picture.value("largest")),
        sync=_number(sync.value("largest")),
        segments=int(_number(sync.value("measured")) or 0),
        frames=frames,
    )


def _number(value: float | str | None) -> float | None:
    return None if value is None else float(value)


def main() -> None:
    """Render, and print what it took."""
    words = [word for word in sys.argv[1:] if word != "--certify"]
    rendering = _run(Path(words[0]), Path(words[1]), certify="--certify" in sys.argv)
    print(rendering.model_dump_json())


if __name__ == "__main__":
    main()
