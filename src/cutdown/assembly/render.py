"""From a timeline to the finished video: picture and sound made side by side, then put together."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Final

from cutdown.assembly.audio_file import SoundMade, make_sound
from cutdown.assembly.encoder_options import encoder_options, option_words
from cutdown.assembly.engines import Drawn, engine_named
from cutdown.assembly.loudness import Loudness
from cutdown.assembly.mux import Chapter, mux
from cutdown.assembly.picture_format import picture_format
from cutdown.assembly.piece_writer import try_encoder
from cutdown.assembly.pyav_engine import timescale
from cutdown.errors import UsageError
from cutdown.heap import keep_few_arenas
from cutdown.media import ffmpeg
from cutdown.narration import Narration
from cutdown.progress import Progress, unheard
from cutdown.recording import Recording
from cutdown.settings import RenderOptions
from cutdown.signals import Signals
from cutdown.store import Store
from cutdown.timeline import Timeline

_SOUND_SHARE: Final = 0.1  # of the work, as a rule


@dataclass(frozen=True)
class Rendered:
    """The finished file, and what it took in measured wall seconds."""

    path: Path
    width: int
    """0 where there is no picture."""
    height: int
    cfr_conversion_time: float
    clip_creation_time: float
    rendering_time: float
    sound_time: float
    """Mixing, levelling and encoding the sound, beside the picture; within ``rendering_time``."""
    loudness: Loudness | None
    """Of the encoded sound; None where there is none, or it came from the store."""


def try_options(recording: Recording, options: RenderOptions, rate: Fraction) -> None:
    """See that the engine and the encoder work with these options, before anything else costs time.

    Raises:
        UsageError: the engine or the encoder is not there, or an option does not fit.
    """
    engine_named(options.engine)
    if recording.picture is None:
        return
    picture = picture_format(recording.picture, options, rate)
    if options.engine == "pyav":
        try_encoder(picture)
    else:
        words = option_words(encoder_options(picture))
        ffmpeg.try_encoder(picture.encoder, words, (picture.width, picture.height))


def render(
    source: Path,
    recording: Recording,
    timeline: Timeline,
    narration: Narration | None,
    signals: Signals,
    options: RenderOptions,
    store: Store,
    *,
    chapters: Sequence[Chapter] = (),
    title: str | None = None,
    language: str | None = None,
    track: int | None,
    scratch: Path,
    progress: Progress = unheard,
) -> Rendered:
    """Make the output of a timeline.

    Args:
        source: the recording's file; only read.
        recording: its description.
        timeline: what is shown and heard.
        narration: the lines that the timeline's sounds speak of.
        signals: the recording's silences and its level of speech.
        options: size, quality, encoder, loudness.
        store: keeps finished pieces, for a changed plan or an interrupted run.
        chapters: named stretches of the output.
        title: of the file's metadata.
        language: of what is spoken, ISO 639-1.
        track: the sound track that is used; the default one where None.
        scratch: an existing folder; the result is put there.
        progress: told the share done.

    Returns:
        The finished MP4, with sound alone where the recording has no picture.

    Raises:
        MediaError: the recording cannot be read.
        UsageError: the encoder is not there, or there is nothing to render.
        RenderError: a library or a program failed.
    """
    begun = time.perf_counter()
    keep_few_arenas()
    picture = None
    if recording.picture is not None:
        picture = picture_format(recording.picture, options, timeline.rate)
    if picture is None and not timeline.sounds:
        raise UsageError(f"'{recording.name}' has neither picture nor sound to render")
    both = _Both(progress, has_picture=picture is not None, has_sound=bool(timeline.sounds))
    drawn, sound, sound_time = Drawn(0.0, 0.0, 0.0), None, 0.0

    def heard() -> tuple[SoundMade, float]:
        start = time.perf_counter()
        made = make_sound(
            source, recording, timeline, narration, signals, options, store,
            track=track, scratch=scratch, progress=both.sound,
        )  # fmt: skip
        return made, time.perf_counter() - start

    with ThreadPoolExecutor(1, thread_name_prefix="sound") as pool:
        sounding = pool.submit(heard) if timeline.sounds else None
        if picture is not None:
            drawn = engine_named(options.engine).draw(
                source, recording, timeline, picture, scratch / "picture.mp4",
                store=store, scratch=scratch, progress=both.picture,
            )  # fmt: skip
        if sounding is not None:
            sound, sound_time = sounding.result()
    target = scratch / "finished.mp4"
    mux(
        target,
        picture=scratch / "picture.mp4" if picture is not None else None,
        sound=store.path(sound.ref) if sound is not None else None,
        timescale=timescale(timeline.rate),
        chapters=chapters,
        metadata=_metadata(title, timeline, narration),
        language=language,
    )
    progress(1.0)
    return Rendered(
        path=target,
        width=picture.width if picture is not None else 0,
        height=picture.height if picture is not None else 0,
        cfr_conversion_time=drawn.cfr_conversion_time,
        clip_creation_time=drawn.clip_creation_time,
        rendering_time=time.perf_counter() - begun - drawn.cfr_conversion_time - drawn.clip_creation_time,
        sound_time=sound_time,
        loudness=sound.loudness if sound is not None else None,
    )


class _Both:
    """Joins the progress of picture and sound into one that never goes back."""

    def __init__(self, progress: Progress, *, has_picture: bool, has_sound: bool) -> None:
        weight = _SOUND_SHARE if has_picture else 1.0
        self._weights = (1.0 - weight if has_sound else 1.0, weight if has_sound else 0.0)
        self._shares = [0.0, 0.0]
        self._progress = progress
        self._lock = threading.Lock()
        self.picture: Callable[[float], None] = lambda share: self._note(0, share)
        self.sound: Callable[[float], None] = lambda share: self._note(1, share)

    def _note(self, which: int, share: float) -> None:
        with self._lock:
            self._shares[which] = max(self._shares[which], share)
            self._progress(sum(w * s for w, s in zip(self._weights, self._shares, strict=True)))


def _metadata(title: str | None, timeline: Timeline, narration: Narration | None) -> dict[str, str]:
    """Tags of the file; they say that it was edited, and whether a synthetic voice is in it."""
    comment = "Edited from a longer recording by Cutdown."
    if narration is not None and any(sound.kind == "narration" for sound in timeline.sounds):
        comment += f" Contains synthetic speech (voice '{narration.voice}', {narration.provider})."
    return {"comment": comment, **({"title": title} if title else {})}
