"""Plans, narration and signals made by hand, to be fitted."""

from __future__ import annotations

from fractions import Fraction

from cutdown.narration import Narration, NarrationLine
from cutdown.plan import EditAction, EditPlan
from cutdown.recording import AudioTrack, Picture, Recording
from cutdown.signals import ScreenSpan, Signals
from cutdown.store import Ref
from cutdown.timebase import SAMPLE_RATE, Span
from cutdown.timeline import Timeline

RATE = Fraction(30)


def recording(duration: float = 60, *, sound: bool = True, picture: bool = True) -> Recording:
    shown = Picture(
        stream_index=0,
        codec="h264",
        pixel_format="yuv420p",
        width=640,
        height=360,
        display_width=640,
        display_height=360,
        pixel_aspect=Fraction(1),
        rate=RATE,
        variable_rate=False,
        frames=round(duration * 30),
        start=Fraction(0),
    )
    track = AudioTrack(order=0, stream_index=1, codec="aac", sample_rate=48000, channels=2, start=Fraction(0))
    return Recording(
        sha256="a" * 64,
        name="talk.mp4",
        size_bytes=1,
        container="mp4",
        duration=duration,
        picture=shown if picture else None,
        audio=(track,) if sound else (),
    )


def signals(
    duration: float = 60,
    *,
    silences: list[tuple[float, float]] | None = None,
    still: list[tuple[float, float]] | None = None,
    speech: list[tuple[float, float]] | None = None,
) -> Signals:
    screen, at = [], 0.0
    for start, end in still or []:
        if start > at:
            screen.append(ScreenSpan(start=at, end=start, still=False, changed=0.2))
        screen.append(ScreenSpan(start=start, end=end, still=True, changed=0))
        at = end
    if at < duration:
        screen.append(ScreenSpan(start=at, end=duration, still=False, changed=0.2))
    return Signals(
        duration=duration,
        noise_floor_db=-60,
        speech_level_db=-20,
        silences=tuple(Span(start=a, end=b) for a, b in silences or []),
        speech=tuple(Span(start=a, end=b) for a, b in speech or []),
        screen=tuple(screen),
    )


def plan(*actions: tuple) -> EditPlan:
    """Actions as (type, length in s, factor or narration)."""
    made, at = [], Fraction(0)
    for index, (kind, length, *rest) in enumerate(actions):
        end = at + Fraction(str(length))
        extra = {}
        if kind == "speedup":
            extra["factor"] = rest[0]
            extra["narration"] = rest[1] if len(rest) > 1 else None
        if kind == "rewrite":
            extra["narration"] = rest[0] if rest else "Some words."
        made.append(EditAction(id=f"a{index}", type=kind, start=at, end=end, reason="test", **extra))
        at = end
    return EditPlan(recording_sha256="a" * 64, duration=at, director="person", actions=tuple(made))


def narration(edits: EditPlan, *lines: tuple[tuple[str, ...], float]) -> Narration:
    texts = {action.id: action.narration for action in edits.actions}
    made = tuple(
        NarrationLine(
            actions=ids,
            text=" ".join(texts[name] or "" for name in ids),
            spoken="x",
            sound=Ref(sha256="0" * 64, size=1, suffix=".wav"),
            samples=round(seconds * SAMPLE_RATE),
        )
        for ids, seconds in lines
    )
    return Narration(provider="hibari", voice="heart", language="en", lines=made)


def levers(timeline: Timeline) -> list[str]:
    return [fit.lever for fit in timeline.fits]
