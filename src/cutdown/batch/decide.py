"""What is to be done: pure, from a listing of the source and the names in the index."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Literal

from cutdown.batch.names import item_key, key_in
from cutdown.storage.place import Item
from cutdown.timebase import Frozen

Verdict = Literal["do", "done", "failed before"]


class Index(Frozen):
    """What the names in a destination's index say."""

    done: frozenset[str] = frozenset()
    failed: frozenset[str] = frozenset()

    @classmethod
    def of(cls, names: Iterable[str]) -> Index:
        """Read from the names of a listing; other names are passed over."""
        shelves: dict[str, set[str]] = {"done": set(), "failed": set()}
        for name in names:
            found = key_in(name)
            if found is not None and found[0] in shelves:
                shelves[found[0]].add(found[1])
        return cls(done=frozenset(shelves["done"]), failed=frozenset(shelves["failed"]))


class Decision(Frozen):
    """One recording: what it is known by, and what is to be done with it."""

    item: Item
    key: str
    verdict: Verdict


def decide(
    items: Sequence[Item], index: Index, *, source: str, options: str, retry_failed: bool = False
) -> tuple[Decision, ...]:
    """For each recording whether it is to be done, in the order given.

    Args:
        items: the recordings that are meant.
        index: what is known of earlier batches.
        source: the place that the items' names are relative to.
        options: see `cutdown.batch.wishes.options_key`.
        retry_failed: also do those that failed for a reason that lies in them.
    """
    decisions = []
    for item in items:
        key = item_key(source, item, options)
        verdict: Verdict = "do"
        if key in index.done:
            verdict = "done"
        elif key in index.failed and not retry_failed:
            verdict = "failed before"
        decisions.append(Decision(item=item, key=key, verdict=verdict))
    return tuple(decisions)
