"""What goes over the wire: requests as they are understood, and error bodies in each provider's own form."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from fake_services.faults import Fault


@dataclass
class Exchange:
    """One request and how it ended."""

    provider: str
    endpoint: str
    headers: dict[str, str]
    body: dict[str, Any]
    began: float
    fault: str | None = None
    status: int = 0
    ended: float = 0.0


@dataclass(frozen=True)
class Billed:
    """What the real provider would charge for."""

    provider: str
    model: str
    input_tokens: int = 0
    cached_tokens: int = 0
    output_tokens: int = 0
    audio_seconds: float = 0.0
    characters: int = 0


@dataclass(frozen=True)
class ModelRequest:
    """What a language model is asked, whoever's wire format it came in."""

    provider: str
    model: str
    system: str
    user: str
    schema_name: str
    schema: Mapping[str, Any]
    raw: Mapping[str, Any] = field(default_factory=dict)


def error_of(provider: str, fault: Fault) -> tuple[int, dict[str, Any], dict[str, str]]:
    """Status, body and headers of a refusal."""
    headers = {"x-request-id": "req_fake", "request-id": "req_fake"}
    match fault:
        case Fault.RATE_LIMIT | Fault.RATE_LIMIT_1S | Fault.RATE_LIMIT_1H:
            wait = {Fault.RATE_LIMIT_1S: "1", Fault.RATE_LIMIT_1H: "3600"}.get(fault)
            if wait:
                headers["retry-after"] = wait
            status, name = (
                429,
                {"openai": "rate_limit_exceeded", "anthropic": "rate_limit_error"}.get(
                    provider, "too_many_concurrent_requests"
                ),
            )
        case Fault.SERVER_ERROR:
            status, name = 500, {"openai": "server_error", "anthropic": "api_error"}.get(provider, "internal")
        case Fault.OVERLOADED:
            status, name = 529, {"anthropic": "overloaded_error"}.get(provider, "overloaded")
        case Fault.QUOTA:
            status, name = {
                "openai": (429, "insufficient_quota"),
                "anthropic": (400, "invalid_request_error"),
            }.get(provider, (401, "quota_exceeded"))
        case Fault.REVOKED:
            status, name = (
                401,
                {"openai": "invalid_api_key", "anthropic": "authentication_error"}.get(
                    provider, "invalid_api_key"
                ),
            )
        case _:
            status, name = 400, {"openai": "invalid_value"}.get(provider, "invalid_request_error")
    message = f"{fault} (a fault by script)"
    if fault is Fault.QUOTA and provider == "anthropic":
        message = "Your credit balance is too low to access the Anthropic API."
    if provider == "anthropic":
        return status, {"type": "error", "error": {"type": name, "message": message}}, headers
    if provider == "elevenlabs":
        return status, {"detail": {"status": name, "message": message}}, headers
    kind = "insufficient_quota" if fault is Fault.QUOTA else "invalid_request_error"
    return status, {"error": {"message": message, "type": kind, "param": None, "code": name}}, headers
