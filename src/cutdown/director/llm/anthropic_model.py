"""Anthropic's language models, by ``messages.parse``."""

from __future__ import annotations

from typing import Any, ClassVar

from pydantic import BaseModel

from cutdown.director.llm.model import Form, Prompt, ServiceModel, body_of, filled, require_whole
from cutdown.services.used import Used


class AnthropicModel(ServiceModel):
    """Asks Anthropic; what stays the same is marked for its prompt cache."""

    provider: ClassVar[str] = "anthropic"

    async def send(self, client: Any, prompt: Prompt, form: type[BaseModel], most_tokens: int) -> Any:
        """The raw answer; see `ServiceModel.send`.

        ``messages.parse`` has no raw variant of its own, and without one an answer of a wrong form
        would take its count of tokens along.
        """
        from anthropic._response import async_to_raw_response_wrapper

        mark = {"type": "ephemeral"}
        return await async_to_raw_response_wrapper(client.messages.parse)(
            model=self._model,
            max_tokens=most_tokens,
            system=[{"type": "text", "text": prompt.stable, "cache_control": mark}],
            messages=[
                {
                    "role": "user",
                    "content": [
                        {"type": "text", "text": prompt.shared, "cache_control": mark},
                        {"type": "text", "text": prompt.fresh},
                    ],
                }
            ],
            output_format=form,
        )

    def used(self, raw: Any) -> Used:
        """Anthropic counts cached tokens apart from the others that it read."""
        usage = body_of(raw)["usage"]
        cached = usage.get("cache_read_input_tokens") or 0
        written = usage.get("cache_creation_input_tokens") or 0
        return Used(
            prompt_tokens=usage["input_tokens"] + cached + written,
            cached_tokens=cached,
            cache_write_tokens=written,
            completion_tokens=usage["output_tokens"],
        )

    def read(self, raw: Any, form: type[Form]) -> Form:
        """The answer in its form; see `ServiceModel.read`."""
        body = body_of(raw)
        require_whole(str(body.get("stop_reason")), "end_turn")
        text = "".join(block.get("text", "") for block in body["content"])
        return filled(form, text)
