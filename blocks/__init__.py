"""Prefect blocks: what is set up once in the UI and used by name."""

from blocks.providers import (
    AnthropicCredentials,
    CompatibleServer,
    ElevenLabsCredentials,
    OpenAICredentials,
)
from blocks.saved_options import Profile
from blocks.storage import CutdownBucket

__all__ = [
    "AnthropicCredentials",
    "CompatibleServer",
    "CutdownBucket",
    "ElevenLabsCredentials",
    "OpenAICredentials",
    "Profile",
]
