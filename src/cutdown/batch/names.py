"""Where things lie in a destination, and what they are known by.

The index lies in a folder of its own. There a file's *name* carries what decides about a recording
(source, version and options, hashed), so that listing the names is enough to know what is done.
"""

from __future__ import annotations

import posixpath
from typing import Final, Literal

from cutdown.storage.place import Item
from cutdown.store import hash_key

INDEX: Final = ".cutdown"
Shelf = Literal["done", "failed", "unfinished", "content", "leases"]
"""done: a recording in this form has its result. failed: trying again cannot help. unfinished: it
may. content: one manifest for each distinct content. leases: who works on what now."""


def item_key(source_url: str, item: Item, options: str) -> str:
    """What a file of a source in its present form is known by, for these options; 32 hexadecimal digits.

    Args:
        source_url: the place that the item's name is relative to.
        item: the file.
        options: see `cutdown.batch.wishes.options_key`.
    """
    return hash_key("item", f"{source_url.rstrip('/')}/{item.name}", item.tag, item.size, options)[:32]


def content_key(sha256: str, options: str) -> str:
    """What bytes are known by, for these options, whatever they are called and wherever they lie."""
    return hash_key("content", sha256, options)[:32]


def shelf(kind: Shelf, key: str = "") -> str:
    """The name of an index entry; without a key, the beginning of all such names."""
    return f"{INDEX}/{kind}/{key}.json" if key else f"{INDEX}/{kind}/"


def key_in(name: str) -> tuple[str, str] | None:
    """The shelf and the key that an index entry's name carries; None for another name."""
    parts = name.split("/")
    if len(parts) != 3 or parts[0] != INDEX or not parts[2].endswith(".json"):
        return None
    return parts[1], parts[2].removesuffix(".json")


def folder_of(source_name: str) -> str:
    """The folder in which all results of a recording lie: its name, ending included, so that no two share one."""
    return source_name


def way_back(source: str, name: str, dest: str, folder: str) -> str:
    """How a page in a result's folder reaches the recording: by a relative path within one bucket or one
    machine, else by its address.
    """
    recording, page = f"{source}/{name}", f"{dest}/{folder}"
    if recording.split("/")[:3] == page.split("/")[:3] or not ("://" in recording or "://" in page):
        return posixpath.relpath(recording.partition("://")[2] or recording, page.partition("://")[2] or page)
    return recording


def result_folder(source_name: str, content: str, turn: int) -> str:
    """The folder of one result.

    Every turn at a content has a folder of its own: a holder who lost its lease without knowing
    can then spoil nothing that another one published.

    Args:
        source_name: the recording.
        content: see `content_key`.
        turn: the lease's turn, from 1.
    """
    return f"{folder_of(source_name)}/{content[:12]}" + (f".{turn}" if turn > 1 else "")
