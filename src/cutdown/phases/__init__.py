"""The phases: each takes references and options, does its work, and leaves files and a record.

Each is done once for the same content (`cutdown.memory`). Nothing here knows an order:
`cutdown.pipeline` has it. Progress goes to `cutdown.progress.current`.
"""

from cutdown.phases.accounts import monitor_of
from cutdown.phases.directing import adopt, direct, for_voices, read_plan
from cutdown.phases.examining import examine
from cutdown.phases.listening import ingest
from cutdown.phases.making import assemble, check, try_render_options
from cutdown.phases.speaking import speak, take_dictionary

__all__ = [
    "adopt",
    "assemble",
    "check",
    "direct",
    "examine",
    "for_voices",
    "ingest",
    "monitor_of",
    "read_plan",
    "speak",
    "take_dictionary",
    "try_render_options",
]
