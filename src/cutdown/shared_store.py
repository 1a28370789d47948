"""The store of many machines: what one has made, the others find.

Each machine keeps its own folder; a place (a bucket, or a folder on a network) holds what is worth sending:
results of phases with the files they point at, and answers that were paid for. Rendered pieces, phrases of local voices and probes
stay where they were made: there are hundreds to a video, they are needed only while it is rendered, and
asking a bucket for each takes longer than most take to make.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final

from pydantic import ValidationError

from cutdown.settings import shared_store, state_folder
from cutdown.storage import SourceChangedError, TidyPlace, open_place
from cutdown.store import Ref, Store

_AT_ONCE: Final = 4  # small files side by side


class SharedStore(Store):
    """A folder of this machine before a place that many share.

    Args:
        root: the folder.
        place: what is shared.
    """

    def __init__(self, root: Path, place: TidyPlace) -> None:
        super().__init__(root)
        self.place = place
        self._told = root / "shared" / hashlib.sha256(place.url.encode()).hexdigest()[:16]

    def path(self, ref: Ref) -> Path:
        """Where the file lies, fetched now if it was made elsewhere (it may be gone).

        Raises:
            StorageError: the place is out of reach.
        """
        if not super().has(ref):
            with self.exclusive(ref.sha256):
                if not super().has(ref):
                    self._fetch(ref)
        return super().path(ref)

    def has(self, ref: Ref) -> bool:
        """Whether the file is here or in the place, in its full size."""
        if super().has(ref):
            return True
        item = self.place.look(file_name(ref))
        return item is not None and item.size == ref.size

    def share(self, key: str, ref: Ref, parts: Iterable[Ref] = ()) -> None:
        """Tie a key to an answer for all machines: the files first, the key last.

        Whoever finds the key finds the files. What was shared before is not looked at again.
        """
        files = {ref, *parts}
        super().share(key, ref)
        told = self._told / f"{key}-{ref.sha256}"
        if told.exists():
            return
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            list(pool.map(self._send, files))
        data = ref.model_dump_json().encode()
        if self.place.create(key_name(key), data) is None:
            there = self.place.read(key_name(key))
            if there and there[0] != data:  # another answer, whose files may be gone
                self.place.replace(key_name(key), data, there[1])
        told.parent.mkdir(parents=True, exist_ok=True)
        told.touch()

    def find(self, key: str) -> Ref | None:
        """What any machine tied to a key, or None where there is nothing, or its file is gone."""
        if (known := self.recall(key)) is not None:
            return known
        found = self.place.read(key_name(key))
        try:
            ref = Ref.model_validate_json(found[0]) if found else None
        except ValidationError:
            return None
        if ref is None or not self.path(ref).exists():
            return None
        self.remember(key, ref)
        return ref

    def _fetch(self, ref: Ref) -> None:
        item = self.place.look(file_name(ref))
        if item is None:
            return
        target = self._path(ref)
        try:
            sha256 = self.place.fetch(item, target)
        except SourceChangedError:  # a store's files never change: it was removed meanwhile
            return
        if sha256 != ref.sha256:  # not what its name says: of no use to anybody
            target.unlink()
            self.place.delete(item.name, item.tag)

    def _send(self, ref: Ref) -> None:
        if not super().has(ref):  # it came from the place, or was found there
            return
        there = self.place.look(file_name(ref))
        if there is None or there.size != ref.size:
            self.place.publish(self._path(ref), file_name(ref), sha256=ref.sha256)


def file_name(ref: Ref) -> str:
    """A stored file's name in a place."""
    return f"files/{ref.sha256[:2]}/{ref.sha256}{ref.suffix}"


def key_name(key: str) -> str:
    """A key's name in a place."""
    return f"keys/{key[:2]}/{key}.json"


def local_store() -> Store:
    """The store of this machine alone."""
    return Store(state_folder() / "store")


def open_store() -> Store:
    """The store to work with: shared where ``CUTDOWN_STORE`` names a place.

    Raises:
        UsageError: it names none.
    """
    place = shared_store()
    return SharedStore(local_store().root, open_place(place)) if place else local_store()
