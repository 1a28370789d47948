"""All checks of one output, in order."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

from cutdown.beside import both
from cutdown.certificate import Certificate, Check
from cutdown.errors import MediaError, RenderError
from cutdown.media.sound import choose_track
from cutdown.narration import Narration
from cutdown.progress import Progress, part, unheard
from cutdown.recording import Recording
from cutdown.settings import RenderOptions
from cutdown.speech.whisper import listeners
from cutdown.store import Store, hash_file
from cutdown.timeline import Timeline
from cutdown.transcript import Word
from cutdown.verify.blanks import check_blanks
from cutdown.verify.hearing import Listen, Spoken
from cutdown.verify.listen import Heard, SourceSound, hear_output
from cutdown.verify.loudness import check_loudness
from cutdown.verify.packets import Tracks, read_packets
from cutdown.verify.placement import PicturePlace, Placements
from cutdown.verify.recogniser import recogniser
from cutdown.verify.reference import Reference
from cutdown.verify.sound_places import SoundPlace
from cutdown.verify.structure import check_structure
from cutdown.verify.sync import check_sync
from cutdown.verify.words import check_words


def verify(
    output: Path,
    source: Path,
    recording: Recording,
    timeline: Timeline,
    narration: Narration,
    expected_words: Sequence[Spoken],
    options: RenderOptions,
    *,
    store: Store,
    language: str,
    scratch: Path,
    track: int | None = None,
    listen: Listen | None = None,
    progress: Progress = unheard,
) -> Certificate:
    """Measure a finished video against its timeline.

    The file's own bytes are measured: its packets are counted, its sound is decoded once, its
    picture only around sampled cuts and where it may stand still, beside the listening. A check that fails is told in
    the certificate, not raised.

    Args:
        output: the video.
        source: the recording that it was made from.
        recording: what the recording is.
        timeline: what was planned.
        narration: the lines spoken anew.
        expected_words: what the plan says is spoken, in output time.
        options: the loudness and the peak that were asked for.
        store: holds the sound of the narration's lines.
        language: what is spoken (ISO 639-1).
        scratch: a folder for decoded sound, some 2 MB a minute.
        track: the source's sound track that was used, counted from 0; its default one where None.
        listen: the recogniser; the cheapest that suits the language where None.
        progress: told the share done.

    Raises:
        MediaError: the output or the source cannot be read at all.
        ModelError: the recogniser's weights are missing.
    """
    tracks = read_packets(output)
    chosen = choose_track(recording, track) if recording.audio else None
    packets = tracks.pictures[0] if tracks.pictures and len(tracks.pictures[0].ticks) else None
    placements = Placements(output, source, recording, timeline, narration, store, chosen)

    def look(tell: Progress) -> tuple[Sequence[PicturePlace], tuple[Check, ...]]:
        placed = placements.pictures(packets, part(tell, 0, 0.8))
        theirs = read_packets(source, recording.picture.stream_index) if recording.picture else None
        seen = theirs.pictures[0] if theirs and theirs.pictures else None
        return placed, check_blanks(output, source, recording, timeline, packets, seen, part(tell, 0.8, 1))

    def hear() -> tuple[Heard | None, Sequence[SoundPlace], Check]:
        heard = _hear(output, tracks, timeline, scratch, part(progress, 0.02, 0.3))
        placed = placements.sounds(heard)
        tell = part(progress, 0.3, 1)
        with ExitStack() as open_files:
            sound = open_files.enter_context(SourceSound(source, chosen.stream_index)) if chosen else None
            reference = Reference(timeline, sound, narration, store)
            if listen is None and heard and expected_words:
                ears, at_once = recogniser(language, scratch), listeners()
            else:
                ears, at_once = listen or _deaf, 1
            words = check_words(heard, expected_words, reference, timeline, ears, tell, at_once=at_once)
        return heard, placed, words

    (heard, sounds, words), (pictures, blanks) = both(hear, look)
    placed = placements.joined(pictures, sounds)
    checks = (
        check_structure(
            tracks, heard.samples if heard else None, timeline, has_picture=recording.picture is not None
        ),
        *check_sync(placed, timeline.rate, len(timeline.segments)),
        *check_loudness(heard, timeline.duration, options, speech=bool(expected_words)),
        *blanks,
        words,
    )
    progress(1.0)
    return Certificate(
        output=output.name,
        sha256=hash_file(output),
        passed=all(check.passed for check in checks),
        checks=checks,
    )


def _hear(
    output: Path, tracks: Tracks, timeline: Timeline, scratch: Path, progress: Progress
) -> Heard | None:
    if not tracks.sounds:
        return None
    try:
        return hear_output(output, scratch, timeline.duration, progress)
    except RenderError as error:
        raise MediaError(
            f"the sound of '{output.name}' cannot be decoded ({error}); render it again"
        ) from error


def _deaf(_samples: object, /) -> Sequence[Word]:
    """Stands in where there is nothing to listen for."""
    return ()
