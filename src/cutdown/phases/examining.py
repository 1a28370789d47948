"""Before the phases: what the recording is."""

from __future__ import annotations

from pathlib import Path

from cutdown.errors import UsageError
from cutdown.phases.accounts import VERSIONS
from cutdown.recording import Recording
from cutdown.store import Store, hash_key


def examine(store: Store, source: Path) -> Recording:
    """Describe the recording; a file that was not touched since is not hashed again.

    Raises:
        MediaError: the file cannot be read.
        UsageError: there is no such file.
    """
    from cutdown.media.probe import probe

    try:
        state = source.stat()
    except OSError as error:
        raise UsageError(f"cannot read '{source}': {error.strerror}; check the path") from error
    place = [str(source.absolute()), state.st_size, state.st_mtime_ns, state.st_ino]
    key = hash_key("probe", VERSIONS["probe"], place)
    if known := store.recall(key):
        return Recording.model_validate_json(store.read_text(known))
    recording = probe(source)
    store.remember(key, store.put_text(recording.model_dump_json()))
    return recording
