"""What a file of a place may be called: the same for folders and buckets, and never a way out."""

from __future__ import annotations

import re
from typing import Final

from cutdown.errors import UsageError
from cutdown.files import UNFINISHED

_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f]")
LONGEST: Final = 1024  # bytes of UTF-8: the longest key of S3


def is_name(name: str) -> bool:
    """Whether a file may be called so: parts between single ``/``, none of them ``.``, ``..`` or a temporary's."""
    parts = name.split("/")
    if any(part in ("", ".", "..") or part.startswith(UNFINISHED) for part in parts):
        return False
    try:
        length = len(name.encode())
    except UnicodeEncodeError:  # a file name that is not UTF-8
        return False
    return length <= LONGEST and not _CONTROL.search(name)


def checked(name: str) -> str:
    """The name itself.

    Raises:
        UsageError: no file of a place can be called so.
    """
    if not is_name(name):
        raise UsageError(
            f"{name!r} is not a name within a folder or bucket; use parts separated by '/', without '..' or an empty part"
        )
    return name
