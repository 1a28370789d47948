"""What one request used, in the provider's own units."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from cutdown.timebase import Frozen

Count = Annotated[int, Field(ge=0)]


class Used(Frozen):
    """Units of one request, or of several added up."""

    prompt_tokens: Count = 0
    """All tokens read, those from a cache and those of sound included."""
    cached_tokens: Count = 0
    """Of these, read from the provider's prompt cache."""
    cache_write_tokens: Count = 0
    """Of these, written to it, where that has a price of its own."""
    audio_tokens: Count = 0
    """Of these, tokens of sound."""
    completion_tokens: Count = 0
    """Tokens written, thinking included."""
    seconds: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 0.0
    """Sound listened to."""
    characters: Count = 0
    """Text spoken."""
    credits: Annotated[float, Field(ge=0, allow_inf_nan=False)] | None = None
    """The provider's own unit, where its answer told how many it took."""

    def __add__(self, other: Used) -> Used:
        """Both together."""
        told = [unit for unit in (self.credits, other.credits) if unit is not None]
        sums = {
            name: getattr(self, name) + getattr(other, name)
            for name in type(self).model_fields
            if name != "credits"
        }
        return Used(**sums, credits=sum(told) if told else None)
