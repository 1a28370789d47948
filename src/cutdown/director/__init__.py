"""Directors: each makes an edit plan from what was heard and seen."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from typing import Final, Protocol, cast

from cutdown.errors import UsageError
from cutdown.plan import EditPlan
from cutdown.recording import Recording
from cutdown.settings import DirectorOptions
from cutdown.signals import Signals
from cutdown.transcript import Transcript


class Director(Protocol):
    """Decides what happens to every second of a recording."""

    def plan(
        self, recording: Recording, transcript: Transcript, signals: Signals, options: DirectorOptions
    ) -> EditPlan:
        """Make the plan; the same input gives the same plan."""
        ...


_DIRECTORS: Final[Mapping[str, str]] = {  # a new director: one file beside this one, one line here
    "offline": "cutdown.director.offline:OfflineDirector",
}


def director_names() -> tuple[str, ...]:
    """All directors that can be asked for."""
    return tuple(_DIRECTORS)


def director_named(name: str) -> Director:
    """The director of a name.

    Raises:
        UsageError: when there is none of that name.
    """
    if name not in _DIRECTORS:
        raise UsageError(f"no director named '{name}'; choose from {', '.join(sorted(_DIRECTORS))}")
    module, _, attribute = _DIRECTORS[name].partition(":")
    return cast("Director", getattr(importlib.import_module(module), attribute)())
