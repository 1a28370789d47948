"""The signals of a recording: silence and speech by ear, stillness by eye."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from cutdown.media.hums import find_hums
from cutdown.media.silence import hear
from cutdown.media.stillness import watch
from cutdown.progress import Progress, unheard
from cutdown.recording import Recording
from cutdown.signals import ScreenSpan, Signals
from cutdown.timebase import Seconds, Span

_LEAST_SPEECH: Final = 1.0  # seconds; with less, the screen alone decides


def measure_signals(
    path: Path, recording: Recording, wav16k: Path | None, *, progress: Progress = unheard
) -> Signals:
    """Measure silence, speech and stillness.

    Args:
        path: the recording's file.
        recording: what the probe found.
        wav16k: its sound as 16-bit mono WAV at 16 kHz, sample 0 at the recording's start; None
            where there is no sound.
        progress: told the share done.

    Raises:
        MediaError: when picture or sound cannot be read.
    """
    hearing = None if wav16k is None else hear(wav16k, lambda share: progress(share / 2))
    limit = recording.duration
    silences = () if hearing is None else _within(hearing.silences, limit)
    speech = () if hearing is None else _within(hearing.speech, limit)
    hums = () if wav16k is None else find_hums(wav16k, silences)
    spoken = sum(float(span.duration) for span in speech) >= _LEAST_SPEECH
    screen: tuple[ScreenSpan, ...] = ()
    if recording.picture is not None:
        screen = watch(
            path,
            recording.picture,
            float(limit),
            [(float(s.start), float(s.end)) for s in silences] if spoken else None,
            lambda share: progress(0.5 + share / 2),
        )
    progress(1.0)
    return Signals(
        duration=limit,
        noise_floor_db=None if hearing is None else hearing.noise_floor_db,
        speech_level_db=None if hearing is None else hearing.speech_level_db,
        silences=silences,
        speech=speech,
        clicks=() if hearing is None else tuple(click for click in hearing.clicks if click < limit),
        hums=hums,
        screen=screen,
    )


def _within(spans: tuple[Span, ...], duration: Seconds) -> tuple[Span, ...]:
    """The spans as far as they lie within the recording."""
    return tuple(
        Span(start=span.start, end=min(span.end, duration)) for span in spans if span.start < duration
    )
