"""Accounts, choices and voices for tests."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from cutdown.services.account import Account
from cutdown.services.choices import Choice, completed
from cutdown.services.ledger import Ledger
from cutdown.services.terms import Terms
from cutdown.store import Store

HIBARI = (Choice(provider="hibari"),)
LOCAL = (Choice(provider="local"),)
OFFLINE = (Choice(provider="offline"),)


def an_account(folder: Path, *, store: Store | None = None, video_id: str = "v", **terms: Any) -> Account:
    """An account with a ledger of its own."""
    return Account(
        Terms(**terms),
        video_id=video_id,
        phase="test",
        store=store or Store(folder / "store"),
        ledger=Ledger(folder / "ledger.jsonl"),
    )


def chosen(provider: str, role: Any, **parts: str) -> Choice:
    """A service with its usual model, and its voice."""
    (choice,) = completed((Choice(provider=provider, **parts),), role)
    return choice
