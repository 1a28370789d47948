"""Language models behind any server that speaks OpenAI's chat protocol, by ``chat.completions.parse``."""

from __future__ import annotations

from typing import Any, ClassVar

from pydantic import BaseModel

from cutdown.director.llm.model import Form, Prompt, ServiceModel, body_of, filled, require_whole
from cutdown.services.used import Used


class CompatibleModel(ServiceModel):
    """Asks a server of the user's choice, such as one on this machine."""

    provider: ClassVar[str] = "compatible"

    async def send(self, client: Any, prompt: Prompt, form: type[BaseModel], most_tokens: int) -> Any:
        """The raw answer; see `ServiceModel.send`."""
        return await client.chat.completions.with_raw_response.parse(
            model=self._model,
            messages=[
                {"role": "system", "content": prompt.stable},
                {"role": "user", "content": f"{prompt.shared}\n\n{prompt.fresh}"},
            ],
            response_format=form,
            max_tokens=most_tokens,
        )

    def used(self, raw: Any) -> Used:
        """As the server counts; not every one does, and few tell of their cache."""
        usage = body_of(raw).get("usage") or {}
        return Used(
            prompt_tokens=usage.get("prompt_tokens") or 0,
            cached_tokens=(usage.get("prompt_tokens_details") or {}).get("cached_tokens") or 0,
            completion_tokens=usage.get("completion_tokens") or 0,
        )

    def read(self, raw: Any, form: type[Form]) -> Form:
        """The answer in its form; see `ServiceModel.read`.

        Read from the message itself: small servers give JSON that the SDK's own parser refuses as a whole.
        """
        choice = body_of(raw)["choices"][0]
        require_whole(str(choice.get("finish_reason")), "stop")
        return filled(form, choice["message"].get("content") or "")
