"""Optional parts of the installation: how they are asked for."""

from __future__ import annotations


def remedy(extra: str) -> str:
    """What to type to get an extra, for an error message."""
    return f"add it with CUTDOWN_EXTRAS={extra} ./run.sh ..., or pip install 'cutdown[{extra}]'"
