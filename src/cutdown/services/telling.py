"""What logs and traces hear of a request: who was asked, how it went, what it used. Never what was said."""

from __future__ import annotations

import contextlib
import logging
import time
from collections.abc import Callable, Iterator
from typing import Any, Final

from cutdown.errors import ProviderError
from cutdown.logs import tell
from cutdown.services.used import Used
from cutdown.tracing import Span, span

_log: Final = logging.getLogger(__name__)


@contextlib.contextmanager
def request_told(provider: str, model: str, phase: str, request_id: str) -> Iterator[Callable[[Used], None]]:
    """Tell of the request that the block sends.

    Args:
        provider: who is asked.
        model: what answers.
        phase: who asks.
        request_id: of its entries in the ledger.

    Yields:
        to be called with what a whole answer used.
    """
    about: dict[str, Any] = {"provider": provider, "model": model, "phase": phase, "request_id": request_id}
    began = time.monotonic()
    found: dict[str, Any] = {}

    def answered(used: Used) -> None:
        found.update(used.model_dump(exclude_defaults=True))

    with span("request", to_service=True, phase=phase, request_id=request_id) as traced:
        traced.tell_plainly({"gen_ai.provider.name": provider, "gen_ai.request.model": model})
        try:
            yield answered
        except ProviderError as error:
            traced.tell(fault=error.fault)
            about |= {"seconds": _since(began), "fault": error.fault}
            tell(_log, "request failed", level=logging.WARNING, **about)
            raise
        _count(traced, found)
        tell(_log, "request answered", **about, seconds=_since(began), used=found)


def _since(began: float) -> float:
    return round(time.monotonic() - began, 3)


def _count(traced: Span, used: dict[str, Any]) -> None:
    """Tokens under OpenTelemetry's names for generative models, the rest under ours."""
    traced.tell_plainly(
        {
            "gen_ai.usage.input_tokens": used.get("prompt_tokens"),
            "gen_ai.usage.output_tokens": used.get("completion_tokens"),
        }
    )
    traced.tell(**{name: used.get(name) for name in ("cached_tokens", "seconds", "characters", "credits")})
