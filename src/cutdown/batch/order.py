"""What a worker is given, and who it is."""

from __future__ import annotations

import os
import socket
import threading
from typing import Final

from pydantic import AwareDatetime

from cutdown.batch.names import item_key
from cutdown.batch.records import SourceFile
from cutdown.batch.wishes import options_key
from cutdown.services.terms import Terms
from cutdown.settings import OptimizeOptions, environment
from cutdown.storage.place import Item
from cutdown.timebase import Frozen

WORKER_VARIABLE: Final = "CUTDOWN_WORKER"


class Order(Frozen):
    """One recording to be processed."""

    source: str
    """The place, as a user writes it."""
    item: Item
    dest: str
    options: OptimizeOptions = OptimizeOptions()
    terms: Terms = Terms()
    batch: str = ""
    tries: int = 1
    """This one included."""
    lease_seconds: float = 120
    not_after: AwareDatetime | None = None
    """From this moment on it is not started any more."""

    @property
    def key(self) -> str:
        """What the recording in this form is known by."""
        return item_key(self.source, self.item, options_key(self.options))

    @property
    def file(self) -> SourceFile:
        """The recording as records name it."""
        return SourceFile(place=self.source, name=self.item.name, tag=self.item.tag, size=self.item.size)


class Busy(Frozen):
    """Another worker has the recording in work, or it came too late to be started."""

    key: str


def holder_name() -> str:
    """Who works here, for the lease: ``CUTDOWN_WORKER`` or the machine's name, the process, and the thread."""
    name = environment(WORKER_VARIABLE) or socket.gethostname()
    return f"{name}/{os.getpid()}" + (
        "" if threading.current_thread() is threading.main_thread() else f"/{threading.get_ident()}"
    )
