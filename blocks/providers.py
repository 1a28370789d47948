"""Credentials of services as blocks: a key that is never shown again, and how the service is used with it."""

from __future__ import annotations

from typing import Any, ClassVar, Final

from prefect.blocks.core import Block
from pydantic import Field, SecretStr

from cutdown.services.connections import AT_ONCE, Connection

NAME: Final = "cutdown"
"""The name under which a provider's block is looked for."""


class ProviderCredentials(Block):
    """What the blocks of all providers hold."""

    api_key: SecretStr | None = Field(
        default=None,
        title="API key",
        description="The provider's secret key; it is stored encrypted and never shown again",
    )
    base_url: str = Field(
        default="", title="Base URL", description="Only where it is not the provider's own, such as a gateway"
    )
    model: str = Field(
        default="", title="Language model", description="Used where a run names none; empty for the usual one"
    )
    requests_at_once: int = Field(
        default=AT_ONCE,
        ge=1,
        le=64,
        title="Requests at once",
        description="Most requests side by side from one process",
    )
    deadline_seconds: float | None = Field(
        default=None,
        gt=0,
        title="Deadline",
        description="Most seconds for one request; empty for the usual ones",
    )
    prices: dict[str, Any] = Field(
        default_factory=dict,
        title="Prices",
        description=(
            "What the provider charges you where that differs, in the form of prices.yaml, such as "
            '{"usd_per_million_tokens": {"our-model": {"prompt": 0.4, "completion": 1.6}}}'
        ),
    )

    def connection(self) -> Connection:
        """What the engine needs to reach the provider."""
        return Connection(
            key=self.api_key,
            base_url=self.base_url,
            model=self.model,
            voice=getattr(self, "voice", ""),
            at_once=self.requests_at_once,
            deadline=self.deadline_seconds,
            prices=self.prices,
        )


class OpenAICredentials(ProviderCredentials):
    """Reach OpenAI for transcription, planning and voices."""

    _block_type_name: ClassVar[str] = "Cutdown OpenAI"
    _block_type_slug: ClassVar[str] = "cutdown-openai"
    _description: ClassVar[str] = "OpenAI's key, and how it is used."

    voice: str = Field(default="", title="Voice", description="Used where a run names none, such as nova")


class AnthropicCredentials(ProviderCredentials):
    """Reach Anthropic for planning."""

    _block_type_name: ClassVar[str] = "Cutdown Anthropic"
    _block_type_slug: ClassVar[str] = "cutdown-anthropic"
    _description: ClassVar[str] = "Anthropic's key, and how it is used."


class ElevenLabsCredentials(ProviderCredentials):
    """Reach ElevenLabs for voices."""

    _block_type_name: ClassVar[str] = "Cutdown ElevenLabs"
    _block_type_slug: ClassVar[str] = "cutdown-elevenlabs"
    _description: ClassVar[str] = "ElevenLabs' key, and how it is used."

    voice: str = Field(default="", title="Voice", description="Name or id; used where a run names none")


class CompatibleServer(ProviderCredentials):
    """Reach any server that speaks OpenAI's chat protocol, such as one on your own machine."""

    _block_type_name: ClassVar[str] = "Cutdown Compatible Server"
    _block_type_slug: ClassVar[str] = "cutdown-compatible"
    _description: ClassVar[str] = "A server that speaks OpenAI's chat protocol."


BLOCKS: Final[dict[str, type[ProviderCredentials]]] = {
    "openai": OpenAICredentials,
    "anthropic": AnthropicCredentials,
    "elevenlabs": ElevenLabsCredentials,
    "compatible": CompatibleServer,
}


class BlockSource:
    """Connections that are kept as blocks under one name; see `cutdown.sources.Source`."""

    def __init__(self, name: str = NAME) -> None:
        self._name = name

    def find(self, provider: str) -> Connection | None:
        """The connection of the provider's block, or None where none is saved."""
        kind = BLOCKS[provider]
        try:
            block = kind.load(self._name, _sync=True)  # type: ignore[call-arg]  # Prefect's decorator takes it
        except ValueError:
            return None
        return block.connection() if isinstance(block, kind) else None

    def place(self, provider: str) -> str:
        """The block's name."""
        return f"the block '{BLOCKS[provider].get_block_type_slug()}/{self._name}'"
