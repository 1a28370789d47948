"""Whether a container is all there, and what ails one that cannot be read.

A file that was cut off in copying still opens when its index lies at the front; the index then
names bytes that the file does not have. That is exact, and costs no decoding.
"""

from __future__ import annotations

from pathlib import Path
from typing import BinaryIO, Final

from av.container import InputContainer

from cutdown.errors import MediaError

_SEGMENT: Final = b"\x18\x53\x80\x67"  # Matroska's one large element, RFC 9559 section 5.1
_HEADER: Final = 4096


def check_complete(container: InputContainer, path: Path, size: int) -> None:
    """Refuse a file that its own index or header says is longer.

    Args:
        container: the file, opened.
        path: where it lies, for its header and its name.
        size: its length in bytes.

    Raises:
        MediaError: with the share of the bytes that is there.
    """
    promised = 0
    if container.format.name.startswith("mov"):
        with path.open("rb") as file:
            fragmented = b"moof" in _boxes(file, size)
        if not fragmented:  # fragments are written to survive a crash: what is there counts
            promised = max((e.pos + e.size for s in container.streams for e in s.index_entries), default=0)
    elif container.format.name.startswith("matroska"):
        promised = _matroska_end(path)
    if promised > size:
        raise MediaError(
            f"'{path.name}' is cut off: {100 * size // promised} % of its data is there; copy or download it again "
            f"(to use what is there: ffmpeg -i '{path.name}' -c copy rescued{path.suffix})"
        )


def _matroska_end(path: Path) -> int:
    """The byte where the segment ends as its header says; 0 where it was written live and says nothing."""
    with path.open("rb") as file:
        head = file.read(_HEADER)
    at = head.find(_SEGMENT)
    if at < 0 or at + 12 > len(head):
        return 0
    first = head[at + 4]
    length = 9 - first.bit_length()  # the leading zeros of the first byte tell how many follow
    if not 1 <= length <= 8:
        return 0
    value = int.from_bytes(head[at + 4 : at + 4 + length], "big") & ((1 << 7 * length) - 1)
    unknown = (1 << 7 * length) - 1
    return 0 if value == unknown else at + 4 + length + value


def why_unreadable(path: Path) -> str:
    """One line on a file that no demuxer takes: its name, the fault, the remedy."""
    size = path.stat().st_size
    if size == 0:
        return f"'{path.name}' is empty (0 bytes); record, export or copy it again"
    with path.open("rb") as file:
        kinds = _boxes(file, size)
    if kinds and kinds[0] == b"ftyp" and b"moov" not in kinds:
        return (
            f"'{path.name}' breaks off before its index (an MP4 without 'moov'): recording or copying was interrupted; "
            "copy it again, or mend it with the program that recorded it"
        )
    return f"'{path.name}' is not a video or sound file that can be read; give a recording such as MP4, MOV, MKV or WebM"


def _boxes(file: BinaryIO, size: int) -> list[bytes]:
    """The kinds of an MP4's outer boxes, in order, as far as they lie in the file."""
    kinds: list[bytes] = []
    at = 0
    while at + 8 <= size and len(kinds) < 1000:
        file.seek(at)
        head = file.read(16)
        kinds.append(head[4:8])
        length = int.from_bytes(head[:4], "big")
        if length == 1:
            length = int.from_bytes(head[8:16], "big")
        if length < 8:
            break
        at += length
    return kinds
