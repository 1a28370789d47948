"""From what a user writes to a place: ``s3://bucket/prefix``, or the path of a folder."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final
from urllib.parse import unquote, urlsplit

from cutdown.errors import UsageError
from cutdown.storage.access import access_to
from cutdown.storage.folder import FolderPlace
from cutdown.storage.place import TidyPlace

_SCHEME: Final = re.compile(r"^([A-Za-z][A-Za-z0-9+.-]+)://")
_BUCKET: Final = re.compile(r"^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$")  # as S3 names them


def open_place(url: str | Path) -> TidyPlace:
    """The place that a user means; nothing is asked of any service yet.

    Args:
        url: ``s3://bucket/prefix``, ``file:///path``, or a path.

    Raises:
        UsageError: it is none of these.
    """
    text = str(url)
    scheme = _SCHEME.match(text)
    if not scheme:
        if not text.strip():
            raise UsageError("an empty name is no place; give a folder or s3://bucket/prefix")
        return FolderPlace(Path(text))
    parts = urlsplit(text)
    if scheme[1] == "file" and parts.netloc in ("", "localhost"):
        return FolderPlace(Path(unquote(parts.path)))
    if scheme[1] != "s3":
        raise UsageError(
            f"places of the kind '{scheme[1]}://' are not known; give a folder or s3://bucket/prefix"
        )
    bucket, _, prefix = text.removeprefix("s3://").partition("/")
    if "@" in bucket:
        raise UsageError(
            "a place's name holds no keys; give s3://bucket/prefix, and keys as docs/storage.md says"
        )
    if not _BUCKET.match(bucket):
        raise UsageError(f"'{bucket}' is not a bucket's name; give s3://bucket/prefix")
    from cutdown.storage.bucket import S3Place

    return S3Place(bucket, prefix, access_to(bucket))
