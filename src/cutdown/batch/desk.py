"""The destination's index: reading and writing what is known about recordings."""

from __future__ import annotations

import json
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from cutdown.batch.names import INDEX, folder_of, shelf
from cutdown.batch.patience import patiently
from cutdown.batch.records import Done, Failure, Manifest
from cutdown.storage.place import Place

Model = TypeVar("Model", bound=BaseModel)

_MANIFEST = "manifest.json"
_FAILURE = "failure.json"
_FORMS = 10  # of one recording that are followed


class Desk:
    """What is known about recordings in one destination.

    Args:
        dest: the destination.
    """

    def __init__(self, dest: Place) -> None:
        self.dest = dest

    def names(self) -> list[str]:
        """All names of the index: one listing."""
        return [item.name for item in self.dest.list(f"{INDEX}/")]

    def done(self, key: str) -> Done | None:
        """The record of a recording that has its result."""
        return self._read(shelf("done", key), Done)

    def outcome(self, done: Done) -> Done:
        """What came of a recording in the end, which may have been replaced more than once."""
        for _ in range(_FORMS):
            became = self.done(done.became) if done.kind == "replaced" else None
            if became is None:
                break
            done = became
        return done

    def failure(self, key: str) -> Failure | None:
        """Why a recording has no result, where it was tried."""
        return self._read(shelf("failed", key), Failure) or self._read(shelf("unfinished", key), Failure)

    def manifest(self, content: str) -> Manifest | None:
        """The result of a content."""
        return self._read(shelf("content", content), Manifest)

    def commit(self, manifest: Manifest) -> bool:
        """Say that a result is whole; False where another one was there first.

        A manifest that nobody can read is no result: it is written over, or its content would be made for ever.
        """
        name, data = shelf("content", manifest.content), _json(manifest)
        tag = patiently(lambda: self.dest.create(name, data))
        if tag is not None:
            return True
        found = patiently(lambda: self.dest.read(name))
        if found is None:
            return False
        there = _parsed(found[0], Manifest)
        if there is None:
            return patiently(lambda: self.dest.replace(name, data, found[1])) is not None
        return (there.holder, there.turn, there.folder) == (  # ours, where only the answer was lost
            manifest.holder,
            manifest.turn,
            manifest.folder,
        )

    def finish(self, key: str, done: Done, manifest: Manifest) -> None:
        """Write that a recording has its result, for people beside the result and in the index last."""
        folder = folder_of(done.source.name)
        told = manifest if done.kind == "result" else manifest.model_copy(update={"source": done.source})
        self._write(f"{folder}/{_MANIFEST}", told)
        self._write(shelf("done", key), done)
        for name in (shelf("failed", key), shelf("unfinished", key), f"{folder}/{_FAILURE}"):
            patiently(lambda name=name: self.dest.delete(name))  # type: ignore[misc]  # bound at once

    def note(self, key: str, done: Done) -> None:
        """Write about a recording that was replaced: what became of it is written under its new form."""
        self._write(shelf("done", key), done)

    def forget(self, key: str) -> None:
        """Remove what is said about a recording that is done."""
        patiently(lambda: self.dest.delete(shelf("done", key)))

    def fail(self, key: str, failure: Failure) -> None:
        """Write why a recording has no result, for people beside where it would be and in the index."""
        here, other = ("failed", "unfinished") if failure.lasting else ("unfinished", "failed")
        self._write(f"{folder_of(failure.source.name)}/{_FAILURE}", failure)
        self._write(shelf(here, key), failure)  # type: ignore[arg-type]  # one of the two
        patiently(lambda: self.dest.delete(shelf(other, key)))  # type: ignore[arg-type]

    def _read(self, name: str, kind: type[Model]) -> Model | None:
        found = patiently(lambda: self.dest.read(name))
        return None if found is None else _parsed(found[0], kind)

    def _write(self, name: str, model: BaseModel) -> None:
        """Put a small file there, over what is there."""
        data = _json(model)

        def put() -> None:
            while self.dest.create(name, data) is None:
                there = self.dest.read(name)
                if there is not None and (there[0] == data or self.dest.replace(name, data, there[1])):
                    return

        patiently(put)


def _parsed(data: bytes, kind: type[Model]) -> Model | None:
    try:
        return kind.model_validate_json(data)
    except ValidationError:
        return None  # by another version, or by hand: as if it were not there


def _json(model: BaseModel) -> bytes:
    return (json.dumps(model.model_dump(mode="json"), indent=1, ensure_ascii=False) + "\n").encode()
