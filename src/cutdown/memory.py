"""What each phase is known by: its version and the content of everything it is made from.

The same key serves the store and whoever else remembers results, so that a phase that one did is
found by the other.
"""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final, Generic, TypeVar

from pydantic import BaseModel, ValidationError

from cutdown.beside import Begun
from cutdown.errors import StorageError
from cutdown.files import FULL
from cutdown.progress import current
from cutdown.recording import Recording
from cutdown.store import Ref, Store, hash_key

CIRCUMSTANCES: Final = frozenset({"source", "terms"})
"""Inputs that change no answer: where a file lies (what it is, is its hash), and what may be spent."""

Result = TypeVar("Result", bound=BaseModel)


def content_key(name: str, version: int, inputs: Mapping[str, Any]) -> str:
    """The key of a phase's result.

    Args:
        name: the phase.
        version: counted up whenever the phase answers differently for the same input.
        inputs: its keyword arguments: references, recordings, options, plain values.
    """
    content = {key: _plain(value) for key, value in inputs.items() if key not in CIRCUMSTANCES}
    return f"{name}/{version}/{hash_key(content)}"


def _always(_result: object) -> bool:
    return True


class Remembered(Generic[Result]):
    """A phase that is done once for the same content, by one process at a time.

    Called with the store and the phase's keyword arguments, it gives what was remembered, or
    does the work and remembers it.
    """

    def __init__(
        self,
        name: str,
        version: int,
        kind: type[Result],
        work: Callable[..., Result],
        worth_keeping: Callable[[Result], bool] = _always,
    ) -> None:
        self.name = name
        self.worth_keeping = worth_keeping
        self._version = version
        self._kind = kind
        self._work = work
        self._begun: dict[str, Begun[Result]] = {}
        functools.update_wrapper(self, work)

    def key(self, inputs: Mapping[str, Any]) -> str:
        """What the result for these inputs is known by."""
        return content_key(self.name, self._version, inputs)

    def recall(self, store: Store, **inputs: Any) -> Result | None:
        """The result for these inputs; None where there is none, one of its files is gone, or it is begun `ahead`."""
        key = self.key(inputs)
        return None if key in self._begun else self._recall(store, key)

    @contextlib.contextmanager
    def ahead(self, store: Store, **inputs: Any) -> Iterator[None]:
        """Begin the work now, in a thread: whoever first calls for it in the block gets what was begun.

        What is there already is not begun; what nobody called for by the end of the block is given up.
        """
        key = self.key(inputs)
        if self._recall(store, key) is not None:
            yield
            return
        begun = self._begun[key] = Begun(lambda: self._done(store, key, inputs))
        try:
            yield
        finally:
            self._begun.pop(key, None)
            begun.give_up()

    def __call__(self, store: Store, **inputs: Any) -> Result:
        """The result for these inputs; a second process that wants it waits for the first."""
        key = self.key(inputs)
        begun = self._begun.pop(key, None)
        return begun.result(current()) if begun else self._done(store, key, inputs)

    def _recall(self, store: Store, key: str) -> Result | None:
        ref = store.find(hash_key(key))
        if ref is None:
            return None
        try:
            result = self._kind.model_validate_json(store.read_text(ref))
        except (OSError, ValidationError):
            return None
        return result if all(store.has(part) for part in refs_in(result)) else None

    def _done(self, store: Store, key: str, inputs: Mapping[str, Any]) -> Result:
        with _told_when_full(), store.exclusive(hash_key(key)):
            result = self._recall(store, key)
            if result is None:
                result = self._work(store, **inputs)
            if self.worth_keeping(result):
                store.share(hash_key(key), store.put_text(result.model_dump_json()), refs_in(result))
        return result


def remembered(
    name: str,
    version: int,
    kind: type[Result],
    *,
    worth_keeping: Callable[[Result], bool] = _always,
) -> Callable[[Callable[..., Result]], Remembered[Result]]:
    """Make a function of a store and keyword arguments a `Remembered` phase.

    Args:
        name: of the phase.
        version: counted up whenever the phase answers differently for the same input.
        kind: what it returns.
        worth_keeping: whether a result is what was asked for, and not a makeshift that the next run
            should try to do better.
    """

    def decorate(work: Callable[..., Result]) -> Remembered[Result]:
        return Remembered(name, version, kind, work, worth_keeping)

    return decorate


def refs_in(value: Any) -> Iterator[Ref]:
    """All references to stored files inside a result."""
    if isinstance(value, Ref):
        yield value
    elif isinstance(value, BaseModel):
        for name in type(value).model_fields:
            yield from refs_in(getattr(value, name))
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from refs_in(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from refs_in(item)


@contextlib.contextmanager
def _told_when_full() -> Iterator[None]:
    """A full disk told as one line for a person.

    Raises:
        StorageError: no more fits on the disk.
    """
    try:
        yield
    except OSError as error:
        if error.errno not in FULL:
            raise
        path = error.filename2 or error.filename  # where something is copied, the second is what was written
        where = f" of '{path}'" if path else ""
        raise StorageError(
            f"the disk{where} is full; make room, or name a folder on another disk: in CUTDOWN_HOME for what is kept, "
            "in TMPDIR for what is needed meanwhile",
            retryable=True,
        ) from error


def _plain(value: Any) -> Any:
    if isinstance(value, Ref | Recording):
        return value.sha256
    if isinstance(value, BaseModel):
        return {name: _plain(getattr(value, name)) for name in type(value).model_fields}
    if isinstance(value, Mapping):
        return {str(name): _plain(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if value is None or isinstance(value, bool | int | float | str):
        return value
    return str(value)
