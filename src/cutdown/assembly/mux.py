"""Puts picture and sound into the one file that people get."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from fractions import Fraction
from heapq import merge
from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol

import av
from av.container import OutputContainer
from av.packet import Packet
from av.stream import Stream

from cutdown.assembly.language_codes import three_letters
from cutdown.store import write_whole

if TYPE_CHECKING:
    from av.container.core import Chapter as ContainerChapter

_MILLI: Final = Fraction(1, 1000)


class Chapter(Protocol):
    """A named stretch of the output."""

    @property
    def start(self) -> Fraction:
        """Seconds of the output."""
        ...

    @property
    def end(self) -> Fraction:
        """Seconds of the output."""
        ...

    @property
    def title(self) -> str:
        """What a player shows."""
        ...


def mux(
    target: Path,
    *,
    picture: Path | None,
    sound: Path | None,
    timescale: int,
    chapters: Sequence[Chapter] = (),
    metadata: dict[str, str],
    language: str | None = None,
) -> None:
    """Copy the tracks of one or two files into one MP4, index first.

    Nothing is encoded: packets keep their times. Sound whose first packet lies before time 0
    (an encoder's priming) gets an edit list, so that both tracks begin together.

    Args:
        target: the file; there whole or not at all.
        picture: file with a video track; None for sound alone.
        sound: file with a sound track; None for a silent film.
        timescale: ticks a second of the video track.
        chapters: in order.
        metadata: tags of the file, such as ``title``.
        language: of what is spoken, ISO 639-1.
    """
    options = {"movflags": "+faststart", "video_track_timescale": str(timescale)}
    with write_whole(target) as temporary, ExitStack() as stack:
        out = stack.enter_context(av.open(str(temporary), "w", format="mp4", options=options))
        out.metadata.update(metadata)
        queues = []
        for path, kind in ((picture, "video"), (sound, "audio")):
            if path is not None:
                given = stack.enter_context(av.open(str(path)))
                stream: Stream = getattr(given.streams, kind)[0]
                track = out.add_stream_from_template(stream, opaque=True)
                if language:
                    track.metadata["language"] = three_letters(language)
                queues.append(_packets(stream, track))
        if chapters:
            out.set_chapters([_chapter(number, chapter) for number, chapter in enumerate(chapters)])
        _write(out, queues)


def _write(out: OutputContainer, queues: Sequence[Iterator[tuple[Fraction, int, Packet[Stream]]]]) -> None:
    for _, _, packet in merge(*queues, key=lambda entry: entry[:2]):
        out.mux(packet)


def _packets(stream: Stream, track: Stream) -> Iterator[tuple[Fraction, int, Packet[Stream]]]:
    """A track's packets with their times, made over to the output."""
    for packet in stream.container.demux(stream):  # type: ignore[attr-defined]
        if packet.size:
            moment = packet.dts * packet.time_base
            packet.stream = track
            yield moment, track.index, packet


def _chapter(number: int, chapter: Chapter) -> ContainerChapter:
    return {
        "id": number + 1,
        "start": round(chapter.start / _MILLI),
        "end": round(chapter.end / _MILLI),
        "time_base": _MILLI,
        "metadata": {"title": chapter.title},
    }
