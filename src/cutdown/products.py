"""What each phase leaves: references to files in the store, and its metrics record."""

from __future__ import annotations

from cutdown.metrics import AssemblyRecord, DirectorRecord, IngestRecord, PhaseRecord, VoiceRecord
from cutdown.store import Ref
from cutdown.timebase import Frozen
from cutdown.timeline import Chapter


class Ingested(Frozen):
    """What was heard and seen."""

    transcript: Ref
    signals: Ref
    waveform: Ref
    """JSON list of peaks, 0 to 1; empty without sound."""
    record: IngestRecord


class Directed(Frozen):
    """What was decided."""

    plan: Ref
    record: DirectorRecord


class Voiced(Frozen):
    """What was spoken anew."""

    narration: Ref
    sounds: tuple[Ref, ...]
    """Of its lines: without them the narration is of no use."""
    record: VoiceRecord


class Assembled(Frozen):
    """What was made, not yet checked."""

    video: Ref
    timeline: Ref
    srt: Ref
    vtt: Ref
    chapters: tuple[Chapter, ...]
    record: AssemblyRecord


def as_asked_for(result: Ingested | Directed | Voiced) -> bool:
    """Whether the provider that was asked for did the work, and not one after it."""
    return not result.record.downgrades


class Checked(Frozen):
    """What a look at the output found."""

    certificate: Ref
    passed: bool
    record: PhaseRecord
